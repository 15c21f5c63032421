"""What a job learns from and what it is measured on: read from files, or put together by who teaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tamis.core import Scorer
from tamis.data import Example
from tamis.data.open import Source
from tamis.data.training import Conflicts, query_key, read_training, split
from tamis.errors import InputError

if TYPE_CHECKING:
    from tamis.train.after import Figures
    from tamis.train.losses.base import Loss

Files = Source | Sequence[Source]


class Beside(Protocol):
    """What stands beside the model that is trained: its teacher.

    Attributes:
        judged: whether the dev labels are judgments of people; if not they are the teacher's order, from which nothing
            can be learnt about relevance.
        systems: what is measured on the dev queries too, by name.
    """

    @property
    def judged(self) -> bool: ...
    @property
    def systems(self) -> Mapping[str, Scorer]: ...
    def compared(self, made: Scorer, folder: Path, figures: Figures | None) -> Mapping[str, Any]:
        """What the result says of both, once the model is written; JSON values."""
        ...


@dataclass(frozen=True, slots=True)
class Lessons:
    """Examples, one a query.

    Attributes:
        learn: labelled, or with a teacher's scores.
        dev: labelled; empty where nothing is measured.
        beside: the teacher; None without one.
        left_out: queries that are not learnt, because they stand in the dev data too.
    """

    learn: Sequence[Example]
    dev: Sequence[Example]
    beside: Beside | None = None
    left_out: int = 0

    @property
    def judged(self) -> bool:
        """Whether the dev labels say what is relevant."""
        return self.beside is None or self.beside.judged


def read_lessons(data: Files, dev: float | Files, conflicts: Conflicts, seed: int) -> Lessons:
    """The queries to learn from, and those to measure on, whose labels differ.

    Args:
        data: files of labels in any form.
        dev: a share of the data's queries, or their source; 0 measures nothing.
        conflicts: what becomes of contradictory labels.
        seed: decides which queries are the share.

    Raises:
        DataError: the data cannot be used; with file, line and field.
        InputError: the dev queries cannot tell good from bad.
    """
    found = read_training(data, conflicts=conflicts)
    learn, held = parted(found, dev, conflicts=conflicts, seed=seed)
    if not learn:
        raise InputError("every query of the data stands in the dev data too: there is nothing left to learn from")
    held = [example for example in held if example.labels]
    if held and not any(map(telling, held)):
        raise InputError(
            f"none of the {len(held)} dev queries has both relevant and irrelevant documents, so nothing can be "
            "measured: add negatives (tamis mine), name labelled queries with --dev, or train without: --dev 0"
        )
    return Lessons(learn, held, left_out=0 if isinstance(dev, (int, float)) else len(found) - len(learn))


def parted(
    found: list[Example], dev: float | Files, *, conflicts: Conflicts, seed: int, labelled: bool = True
) -> tuple[list[Example], list[Example]]:
    """Examples to learn from and those to hold out: a share of them, or those of another source.

    What is measured on a query that was learnt says nothing: queries of the source are left out of what is learnt.

    Args:
        found: examples, one a query.
        dev: the share, or the source.
        conflicts: what becomes of contradictory labels in the source.
        seed: decides which queries are the share.
        labelled: whether the source needs labels.

    Raises:
        DataError: the source cannot be used; with file, line and field.
        InputError: there are too few queries to hold some out.

    >>> [len(side) for side in parted([Example("p", ("a",)), Example("q", ("a",))], 0.5, conflicts="refuse", seed=0)]
    [1, 1]
    """
    if not isinstance(dev, (int, float)):
        held = read_training(dev, conflicts=conflicts, labelled=labelled)
        asked = {query_key(one.query) for one in held}
        return [one for one in found if query_key(one.query) not in asked], held
    return split(found, dev, seed=seed) if dev else (found, [])


def telling(example: Example) -> bool:
    """Whether its labels differ, so that one order of its documents is better than another.

    >>> telling(Example("q", ("a", "b"), (1.0, 0.0))), telling(Example("q", ("a", "b")))
    (True, False)
    """
    return len(set(example.labels)) > 1


def read_by(loss: Loss, learn: Sequence[Example]) -> list[Example]:
    """The examples that carry what a loss reads: labels, a teacher's scores, or both.

    Raises:
        InputError: none does.
    """
    found = [
        one
        for one in learn
        if ("labels" not in loss.reads or one.labels) and ("teacher" not in loss.reads or one.scores)
    ]
    if not found:
        what = " and ".join({"labels": "labels", "teacher": "a teacher's scores"}[need] for need in sorted(loss.reads))
        raise InputError(f"the loss {loss.name!r} learns from {what}, and the data have none")
    return found
