"""Remarks of a scorer on what it read, such as how much of a document did not fit its window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from tamis.core import Floats, Pair, Scorer


@runtime_checkable
class Noting(Protocol):
    """A scorer that has remarks: one mapping a pair, empty where there is nothing to say."""

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]: ...


@runtime_checkable
class ScoringWithNotes(Protocol):
    """A scorer whose remarks come from scoring: both in one pass, and the scores are those of ``score``.

    Its ``notes(pairs)``, where it has one, scores again; who wants both calls this instead.
    """

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]: ...


def notes(scorer: Scorer, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """The scorer's remarks on pairs, one mapping a pair; empty mappings from a scorer that makes none."""
    return scorer.notes(pairs) if isinstance(scorer, Noting) else [{} for _ in pairs]


def score_with_notes(scorer: Scorer, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
    """Raw logits, shape ``(len(pairs),)``, and one mapping of remarks a pair; what scores twice is avoided."""
    if isinstance(scorer, ScoringWithNotes):
        return scorer.score_with_notes(pairs)
    return scorer.score(pairs), notes(scorer, pairs)


def merged(remarks: Sequence[Sequence[Mapping[str, Any]]], count: int) -> list[dict[str, Any]]:
    """The remarks of several scorers on ``count`` pairs, one mapping a pair.

    Where two use one name, the greater number is kept, and of anything else what the first scorer said.

    >>> merged([[{"truncated_tokens": 3, "by": "a"}], [{"truncated_tokens": 9, "by": "b"}]], 1)
    [{'truncated_tokens': 9, 'by': 'a'}]
    """
    together: list[dict[str, Any]] = [{} for _ in range(count)]
    for said in remarks:
        for old, new in zip(together, said, strict=True):
            for key, value in new.items():
                kept = old.setdefault(key, value)
                if isinstance(kept, int | float) and isinstance(value, int | float):
                    old[key] = max(kept, value)
    return together
