"""What an example can hold that not every form can carry, and what is left of it without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tamis.data.forms.base import Example


@dataclass(frozen=True, slots=True)
class Trait:
    """One such thing.

    Attributes:
        name: as in ``Form.carries``.
        says: the queries that have it, for messages: "3 queries ...".
        holds: whether an example has it.
        without: the example without it; None where nothing is left.
        loss: what ``without`` does, for messages.
    """

    name: str
    says: str
    holds: Callable[[Example], bool]
    without: Callable[[Example], Example | None]
    loss: str


def kept(example: Example, wanted: Callable[[str], bool]) -> Example | None:
    """The example with some of its documents only; None where there is none."""
    at = [place for place, document in enumerate(example.documents) if wanted(document)]
    parts = (example.documents, example.labels, example.scores, example.weights)
    documents, labels, scores, weights = (tuple(part[i] for i in at) if part else () for part in parts)
    return Example(example.query, documents, labels, example.instruction, scores, weights) if at else None  # type: ignore[arg-type]


NO_NEGATIVE = Trait(
    "no negative",
    "have no negative document while others have",
    lambda example: bool(example.labels) and min(example.labels) > 0,
    lambda example: None,
    "left out",
)
TRAITS: tuple[Trait, ...] = (
    Trait("no documents", "have no documents", lambda example: not example.documents, lambda example: None, "left out"),
    Trait(
        "blank documents",
        "have blank documents",
        lambda example: not all(map(str.strip, example.documents)),
        lambda example: kept(example, lambda document: bool(document.strip())),
        "written without these documents",
    ),
    Trait(
        "no labels",
        "have documents without labels",
        lambda example: bool(example.documents) and not example.labels,
        lambda example: None,
        "left out",
    ),
    Trait(
        "no positive",
        "have no positive document",
        lambda example: bool(example.labels) and max(example.labels) <= 0,
        lambda example: None,
        "left out",
    ),
    Trait(
        "grades",
        "have labels other than 0 and 1",
        lambda example: not {*example.labels} <= {0.0, 1.0},
        lambda example: replace(example, labels=tuple(float(label > 0) for label in example.labels)),
        "written with label 1 for grades above 0 and 0 for the rest",
    ),
    Trait(
        "instruction",
        "have an instruction",
        lambda example: bool(example.instruction),
        lambda example: replace(example, instruction=""),
        "written without it",
    ),
    Trait(
        "scores",
        "have a teacher's scores",
        lambda example: bool(example.scores),
        lambda example: replace(example, scores=()),
        "written without them",
    ),
    Trait(
        "weights",
        "have weights",
        lambda example: any(weight != 1 for weight in example.weights),
        lambda example: replace(example, weights=()),
        "written without them",
    ),
)
ALL = frozenset(trait.name for trait in TRAITS)
