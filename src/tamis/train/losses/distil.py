"""Losses that learn from a teacher's scores: distances of margins, of distributions, of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tamis.score.nets.lib import Tensor, torch
from tamis.train.losses.base import LABELS, TEACHER, Lists, Targets, checked, graded, lists, summed, taught, teacher_of
from tamis.train.losses.pairwise import differences, pairs


@dataclass(frozen=True, slots=True)
class MarginMSE:
    """Squared distance between the student's lead and the teacher's, of every pair of different labels.

    Reads labels, of which only the order within a list counts, and the teacher's raw scores. A unit is a pair with
    ``label_i > label_j`` of which the teacher scored both, its weight the product of the two labels' weights.

    When to use: labelled triplets or lists with a cross-encoder's scores, above all to teach a bi-encoder: its scores
    need not have the teacher's level, only the teacher's spread.
    Relation to others: ``TeacherMSE`` fits the level too; ``KL`` needs no labels and forgives another spread of what
    stands far down.

    References:
        ``((s_i - s_j) - (t_i - t_j))^2``: Hofstätter et al., "Improving efficient neural ranking models with
        cross-architecture knowledge distillation" (2020); sentence-transformers' MarginMSELoss.

    >>> labels, teacher = torch.tensor([[1.0, 0.0]]), torch.tensor([[5.0, 2.0]])
    >>> float(MarginMSE()(torch.tensor([[1.0, 0.0]]), Targets(labels, labels >= 0, teacher)))
    4.0
    """

    name: ClassVar[str] = "margin-mse"
    reads: ClassVar[frozenset[str]] = LABELS | TEACHER

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over pairs; see ``Loss``."""
        of, teacher = _beside(self.name, scores, targets)
        return summed(torch.square(differences(of.scores - teacher)), pairs(of))

    def units(self, targets: Targets) -> Tensor:
        """The number of pairs of which the teacher scored both."""
        return pairs(graded(taught(targets, self.name))).sum()


@dataclass(frozen=True, slots=True)
class KL:
    """Kullback-Leibler divergence from the student's distribution over a list to the teacher's.

    Reads the teacher's raw scores; labels and their weights are not read, but documents of weight 0 are left out. A
    unit is a list of which the teacher scored two documents or more.

    When to use: lists without labels, or more trust in the teacher than in the labels.
    Relation to others: ``ListNet`` is the same against labels; ``MarginMSE`` keeps the teacher's spread exactly.

    Args:
        temperature: above 0; both sides' scores are divided by it, and the loss is multiplied by its square so that
            gradients keep their size. Higher makes the lower documents count more.

    References:
        ``T^2 sum_i p_i (log p_i - log q_i)`` with ``p = softmax(t / T)``, ``q = softmax(s / T)``: Hinton, Vinyals and
        Dean, "Distilling the knowledge in a neural network" (2015), section 2; sentence-transformers' DistillKLDivLoss.

    >>> labels, teacher = torch.zeros(1, 2), torch.tensor([[5.0, 2.0]])
    >>> round(float(KL()(torch.tensor([[4.0, 1.0]]), Targets(labels, labels >= 0, teacher))), 6)
    0.0
    """

    name: ClassVar[str] = "kl"
    reads: ClassVar[frozenset[str]] = TEACHER

    temperature: float = 1.0

    def __post_init__(self) -> None:
        checked("temperature", self.temperature)

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over lists; see ``Loss``."""
        of, teacher = _beside(self.name, scores, targets)
        far = torch.finfo(of.scores.dtype).min  # finite: an empty list must have a gradient, of 0
        student, wanted = (
            torch.where(of.stands, x / self.temperature, far).log_softmax(dim=1) for x in (of.scores, teacher)
        )
        apart = torch.where(of.stands, wanted.exp() * (wanted - student), torch.zeros_like(student))
        return self.temperature**2 * summed(apart.sum(dim=1), _lists_of_two(of))

    def units(self, targets: Targets) -> Tensor:
        """The number of lists of which the teacher scored two documents or more."""
        return _lists_of_two(graded(taught(targets, self.name))).sum()


@dataclass(frozen=True, slots=True)
class TeacherMSE:
    """Squared distance of each score to the teacher's.

    Reads the teacher's raw scores; labels are not read, their weights are the documents'. A unit is a document that
    the teacher scored.

    When to use: a smaller cross-encoder shall give the teacher's logits, so that its calibration nearly carries over.
    Relation to others: ``MarginMSE`` leaves the level free, ``KL`` level and spread of what stands far down.

    References:
        ``(s - t)^2``; sentence-transformers' MSELoss with a teacher's scores as labels.

    >>> labels, teacher = torch.zeros(1, 2), torch.tensor([[5.0, float("nan")]])
    >>> float(TeacherMSE()(torch.tensor([[4.0, 1.0]]), Targets(labels, labels >= 0, teacher)))
    1.0
    """

    name: ClassVar[str] = "teacher-mse"
    reads: ClassVar[frozenset[str]] = TEACHER

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over documents; see ``Loss``."""
        of, teacher = _beside(self.name, scores, targets)
        return summed(torch.square(of.scores - teacher), of.weights)

    def units(self, targets: Targets) -> Tensor:
        """The number of documents that the teacher scored."""
        return graded(taught(targets, self.name)).weights.sum()


def _beside(name: str, scores: Tensor, targets: Targets) -> tuple[Lists, Tensor]:
    """What the teacher scored, and its scores in the students' type, 0 where it said nothing."""
    of = lists(scores, taught(targets, name))
    teacher = teacher_of(targets, name).to(of.scores.dtype)
    return of, torch.where(of.stands, teacher, torch.zeros_like(teacher))


def _lists_of_two(of: Lists) -> Tensor:
    return (of.stands.sum(dim=1) > 1).to(of.scores.dtype)
