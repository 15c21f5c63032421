"""Which documents of a segment hold which token, how often: counted when written, joined when segments are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.int32]
Terms: TypeAlias = NDArray[np.uint64]
Ints: TypeAlias = NDArray[np.int64]

JOINED = 1 << 23  # postings of several segments in memory at once


def term(token: str) -> int:
    """The number that stands for a token in every index.

    Two of a million tokens share theirs with a chance of one in forty million, and would be found for each other.

    >>> term("筛") == term("筛"), term("筛") < 2**64
    (True, True)
    """
    return digest(token.encode("utf-8", "surrogatepass"))


def digest(data: bytes) -> int:
    """64 bits that stand for some bytes."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def digests(names: Sequence[bytes]) -> Terms:
    """The same of several, shape ``(len(names),)``."""
    return np.array([digest(name) for name in names], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Postings:
    """Tokens of a segment's documents: those with ``terms[i]`` are ``rows[start[i]:start[i + 1]]``, ascending.

    Attributes:
        terms: the tokens' numbers, ascending, shape ``(tokens,)``.
        start: where each token's postings begin, shape ``(tokens + 1,)``.
        rows: the documents.
        counts: how often the token occurs in each of them; as wide as the largest needs.
        lengths: tokens of each document, shape ``(documents,)``.
    """

    terms: Terms
    start: Ints
    rows: Rows
    counts: NDArray[np.unsignedinteger]
    lengths: Rows

    def places(self, terms: Terms) -> Iterator[slice]:
        """Where each token's postings stand; an empty slice for one that no document has."""
        if not len(self.terms):
            yield from [slice(0, 0)] * len(terms)
            return
        at = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        known = self.terms[at] == terms
        for place, there in zip(at.tolist(), known.tolist(), strict=True):
            yield slice(int(self.start[place]), int(self.start[place + 1])) if there else slice(0, 0)

    def among(self, chosen: NDArray[np.bool_]) -> tuple[Terms, Rows]:
        """How many of the chosen documents hold each token that any of them holds: tokens and documents."""
        terms, numbers = [], []
        for first, last in self._pieces():
            part = slice(int(self.start[first]), int(self.start[last]))
            hits = np.concatenate([[0], np.cumsum(chosen[self.rows[part]])])
            bounds = self.start[first : last + 1] - part.start
            held = hits[bounds[1:]] - hits[bounds[:-1]]
            terms.append(self.terms[first:last][held > 0])
            numbers.append(held[held > 0].astype(np.int32))
        return np.concatenate([np.zeros(0, np.uint64), *terms]), np.concatenate([np.zeros(0, np.int32), *numbers])

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Ranges of tokens with about ``JOINED`` postings each."""
        first = 0
        while first < len(self.terms):
            reach = int(np.searchsorted(self.start, self.start[first] + JOINED, side="right")) - 1
            last = min(max(first + 1, reach), len(self.terms))
            yield first, last
            first = last


def counted(tokens: Rows, lengths: Rows, terms: Terms) -> Postings:
    """The postings of documents in memory.

    Args:
        tokens: places in ``terms`` of all documents' tokens, end to end.
        lengths: tokens of each document.
        terms: each token's number, in any order.

    >>> found = counted(np.array([0, 1, 1], np.int32), np.array([1, 2], np.int32), np.array([9, 4], np.uint64))
    >>> found.terms.tolist(), found.start.tolist(), found.rows.tolist(), found.counts.tolist()
    ([4, 9], [0, 1, 2], [1, 0], [2, 1])
    """
    known, number = np.unique(terms, return_inverse=True)
    keys = (number.astype(np.int64)[tokens] << 32) | np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    counts = np.diff(np.append(first, len(keys)))
    keys = keys[first]
    start = np.searchsorted(keys >> 32, np.arange(len(known) + 1)).astype(np.int64)
    return Postings(known, start, (keys & 0xFFFFFFFF).astype(np.int32), narrow(counts), lengths)


def narrow(counts: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
    """Counts in the least bytes that hold the largest.

    >>> narrow(np.array([1, 255])).dtype, narrow(np.array([256])).dtype
    (dtype('uint8'), dtype('uint16'))
    """
    most = int(counts.max(initial=0))
    return counts.astype(np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else np.uint32)


@dataclass(frozen=True, slots=True)
class Joined:
    """Postings of several segments, their live documents numbered through; read piece by piece.

    Attributes:
        parts: the segments' postings.
        moved: each segment's documents' new rows, -1 for those that go.
    """

    parts: Sequence[Postings]
    moved: Sequence[Rows]

    def pieces(self) -> Iterator[tuple[Terms, Ints, Rows, NDArray[np.unsignedinteger]]]:
        """Terms, how many postings each has, their rows and counts; ranges of terms in ascending order."""
        for low, high in self._ranges():
            yield self._piece(low, high)

    def widest(self) -> np.dtype[np.unsignedinteger]:
        """A type that holds every count."""
        return max((part.counts.dtype for part in self.parts), key=lambda kind: kind.itemsize)

    def _ranges(self) -> Iterable[tuple[int, int]]:
        """Ranges of terms with about ``JOINED`` postings together, by the terms of the largest segment."""
        most = max(self.parts, key=lambda part: len(part.rows))
        share = max(1, JOINED * max(1, len(most.rows)) // max(1, sum(len(part.rows) for part in self.parts)))
        cuts = np.unique(np.searchsorted(most.start, np.arange(share, len(most.rows), share)))
        bounds = [0, *(int(most.terms[at]) for at in cuts if 0 < at < len(most.terms)), 1 << 64]
        return pairwise(bounds)

    def _piece(self, low: int, high: int) -> tuple[Terms, Ints, Rows, NDArray[np.unsignedinteger]]:
        terms, rows, counts = [], [], []
        for part, moved in zip(self.parts, self.moved, strict=True):
            first = int(np.searchsorted(part.terms, np.uint64(low)))
            last = len(part.terms) if high >= 1 << 64 else int(np.searchsorted(part.terms, np.uint64(high)))
            here = slice(int(part.start[first]), int(part.start[last]))
            new = moved[part.rows[here]]
            kept = new >= 0
            terms.append(np.repeat(part.terms[first:last], np.diff(part.start[first : last + 1]))[kept])
            rows.append(new[kept])
            counts.append(part.counts[here][kept])
        together = np.concatenate(terms)
        # Stable: a term's rows ascend within each segment, and segments follow each other.
        order = np.argsort(together, kind="stable")
        together = together[order]
        begins = np.flatnonzero(np.concatenate([[len(together) > 0], together[1:] != together[:-1]]))
        many = np.diff(np.append(begins, len(together)))
        return together[begins], many, np.concatenate(rows)[order], np.concatenate(counts)[order]
