"""Scorers whose scores depend on a query's other candidates, and who those candidates are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats, Pair, Query, Scorer
from tamis.errors import InputError


class Lists(NamedTuple):
    """The pairs of a call, by query.

    Attributes:
        pairs: every distinct pair once, in order of first appearance.
        pair_of: position of each given pair among them, shape ``(given,)``.
        members: for each query, the positions of its distinct pairs.
    """

    pairs: list[Pair]
    pair_of: NDArray[np.int64]
    members: list[NDArray[np.int64]]


def depends_on_companions(scorer: Scorer) -> bool:
    """Whether a pair's score depends on the other candidates of its query in the same call.

    Such scorers say so by an attribute ``depends_on_companions = True``. They are given all candidates of a query in
    one call, and their scores can be neither cached nor compared between calls.
    """
    return bool(getattr(scorer, "depends_on_companions", False))


def candidate_lists(pairs: Sequence[Pair]) -> Lists:
    """The candidates of each query: pairs whose queries are equal; a pair that stands twice counts once.

    >>> from tamis.core import Document
    >>> cat, dog, a = Query("cat"), Query("dog"), Document("a", "kitten")
    >>> lists = candidate_lists([(cat, a), (dog, a), (cat, Document("b", "tiger")), (cat, a)])
    >>> lists.pair_of.tolist(), [members.tolist() for members in lists.members]
    ([0, 1, 2, 0], [[0, 2], [1]])
    """
    places: dict[tuple[Query, str, str, str], int] = {}
    distinct: list[Pair] = []
    members: dict[Query, list[int]] = {}
    pair_of = np.zeros(len(pairs), dtype=np.int64)
    for at, (query, document) in enumerate(pairs):
        place = places.setdefault((query, document.id, document.title, document.text), len(distinct))
        pair_of[at] = place
        if place == len(distinct):
            distinct.append((query, document))
            members.setdefault(query, []).append(place)
    return Lists(distinct, pair_of, [np.array(places, dtype=np.int64) for places in members.values()])


def best_first(pairs: Sequence[Pair], scores: Floats, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """A query's places, highest score first; equal ones by what the documents are, not by where they stand."""

    def key(place: int) -> tuple[float, str, str, str]:
        document = pairs[place][1]
        return -float(scores[place]), document.id, document.title, document.text

    return np.array(sorted(places.tolist(), key=key), dtype=np.int64)


def numbered(pairs: Sequence[Pair], groups: Sequence[str] | None = None) -> NDArray[np.int64]:
    """The number of each pair's query, by the given names or, without them, by the queries themselves.

    Raises:
        InputError: not one group a pair.
    """
    if groups is None:
        keys: Sequence[Hashable] = [query for query, _ in pairs]
    elif len(groups) == len(pairs):
        keys = groups
    else:
        raise InputError(f"expected {len(pairs)} groups, one a pair, got {len(groups)}")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
