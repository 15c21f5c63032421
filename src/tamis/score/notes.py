"""Remarks of a scorer on what it read, such as how much of a document did not fit its window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from tamis.core import Pair, Scorer


@runtime_checkable
class Noting(Protocol):
    """A scorer that has remarks: one mapping a pair, empty where there is nothing to say."""

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]: ...


def notes(scorer: Scorer, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """The scorer's remarks on pairs, one mapping a pair; empty mappings from a scorer that makes none."""
    return scorer.notes(pairs) if isinstance(scorer, Noting) else [{} for _ in pairs]
