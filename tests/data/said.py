"""What examples say, whatever the order of queries and documents: for comparing what forms carry."""

from __future__ import annotations

from collections.abc import Iterable

from tamis.data import Example


def said(examples: Iterable[Example]) -> dict[tuple[str, str], dict[str, tuple[float | None, float | None, float]]]:
    """Label, score and weight of each document by query and instruction."""
    found: dict[tuple[str, str], dict[str, tuple[float | None, float | None, float]]] = {}
    for example in examples:
        many = len(example.documents)
        parts = (example.labels or (None,) * many, example.scores or (None,) * many, example.weights or (1.0,) * many)
        listed = found.setdefault((example.query, example.instruction), {})
        listed.update(zip(example.documents, zip(*parts, strict=True), strict=True))
    return found
