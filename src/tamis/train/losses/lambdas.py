"""LambdaLoss: logistic loss of pairs, each weighted by what its order is worth in nDCG."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from tamis.errors import InputError
from tamis.score.nets.lib import Tensor, torch
from tamis.train.losses.base import LABELS, Lists, Targets, checked, graded, lists, softplus, summed, two_grades
from tamis.train.losses.pairwise import differences, pairs


class Weighting(Protocol):
    """What a pair of documents is worth.

    Attributes:
        name: its word on the command line.
        every_pair: whether all pairs of a list count, or only those with ``label_i > label_j``.
    """

    name: ClassVar[str]
    every_pair: ClassVar[bool]

    def __call__(self, gains: Tensor, ranks: Tensor) -> Tensor:
        """The weight of each pair (i, j), shape (Q, L, L), of gains over the ideal DCG and ranks from 1, (Q, L)."""
        ...


def discounts(ranks: Tensor) -> Tensor:
    """``log2(1 + rank)``, the D of DCG."""
    return torch.log2(1 + ranks)


@dataclass(frozen=True, slots=True)
class Unweighted:
    """1 for every pair: RankNet."""

    name: ClassVar[str] = "none"
    every_pair: ClassVar[bool] = False

    def __call__(self, gains: Tensor, ranks: Tensor) -> Tensor:
        """See ``Weighting``."""
        return torch.ones_like(differences(gains))


@dataclass(frozen=True, slots=True)
class NDCG1:
    """``G_i / D_i`` for every i and j: a loose bound of nDCG, kept for comparison (Wang et al. 2018)."""

    name: ClassVar[str] = "ndcg1"
    every_pair: ClassVar[bool] = True

    def __call__(self, gains: Tensor, ranks: Tensor) -> Tensor:
        """See ``Weighting``."""
        return (gains / discounts(ranks)).unsqueeze(2).expand(-1, -1, gains.shape[1])


@dataclass(frozen=True, slots=True)
class NDCG2:
    """``|1 / D_|i-j| - 1 / D_|i-j|+1| |G_i - G_j|``: a tighter bound of nDCG (Wang et al. 2018)."""

    name: ClassVar[str] = "ndcg2"
    every_pair: ClassVar[bool] = False

    def __call__(self, gains: Tensor, ranks: Tensor) -> Tensor:
        """See ``Weighting``."""
        apart = differences(ranks).abs()
        steps = 1 / discounts(apart.clamp(min=1)) - 1 / discounts(apart + 1)
        return torch.where(apart > 0, steps, torch.zeros_like(steps)) * differences(gains).abs()


@dataclass(frozen=True, slots=True)
class LambdaRank:
    """``|1 / D_i - 1 / D_j| |G_i - G_j|``: the change of nDCG when the two swap places (Burges 2010)."""

    name: ClassVar[str] = "lambdarank"
    every_pair: ClassVar[bool] = False

    def __call__(self, gains: Tensor, ranks: Tensor) -> Tensor:
        """See ``Weighting``."""
        return differences(1 / discounts(ranks)).abs() * differences(gains).abs()


@dataclass(frozen=True, slots=True)
class NDCG2PP:
    """``mu`` times NDCG2 plus LambdaRank, the best of the paper (Wang et al. 2018).

    Args:
        mu: share of NDCG2, above 0.
    """

    name: ClassVar[str] = "ndcg2++"
    every_pair: ClassVar[bool] = False

    mu: float = 10.0

    def __post_init__(self) -> None:
        checked("mu", self.mu)

    def __call__(self, gains: Tensor, ranks: Tensor) -> Tensor:
        """See ``Weighting``."""
        return self.mu * NDCG2()(gains, ranks) + LambdaRank()(gains, ranks)


WEIGHTINGS: dict[str, type[Weighting]] = {row.name: row for row in (Unweighted, NDCG1, NDCG2, LambdaRank, NDCG2PP)}


@dataclass(frozen=True, slots=True)
class LambdaLoss:
    """Logistic loss of pairs weighted by what their order is worth in nDCG, by the ranking the scores make now.

    Reads labels: the gain of a grade g is ``2^g - 1`` (0 below grade 0). A unit is a pair with ``label_i > label_j``
    (with ``NDCG1`` any pair of a list of different grades), its weight the product of the two labels' weights; lists
    of one grade have none. Equal scores rank in the order given.

    When to use: nDCG is what counts and every query has a list of documents; often the best of these losses for
    cross-encoders with mined negatives.
    Relation to others: ``RankNet`` is the same without weights, over log 2. ``Softmax`` needs no grades and is
    cheaper for long lists: here a list of L costs L^2.

    Args:
        weighting: what a pair is worth.
        k: pairs count of which at least one document ranks in the first k, at least 1; None counts all.
        sigma: factor of a difference of scores, above 0.

    References:
        ``-sum_ij weight_ij log2 sigmoid(sigma (s_i - s_j))``: Wang et al., "The LambdaLoss framework for ranking metric
        optimization" (CIKM 2018); sentence-transformers' LambdaLoss. With ``k``, theirs divides by the
        pairs that rank in the first k now; here units never depend on scores, so that the paper's sum stays a sum.

    >>> labels = torch.tensor([[1.0, 0.0]])
    >>> round(float(LambdaLoss(k=10)(torch.tensor([[0.0, 1.0]]), Targets(labels, labels >= 0))), 4)
    7.6918
    """

    name: ClassVar[str] = "lambda"
    reads: ClassVar[frozenset[str]] = LABELS

    weighting: Weighting = field(default_factory=NDCG2PP)
    k: int | None = None
    sigma: float = 1.0

    def __post_init__(self) -> None:
        checked("sigma", self.sigma)
        if self.k is not None and self.k < 1:
            raise InputError(f"k must be a whole number of at least 1, got {self.k!r}")

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over pairs; see ``Loss``."""
        of = lists(scores, targets)
        ranks = _ranks(of)
        near = ranks <= (ranks.shape[1] if self.k is None else self.k)
        weights = self.weighting(self._gains(of), ranks) * (near.unsqueeze(2) | near.unsqueeze(1))
        losses = softplus(-self.sigma * differences(of.scores)) / math.log(2)
        return summed(weights * losses, self._pairs(of))

    def units(self, targets: Targets) -> Tensor:
        """The number of pairs, whatever ``k``."""
        return self._pairs(graded(targets)).sum()

    def _pairs(self, of: Lists) -> Tensor:
        if not self.weighting.every_pair:
            return pairs(of)
        return of.weights.unsqueeze(2) * of.weights.unsqueeze(1) * two_grades(of)[:, None, None]

    def _gains(self, of: Lists) -> Tensor:
        """Gains over the DCG of the best order's first k, shape (Q, L)."""
        gains = torch.exp2(of.labels.clamp(min=0)) - 1  # 0 where no document stands
        best = gains.sort(dim=1, descending=True).values
        places = torch.arange(1, best.shape[1] + 1, dtype=best.dtype, device=best.device)
        ideal = (best / discounts(places))[:, : self.k].sum(dim=1, keepdim=True)
        return gains / torch.where(ideal > 0, ideal, torch.ones_like(ideal))


def _ranks(of: Lists) -> Tensor:
    """Each document's rank by score, from 1; what does not stand comes last; shape (Q, L), without gradient."""
    order = torch.where(of.stands, of.scores.detach(), -torch.inf).argsort(dim=1, descending=True, stable=True)
    return order.argsort(dim=1).to(of.scores.dtype) + 1
