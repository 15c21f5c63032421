"""Pairs of texts as other libraries pass them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tamis.errors import InputError

SLICE = 512  # pairs between two steps of a progress bar


def rows_of(inputs: Any) -> tuple[list[tuple[str, str]], bool]:
    """The pairs of query and document, and whether it was one pair by itself.

    Raises:
        InputError: they are no pairs of strings.

    >>> rows_of(("soup", "A tamis sieves soup."))
    ([('soup', 'A tamis sieves soup.')], True)
    """
    listed = inputs.tolist() if isinstance(inputs, np.ndarray) else inputs
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise InputError(f"inputs must be pairs of query and document, got {type(inputs).__name__}")
    single = len(listed) > 0 and isinstance(listed[0], str)
    rows = [listed] if single else list(listed)
    for at, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != 2 or not all(isinstance(text, str) for text in row):
            raise InputError(f"pair {at}: expected (query, document), two strings, got {row!r:.80}")
    return [(query, text) for query, text in rows], single


def slices(count: int, progress: bool) -> Iterable[slice]:
    """All pairs at once, or with a progress bar on stderr slice by slice."""
    if not progress:
        return [slice(0, count)] if count else []
    from rich.console import Console
    from rich.progress import track

    parts = [slice(start, start + SLICE) for start in range(0, count, SLICE)]
    return track(parts, "scoring", console=Console(stderr=True), transient=True)
