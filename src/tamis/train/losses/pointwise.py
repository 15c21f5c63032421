"""Losses of single documents: cross-entropy of relevant or not, and squared distance to a grade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tamis.score.nets.lib import Tensor, torch
from tamis.train.losses.base import LABELS, Targets, checked, graded, lists, softplus, summed


@dataclass(frozen=True, slots=True)
class BCE:
    """Binary cross-entropy of each document: is it relevant?

    Reads labels: a grade g becomes the probability ``min(max(g / top_grade, 0), 1)``, so that grades 0 to 3 with
    ``top_grade=3`` are 0, 1/3, 2/3 and 1, and grades above ``top_grade`` count as it. A unit is a document, lists
    of one grade teach too. A label's weight is the document's.

    When to use: the scores shall be probabilities after a sigmoid, or the examples are single labelled pairs. Its
    scores of different queries are comparable; as an order within a query, losses of pairs and lists learn more.
    Relation to others: ``MSE`` fits the grade itself; ``RankNet`` is this loss of the difference of two scores.

    Args:
        top_grade: the grade that counts as surely relevant, above 0.
        positive_weight: factor of the relevant side, above 0; with the number of negatives a positive, both
            sides count alike.

    References:
        ``-p w log sigmoid(s) - (1 - p) log(1 - sigmoid(s))``; torch.nn.BCEWithLogitsLoss with ``pos_weight``;
        sentence-transformers' BinaryCrossEntropyLoss.

    >>> labels = torch.tensor([[2.0, 0.0]])
    >>> round(float(BCE(top_grade=2)(torch.tensor([[0.0, 0.0]]), Targets(labels, labels >= 0))), 4)
    1.3863
    """

    name: ClassVar[str] = "bce"
    reads: ClassVar[frozenset[str]] = LABELS

    top_grade: float = 1.0
    positive_weight: float = 1.0

    def __post_init__(self) -> None:
        checked("top_grade", self.top_grade)
        checked("positive_weight", self.positive_weight)

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over documents; see ``Loss``."""
        of = lists(scores, targets)
        chances = (of.labels / self.top_grade).clamp(0, 1)
        right = self.positive_weight * chances * softplus(-of.scores)
        return summed(right + (1 - chances) * softplus(of.scores), of.weights)

    def units(self, targets: Targets) -> Tensor:
        """The number of documents."""
        return graded(targets).weights.sum()


@dataclass(frozen=True, slots=True)
class MSE:
    """Squared distance of each score to its label.

    Reads labels as they stand. A unit is a document; a label's weight is the document's.

    When to use: labels are numbers on the scale the scores shall have, such as similarities.
    Relation to others: ``TeacherMSE`` is the same with a teacher's scores; ``BCE`` reads grades as probabilities.

    References:
        ``(s - y)^2``; sentence-transformers' MSELoss.

    >>> labels = torch.tensor([[2.0, 0.0]])
    >>> float(MSE()(torch.tensor([[3.0, 0.5]]), Targets(labels, labels >= 0)))
    1.25
    """

    name: ClassVar[str] = "mse"
    reads: ClassVar[frozenset[str]] = LABELS

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over documents; see ``Loss``."""
        of = lists(scores, targets)
        return summed(torch.square(of.scores - of.labels), of.weights)

    def units(self, targets: Targets) -> Tensor:
        """The number of documents."""
        return graded(targets).weights.sum()
