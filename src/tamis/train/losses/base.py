"""What a loss reads, what it gives back, and the mean it stands for."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from tamis.errors import InputError
from tamis.score.nets.lib import F, Tensor, torch

LABELS: frozenset[str] = frozenset({"labels"})
TEACHER: frozenset[str] = frozenset({"teacher"})


class Targets(NamedTuple):
    """What the scores of Q queries with up to L documents each are held against; all of shape (Q, L).

    Attributes:
        labels: grades, 0 is irrelevant.
        real: where a document stands, bool. What the other tensors hold elsewhere is never read.
        teacher: a teacher's raw scores, NaN where it said nothing; None without a teacher.
        weights: how much each label counts, at least 0; None is 1 for all. A weight of 2 is worth the same document
            standing there twice, a weight of 0 a document that is not there.
    """

    labels: Tensor
    real: Tensor
    teacher: Tensor | None = None
    weights: Tensor | None = None


@runtime_checkable
class Loss(Protocol):
    """A sum over units (documents, pairs of documents, lists), so that micro-batches and processes add up exactly.

    Attributes:
        name: its word on the command line.
        reads: which of "labels" and "teacher" it needs.
    """

    name: ClassVar[str]
    reads: ClassVar[frozenset[str]]

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over all units, a scalar; scores (Q, L), raw. Computed in float32 or wider whatever they are."""
        ...

    def units(self, targets: Targets) -> Tensor:
        """How many units that sum runs over, a scalar, weights counted; 0 where the lists teach nothing."""
        ...


def mean_loss(loss: Loss, scores: Tensor, targets: Targets) -> Tensor:
    """The loss of an average unit, a scalar; 0 (with gradients of 0) where there is no unit.

    >>> from tamis.train.losses.pairwise import RankNet
    >>> labels = torch.tensor([[1.0, 0.0]])
    >>> round(float(mean_loss(RankNet(), torch.tensor([[2.0, 2.0]]), Targets(labels, labels >= 0))), 4)
    0.6931
    """
    units = loss.units(targets)
    return loss(scores, targets) / torch.where(units > 0, units, torch.ones_like(units))


class Lists(NamedTuple):
    """Scores and targets made safe to compute with: zeros wherever no document stands; all of shape (Q, L).

    Attributes:
        scores: in float32 or wider.
        labels, weights: in the scores' type.
        stands: where a document stands whose label counts.
    """

    scores: Tensor
    labels: Tensor
    weights: Tensor
    stands: Tensor


def lists(scores: Tensor, targets: Targets) -> Lists:
    """The scores and labels of the documents that count.

    Raises:
        InputError: scores and targets differ in shape.

    >>> nan = float("nan")
    >>> found = lists(torch.tensor([[1.0, nan]]), Targets(torch.tensor([[1.0, nan]]), torch.tensor([[True, False]])))
    >>> found.scores.tolist(), found.labels.tolist()
    ([[1.0, 0.0]], [[1.0, 0.0]])
    """
    if scores.shape != targets.labels.shape or scores.shape != targets.real.shape:
        raise InputError(
            f"scores, labels and real must have one shape (queries, documents), got {tuple(scores.shape)}, "
            f"{tuple(targets.labels.shape)} and {tuple(targets.real.shape)}"
        )
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32))
    given = targets.real.to(scores.dtype) if targets.weights is None else targets.weights.to(scores.dtype)
    stands = targets.real & (given > 0)
    # torch.where before any arithmetic: a product with 0 would let NaN and inf through, to the gradients too.
    none = torch.zeros_like(scores)
    return Lists(
        scores=torch.where(stands, scores, none),
        labels=torch.where(stands, targets.labels.to(scores.dtype), none),
        weights=torch.where(stands, given, none),
        stands=stands,
    )


def graded(targets: Targets) -> Lists:
    """The same without scores (they are 0), for counting units."""
    labels = targets.labels
    return lists(torch.zeros(labels.shape, dtype=labels.dtype, device=labels.device), targets)


def teacher_of(targets: Targets, name: str) -> Tensor:
    """The teacher's scores, shape (Q, L).

    Raises:
        InputError: the targets carry none.
    """
    if targets.teacher is None:
        raise InputError(
            f"the loss {name!r} learns from a teacher's scores and the examples carry none: "
            "score them with the teacher first, or choose a loss that reads labels"
        )
    return targets.teacher


def taught(targets: Targets, name: str) -> Targets:
    """The targets with only those documents of which the teacher said something.

    Raises:
        InputError: the targets carry no teacher's scores.
    """
    return targets._replace(real=targets.real & torch.isfinite(teacher_of(targets, name)))


def softplus(x: Tensor) -> Tensor:
    """``log(1 + e^x)`` at full precision for every x: PyTorch's own turns into x above 20."""
    return -F.logsigmoid(-x)


def summed(values: Tensor, counts: Tensor) -> Tensor:
    """The sum of values as often as they count; a value that counts 0 is not read."""
    return torch.where(counts > 0, values * counts, torch.zeros_like(values)).sum()


def two_grades(of: Lists) -> Tensor:
    """1 for each list with documents of different labels, 0 for the others, shape (Q,)."""
    far = torch.finfo(of.labels.dtype).max
    most = torch.where(of.stands, of.labels, -far).amax(dim=1)
    least = torch.where(of.stands, of.labels, far).amin(dim=1)
    return (most > least).to(of.labels.dtype)


def checked(name: str, value: float, *, above: float = 0.0) -> None:
    """Refuse an option that is no finite number above a bound.

    Raises:
        InputError: it is not.
    """
    if not above < value < float("inf"):
        raise InputError(f"{name} must be a number above {above:g}, got {value!r}")
