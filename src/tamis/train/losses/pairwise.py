"""Losses of pairs: of two documents of a list, the one with the higher label shall have the higher score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tamis.score.nets.lib import F, Tensor, torch
from tamis.train.losses.base import LABELS, Lists, Targets, checked, graded, lists, softplus, summed


def differences(values: Tensor) -> Tensor:
    """``x_i - x_j`` of all documents of each list, shape (Q, L, L).

    >>> differences(torch.tensor([[3.0, 1.0]])).tolist()
    [[[0.0, 2.0], [-2.0, 0.0]]]
    """
    return values.unsqueeze(2) - values.unsqueeze(1)


def pairs(of: Lists) -> Tensor:
    """How much each pair counts, shape (Q, L, L): the product of its weights where ``label_i > label_j``, else 0.

    >>> labels = torch.tensor([[2.0, 0.0, 1.0]])
    >>> pairs(graded(Targets(labels, labels >= 0)))[0].tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    both = of.weights.unsqueeze(2) * of.weights.unsqueeze(1)  # 0 wherever no document stands
    return torch.where(of.labels.unsqueeze(2) > of.labels.unsqueeze(1), both, torch.zeros_like(both))


@dataclass(frozen=True, slots=True)
class RankNet:
    """Logistic loss of every pair of different labels: the better document's score shall be the higher.

    Reads labels, of which only the order within a list counts. A unit is a pair, its weight the product of the two
    labels' weights; lists of one grade have none.

    When to use: labels are graded, and the order matters but not the scores' size.
    Relation to others: ``LambdaLoss(weighting=Unweighted())`` without ``k`` is this loss over log 2; ``Margin`` stops
    pushing at a margin; with one document above the others ``Softmax`` pushes hardest where the order is wrong.

    Args:
        sigma: factor of a difference of scores, above 0.

    References:
        ``log(1 + exp(-sigma (s_i - s_j)))`` over pairs with ``y_i > y_j``: Burges et al., "Learning to rank using
        gradient descent" (ICML 2005), eq. 3 with a target probability of 1; sentence-transformers' RankNetLoss with
        ``reduction_log="natural"`` (its default divides by log 2).

    >>> labels = torch.tensor([[1.0, 0.0, 0.0]])
    >>> round(float(RankNet()(torch.tensor([[1.0, 1.0, 0.0]]), Targets(labels, labels >= 0))), 4)
    1.0064
    """

    name: ClassVar[str] = "ranknet"
    reads: ClassVar[frozenset[str]] = LABELS

    sigma: float = 1.0

    def __post_init__(self) -> None:
        checked("sigma", self.sigma)

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over pairs; see ``Loss``."""
        of = lists(scores, targets)
        return summed(softplus(-self.sigma * differences(of.scores)), pairs(of))

    def units(self, targets: Targets) -> Tensor:
        """The number of pairs."""
        return pairs(graded(targets)).sum()


@dataclass(frozen=True, slots=True)
class Margin:
    """Hinge loss of every pair of different labels: the better document shall lead by a margin, then it is left alone.

    Reads labels, of which only the order within a list counts. A unit is a pair, its weight the product of the two
    labels' weights; lists of one grade have none. With one positive and one negative a query it is the triplet loss
    of scores.

    When to use: triplets, and labels noisy enough that pairs already well apart should be left alone.
    Relation to others: ``RankNet`` is its smooth form, which never lets go of a pair.

    Args:
        margin: by how much the better score shall lead, above 0.

    References:
        ``max(0, margin - (s_i - s_j))`` over pairs with ``y_i > y_j``; torch.nn.MarginRankingLoss; Herbrich, Graepel
        and Obermayer, "Large margin rank boundaries for ordinal regression" (2000).

    >>> labels = torch.tensor([[1.0, 0.0, 0.0]])
    >>> float(Margin(margin=1)(torch.tensor([[1.0, 0.5, -3.0]]), Targets(labels, labels >= 0)))
    0.5
    """

    name: ClassVar[str] = "margin"
    reads: ClassVar[frozenset[str]] = LABELS

    margin: float = 1.0

    def __post_init__(self) -> None:
        checked("margin", self.margin)

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over pairs; see ``Loss``."""
        of = lists(scores, targets)
        return summed(F.relu(self.margin - differences(of.scores)), pairs(of))

    def units(self, targets: Targets) -> Tensor:
        """The number of pairs."""
        return pairs(graded(targets)).sum()
