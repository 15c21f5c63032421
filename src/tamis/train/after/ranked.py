"""Labelled dev queries, and the scores that one system gives their documents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tamis.core import BM25, Candidate, Document, Floats, Progress, Query, Ranking, Scorer
from tamis.data import Example
from tamis.errors import InputError
from tamis.evaluate.mistakes import Listed
from tamis.pipeline import scored_with_notes
from tamis.recall import Index

Run = dict[str, dict[str, float]]
Qrels = dict[str, dict[str, int]]

HALF = 0.5  # a fractional label of at least this counts as relevant, where nobody says otherwise
PARTS = 1000  # fractional labels are gains in parts of this, since measures take whole numbers


class Judged(NamedTuple):
    """A dev query with its documents, by id, highest first: the order in which measures break ties.

    Attributes:
        query: what is asked; its id is its place in the dev data, from 1.
        documents: each named by a hash of its text, so that no order of the source leaks labels.
        labels: a grade a document, shape ``(len(documents),)``.
    """

    query: Query
    documents: tuple[Document, ...]
    labels: Floats


# No slots: what is worked out once is kept beside the fields.
@dataclass(frozen=True)
class DevSet:
    """Dev queries; made by ``DevSet.of``, which checks.

    Attributes:
        queries: all of them, also those whose labels are all equal.
        relevant_from: a label of at least this counts as relevant where a measure, a calibration or a threshold knows
            only relevant and not; nDCG takes the labels as they are.
        repeated: documents that stood twice in a query's list; the higher label was kept.
    """

    queries: tuple[Judged, ...]
    relevant_from: float
    repeated: int = 0

    @classmethod
    def of(cls, examples: Sequence[Example], relevant_from: float | None = None) -> Self:
        """Dev data from examples, one a query; documents whose label has the weight 0 are left out.

        Args:
            examples: labelled examples.
            relevant_from: the least relevant label; None takes every label above 0, and where labels are fractions,
                those of at least one half.

        Raises:
            InputError: no example, an example without labels, or a label that is negative or no number.

        >>> dev = DevSet.of([Example("sieve?", ("a tamis", "rain"), (1.0, 0.0))])
        >>> [document.text for document in dev.queries[0].documents], dev.queries[0].labels.tolist()
        (['rain', 'a tamis'], [0.0, 1.0])
        """
        judged, repeated = [], 0
        for at, example in enumerate(examples, 1):
            kept, twice = _distinct(example, at)
            repeated += twice
            if kept:
                texts = dict(sorted(((_name(text), text) for text in kept), reverse=True))
                labels = np.array([kept[text] for text in texts.values()], dtype=np.float64)
                documents = tuple(Document(name, text) for name, text in texts.items())
                judged.append(Judged(Query(example.query, str(at), example.instruction), documents, labels))
        if not judged:
            raise InputError("no dev query: there is nothing to measure on; give labelled queries")
        whole = all(np.equal(np.mod(one.labels, 1), 0).all() for one in judged)
        least = relevant_from if relevant_from is not None else 1.0 if whole else HALF
        return cls(tuple(judged), least, repeated)

    @cached_property
    def fractional(self) -> bool:
        """Whether a label is no whole number."""
        return any(bool(np.mod(one.labels, 1).any()) for one in self.queries)

    @cached_property
    def graded(self) -> bool:
        """Whether there are other labels than 0 and 1."""
        return any(not np.isin(one.labels, (0.0, 1.0)).all() for one in self.queries)

    @cached_property
    def telling(self) -> tuple[int, ...]:
        """Places of the queries that can tell systems apart: those with labels that differ."""
        return tuple(at for at, one in enumerate(self.queries) if np.ptp(one.labels) > 0)

    @property
    def pairs(self) -> int:
        """Labelled pairs of all queries."""
        return sum(len(one.documents) for one in self.queries)

    def relevant(self, at: int) -> NDArray[np.bool_]:
        """Which documents of a query are relevant, shape ``(documents,)``."""
        found: NDArray[np.bool_] = self.queries[at].labels >= self.relevant_from
        return found

    def gains(self) -> Qrels:
        """The grades of the telling queries as gains; fractions in thousandths, which leaves nDCG as it is."""
        parts = PARTS if self.fractional else 1
        return self._qrels([np.rint(self.queries[at].labels * parts).astype(int) for at in self.telling])

    def relevance(self) -> Qrels:
        """The telling queries' documents as relevant (1) or not (0)."""
        return self._qrels([self.relevant(at).astype(int) for at in self.telling])

    def _qrels(self, grades: Sequence[NDArray[np.int_]]) -> Qrels:
        return {
            self.queries[at].query.id: {
                document.id: grade for document, grade in zip(self.queries[at].documents, column.tolist(), strict=True)
            }
            for at, column in zip(self.telling, grades, strict=True)
        }

    def ranked(self, name: str, scorer: Scorer, progress: Progress | None = None) -> Ranked:
        """Every document scored by a model.

        Args:
            name: what the system is called beside others, such as "before".
            scorer: gives the scores.
            progress: called with (pairs scored, pairs in all).
        """
        pairs = [(one.query, document) for one in self.queries for document in one.documents]
        scores, notes = scored_with_notes(scorer, pairs, progress)
        remarks = iter(notes)
        parts = tuple(tuple(next(remarks) for _ in one.documents) for one in self.queries)
        return Ranked(self, name, scorer.name, scorer.fingerprint, self._split(scores), parts)

    def ranked_by_words(self) -> Ranked:
        """Every document scored by BM25, which counts how rare a word is among the documents of the dev data."""
        texts = {document.id: document for one in self.queries for document in one.documents}
        index = Index.build(texts.values(), encoder=None)
        columns = []
        for one in self.queries:
            ranking = index.rank(one.query, [document.id for document in one.documents], mode="bm25")
            found = {candidate.doc.id: candidate.score for candidate in ranking}
            columns.append(np.array([found[document.id] for document in one.documents]))
        return Ranked(self, BM25, BM25, "", tuple(columns))

    def _split(self, column: Floats) -> tuple[Floats, ...]:
        ends = np.cumsum([len(one.documents) for one in self.queries])[:-1]
        return tuple(np.split(np.asarray(column, dtype=np.float64), ends))


