"""BM25 over postings: what weighs how much is computed when a query comes, from counts that documents brought."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.recall.postings import Postings, Rows, Terms

Scores: TypeAlias = NDArray[np.float32]

FEW = 200_000  # postings that are simply added up
LONG = 20_000  # postings of a token before which it is asked whether the race is decided
LOOKUP = 8  # postings that are added in the time in which one document is looked up
ROUNDING = 1e-4  # more than sums of float32 numbers in another order can differ, relative


@dataclass(frozen=True, slots=True)
class Parameters:
    """BM25 as Lucene computes it, with exact document lengths (Kamphuis et al., ECIR 2020).

    ``idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length))``, ``idf(t) = ln(1 + (N - df + .5) / (df + .5))``.
    """

    k1: float = 0.9
    b: float = 0.4

    def idf(self, documents: int, frequency: int) -> float:
        """Weight of a token that occurs in ``frequency`` of ``documents`` documents.

        >>> round(Parameters().idf(1000, 10), 3)
        4.557
        """
        return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))

    def norms(self, lengths: NDArray[np.integer], mean: float) -> Scores:
        """What a document's length adds below the line, shape ``(documents,)``."""
        norms: Scores = (self.k1 * (1 - self.b + self.b * lengths.astype(np.float64) / (mean or 1.0))).astype(
            np.float32
        )
        return norms


@dataclass(frozen=True, slots=True)
class Lexical:
    """The postings of one segment with its documents' norms: scores of all its documents, of some, or the best.

    Every score is the sum of the same float32 numbers in the order of the query's tokens, whatever the segment and
    whatever else is scored.
    """

    postings: Postings
    norms: Scores

    def scores(self, terms: Terms, weights: Sequence[float]) -> Scores:
        """Score of every document, shape ``(documents,)``; 0 where no token occurs."""
        return self._sum(list(self.postings.places(terms)), weights)

    def scores_of(self, chosen: Rows, terms: Terms, weights: Sequence[float]) -> Scores:
        """Scores of some documents, the same numbers; ``chosen`` ascends."""
        found = np.zeros(len(chosen), dtype=np.float32)
        for part, weight in zip(self.postings.places(terms), weights, strict=True):
            self._add_to(found, chosen, part, weight)
        return found

    def best(
        self, terms: Terms, weights: Sequence[float], k: int, mask: NDArray[np.bool_] | None
    ) -> tuple[Rows, Scores]:
        """Documents of the mask among which the best ``k`` are, ascending, and their scores; none scores 0."""
        parts = list(self.postings.places(terms))
        if sum(part.stop - part.start for part in parts) <= FEW:
            found = self._sum(parts, weights)
            rows = np.flatnonzero(found > 0 if mask is None else (found > 0) & mask).astype(np.int32)
            return rows, found[rows]
        rows = self._leading(parts, weights, k, mask)
        return rows, self.scores_of(rows, terms, weights)

    def _leading(
        self, parts: Sequence[slice], weights: Sequence[float], k: int, mask: NDArray[np.bool_] | None
    ) -> Rows:
        """Documents that may be among the best ``k``, ascending, by MaxScore (Turtle and Flood, IP&M 1995).

        Rare tokens first. Once the k-th best sum is more than all tokens that are left can give, documents that hold
        none of the tokens so far are out of the race, and so are those too far behind; the rest is looked up.
        """
        found = np.zeros(len(self.norms), dtype=np.float32)
        touched: list[Rows] = [np.zeros(0, dtype=np.int32)]
        sizes = np.array([part.stop - part.start for part in parts])
        order = np.argsort(sizes, kind="stable")
        done, left, postings = 0.0, sum(weights), int(sizes.sum())
        for step, at in enumerate(order.tolist()):
            if sizes[at] > LONG and done > left:
                ahead = _ahead(found, np.concatenate(touched), k, left)
                if ahead is not None and LOOKUP * len(ahead) < postings:
                    rest = [(parts[other], weights[other]) for other in order[step:].tolist()]
                    return self._looked_up(ahead, found[ahead], rest, k)
            part, weight = parts[at], weights[at]
            rows = self.postings.rows[part]
            new = rows[found[rows] == 0]
            found[rows] += self._added(self.postings.counts[part], rows, np.float32(weight))
            touched.append(new if mask is None else new[mask[new]])
            done, left, postings = done + weight, left - weight, postings - int(sizes[at])
        every = np.concatenate(touched)
        return np.sort(every[found[every] >= _least(found[every], k, 0.0)])

    def _looked_up(self, rows: Rows, sums: Scores, rest: Sequence[tuple[slice, float]], k: int) -> Rows:
        """Those of the documents that may be among the best ``k`` when the rest is added to their sums."""
        left = sum(weight for _, weight in rest)
        for part, weight in rest:
            self._add_to(sums, rows, part, weight)
            left -= weight
            kept = sums >= _least(sums, k, left)
            rows, sums = rows[kept], sums[kept]
        return rows

    def _add_to(self, sums: Scores, chosen: Rows, part: slice, weight: float) -> None:
        """Add what a token gives to the sums of some documents, which ascend."""
        rows = self.postings.rows[part]
        if len(rows):
            at = np.minimum(np.searchsorted(rows, chosen), len(rows) - 1)
            here = np.flatnonzero(rows[at] == chosen)
            counts = self.postings.counts[part.start + at[here]]
            sums[here] += self._added(counts, chosen[here], np.float32(weight))

    def _sum(self, parts: Sequence[slice], weights: Sequence[float]) -> Scores:
        found = np.zeros(len(self.norms), dtype=np.float32)
        if parts:
            rows = np.concatenate([self.postings.rows[part] for part in parts])
            counts = np.concatenate([self.postings.counts[part] for part in parts])
            weight = np.repeat(np.array(weights, dtype=np.float32), [part.stop - part.start for part in parts])
            np.add.at(found, rows, self._added(counts, rows, weight))
        return found

    def _added(self, counts: NDArray[np.integer], rows: Rows, weight: NDArray[np.float32] | np.float32) -> Scores:
        often = counts.astype(np.float32)
        added: Scores = weight * often / (often + self.norms[rows])
        return added


def _least(sums: Scores, k: int, left: float) -> float:
    """What a document's sum must be for it to be among the best ``k`` when ``left`` may still be added to each."""
    if len(sums) < k:
        return -np.inf
    best = float(np.partition(sums, len(sums) - k)[len(sums) - k])
    return best - left - ROUNDING * (best + left)


def _ahead(found: Scores, touched: Rows, k: int, left: float) -> Rows | None:
    """Which of the documents may be among the best ``k``, ascending; None where any other may be, too."""
    sums = found[touched]
    least = _least(sums, k, left)
    return np.sort(touched[sums >= least]) if least > 0 else None
