"""What a file of pairs holds, looked at before anything is scored or drawn."""

from __future__ import annotations

from dataclasses import dataclass

from tamis.data import Source
from tamis.labelling.pool import read_pairs

MOST = 1_000_000  # pairs


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file of pairs holds.

    Attributes:
        pairs: different pairs.
        queries: how many queries they belong to.
        scored: whether they have scores; else a model has to score them.
    """

    pairs: int
    queries: int
    scored: bool


def contents(source: Source, *, most: int = MOST) -> Contents:
    r"""Look at a file of pairs.

    Args:
        source: as ``read_pairs`` reads it.
        most: pairs that it may hold.

    Raises:
        DataError: a row cannot be used, or there are too many; with file and line.

    >>> import io
    >>> contents(io.StringIO('{"query": "sieve", "document": "A tamis sieves."}\n'))
    Contents(pairs=1, queries=1, scored=False)
    """
    found = read_pairs(source, most=most)
    return Contents(len(found), len({item.query_id for item in found}), found[0].score is not None)