@dataclass(frozen=True, slots=True)
class Ranked:
    """The scores of one system on dev data.

    Attributes:
        dev: what was scored.
        name: of the system, such as "before".
        model: the scorer's own name.
        fingerprint: what exactly gave the scores; empty for BM25.
        scores: for each query, one a document in its order there.
        notes: the scorer's remarks, a mapping a document; empty where it makes none.
    """

    dev: DevSet
    name: str
    model: str
    fingerprint: str
    scores: tuple[Floats, ...]
    notes: tuple[tuple[Mapping[str, Any], ...], ...] = ()

    def run(self) -> Run:
        """The telling queries' scores, as measures read them."""
        return {
            self.dev.queries[at].query.id: {
                document.id: float(score)
                for document, score in zip(self.dev.queries[at].documents, self.scores[at], strict=True)
            }
            for at in self.dev.telling
        }

    def order(self, at: int) -> NDArray[np.intp]:
        """Places of a query's documents, best first; what ties as 32-bit floats, as in measures, goes by id."""
        with np.errstate(over="ignore"):
            single = self.scores[at].astype(np.float32)
        return np.argsort(-single, kind="stable")

    def ranks(self, at: int) -> NDArray[np.intp]:
        """The rank of each document of a query, from 1, in the documents' order."""
        ranks = np.empty(len(self.scores[at]), dtype=np.intp)
        ranks[self.order(at)] = np.arange(1, len(ranks) + 1)
        return ranks

    def truncated(self, at: int) -> Floats:
        """Tokens of each document of a query that were not read, shape ``(documents,)``; 0 where nothing is said."""
        if not self.notes:
            return np.zeros(len(self.scores[at]))
        return np.array([float(note.get("truncated_tokens", 0)) for note in self.notes[at]])

    def listed(self, at: int) -> Listed:
        """A query's list with its labels, as mistakes are looked for."""
        one = self.dev.queries[at]
        return Listed(one.query.text, one.documents, self.dev.relevant(at), self.ranks(at), self.truncated(at))

    def rankings(self) -> list[Ranking]:
        """All queries' documents as rankings that know what scored them, best first."""
        return [
            Ranking(one.query, tuple(Candidate(document, 0.0) for document in one.documents)).rescored(
                self.model, self.scores[at], self.notes[at] if self.notes else None, fingerprint=self.fingerprint
            )
            for at, one in enumerate(self.dev.queries)
        ]


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _distinct(example: Example, at: int) -> tuple[dict[str, float], int]:
    """The highest label of each text that counts, and how many texts stood there once more.

    Raises:
        InputError: labels are missing, negative or no numbers.
    """
    if len(example.labels) != len(example.documents):
        got = f"{len(example.labels)} labels" if example.labels else "no labels"
        raise InputError(f"dev query {at}: expected {len(example.documents)} labels, one a document, got {got}")
    labels = np.asarray(example.labels, dtype=np.float64)
    if labels.size and not (np.isfinite(labels).all() and labels.min() >= 0):
        bad = labels[~np.isfinite(labels) | (labels < 0)][0]
        raise InputError(f"dev query {at}: a label is a grade of 0 (irrelevant) or more, got {bad:g}")
    counts = example.weights or (1.0,) * len(example.documents)
    kept: dict[str, float] = {}
    twice = 0
    for text, label, weight in zip(example.documents, labels.tolist(), counts, strict=True):
        if weight > 0:
            twice += text in kept
            kept[text] = max(label, kept.get(text, 0.0))
    return kept, twice
