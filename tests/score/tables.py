"""Scorers for tests that look a pair's score up, and worlds of queries for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from tamis.core import Document, Floats, Pair, Query


class Table:
    """Scores by (query id, document id); it remembers how many pairs each call held."""

    def __init__(self, name: str, scores: dict[tuple[str, str], float]) -> None:
        self.name, self.scores, self.calls = name, scores, list[int]()
        self.fingerprint = f"{name}:table"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        self.calls.append(len(pairs))
        return np.array([self.scores[q.id, d.id] for q, d in pairs], dtype=np.float64)


class Hashed:
    """A score drawn from a digest of the texts: any pair has one, the same in every process."""

    def __init__(self, name: str) -> None:
        self.name, self.calls = name, list[int]()
        self.fingerprint = f"{name}:hashed"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        self.calls.append(len(pairs))
        return np.array([self.drawn(f"{q.text}\0{d.full_text}") for q, d in pairs], dtype=np.float64)

    def drawn(self, text: str) -> float:
        data = hashlib.blake2b(f"{self.name}\0{text}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
        return int.from_bytes(data, "little") / 2**31 - 1


def world(first: Floats, second: Floats, name: str = "w") -> tuple[Table, Table, list[list[Pair]]]:
    """Two scorers of the given scores, of shape ``(queries, documents)``, and the pairs of each query."""
    lists = [
        [(Query(f"{name} {q}", id=f"{name}{q}"), Document(f"{name}{q}-{d}", "x")) for d in range(first.shape[1])]
        for q in range(len(first))
    ]
    tables = [
        Table(
            label,
            {
                (q.id, d.id): float(s)
                for row, scores in zip(lists, made, strict=True)
                for (q, d), s in zip(row, scores, strict=True)
            },
        )
        for label, made in (("first", first), ("second", second))
    ]
    return tables[0], tables[1], lists
