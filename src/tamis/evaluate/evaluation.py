"""A run held against judgements: one value a query and measure, their means, and the queries the run missed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, index
from typing import SupportsFloat, TypeAlias

import numpy as np

from tamis.core import Floats, Ranking
from tamis.errors import InputError
from tamis.evaluate.measures import AP, RR, Formula, Measure, R, checked, nDCG

Run: TypeAlias = Mapping[str, Mapping[str, SupportsFloat]]  # query id -> document id -> score
Qrels: TypeAlias = Mapping[str, Mapping[str, int]]  # query id -> document id -> grade

DEFAULT = (nDCG @ 10, RR @ 10, AP, R @ 100)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a run is worth on judged queries.

    Attributes:
        queries: every judged query, in the order of the qrels.
        values: for each measure one value a query, shape ``(len(queries),)``.
        missing: judged queries for which the run has no document; each counts 0.
        unjudged: queries of the run without judgements; they count nowhere.

    >>> found = evaluate({"q1": {"a": 1.0, "b": 2.0}}, {"q1": {"a": 1}, "q2": {"c": 1}}, [RR @ 10])
    >>> found.means
    {'rr@10': 0.25}
    >>> found.missing
    ('q2',)
    """

    queries: tuple[str, ...]
    values: Mapping[Measure, Floats]
    missing: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()

    def __getitem__(self, measure: Measure) -> Floats:
        """One value a query, in the order of ``queries``.

        Raises:
            InputError: this measure was not computed.
        """
        if measure not in self.values:
            raise InputError(f"{measure} was not computed here, only {', '.join(map(str, self.values))}")
        return self.values[measure]

    @property
    def means(self) -> dict[str, float]:
        """The mean over all judged queries of every measure, by the measure's name."""
        return {str(measure): float(values.mean()) for measure, values in self.values.items()}

    @property
    def per_query(self) -> dict[str, dict[str, float]]:
        """Every value: query id -> measure name -> value."""
        return {
            query: {str(measure): float(values[at]) for measure, values in self.values.items()}
            for at, query in enumerate(self.queries)
        }


def evaluate(run: Run, qrels: Qrels, measures: Sequence[Measure] = DEFAULT) -> Evaluation:
    """Hold a run against judgements, by trec_eval's rules.

    Documents are ordered by score, ties by document id, highest id first; scores that are one as 32-bit floats tie,
    as they do in trec_eval. A document without a grade, or with a negative one, has gain 0. A judged query that the
    run misses counts 0 and is named.

    Args:
        run: query id -> document id -> score.
        qrels: query id -> document id -> grade, a whole number; above 0 is relevant.
        measures: what to compute.

    Raises:
        InputError: nothing is judged, a score is NaN, a grade is no whole number, or a measure lacks its cutoff.

    >>> evaluate({"q": {"a": 1.0, "b": 1.0}}, {"q": {"a": 2, "b": 0}}, [nDCG @ 10, R @ 1]).means
    {'ndcg@10': 0.6309297535714575, 'recall@1': 0.0}
    """
    return measured(
        {query: ordered(query, found) for query, found in run.items()}, qrels, measures, attrgetter("formula")
    )


def as_run(rankings: Iterable[Ranking]) -> dict[str, dict[str, float]]:
    """Rankings as a run: query id -> document id -> current score.

    Raises:
        InputError: a query has no id, or two rankings share one.

    >>> from tamis.core import Candidate, Document, Query
    >>> as_run([Ranking(Query("sieve?", id="q"), (Candidate(Document("a", "tamis"), 0.5),))])
    {'q': {'a': 0.5}}
    """
    run: dict[str, dict[str, float]] = {}
    for ranking in rankings:
        name = ranking.query.id
        if not name or name in run:
            reason = f"query id {name!r} stands twice" if name else f"the query {ranking.query.text!r:.60} has no id"
            raise InputError(f"{reason}: a run needs one id for each query, Query(text, id=...)")
        run[name] = {candidate.doc.id: candidate.score for candidate in ranking}
    return run


def measured(
    listed: Mapping[str, Sequence[str]], qrels: Qrels, measures: Sequence[Measure], how: Callable[[Measure], Formula]
) -> Evaluation:
    """The frame that runs and baselines share: lists of document ids, measured query by query over the qrels.

    Raises:
        InputError: as for ``evaluate``.
    """
    judged = {query: grades for query, grades in qrels.items() if grades}
    if not judged:
        raise InputError("the qrels hold no judged query: there is nothing to measure against")
    columns = {checked(measure): np.zeros(len(judged)) for measure in measures}
    for at, (query, grades) in enumerate(judged.items()):
        gain, ideal = _gains(query, grades)
        gains = np.array([gain.get(doc, 0) for doc in listed.get(query, ())], dtype=np.float64)
        for measure, column in columns.items():
            column[at] = how(measure)(gains, ideal, measure.cutoff)
    return Evaluation(
        queries=tuple(judged),
        values=columns,
        missing=tuple(query for query in judged if not listed.get(query)),
        unjudged=tuple(query for query in listed if query not in judged),
    )


def _gains(query: str, grades: Mapping[str, int]) -> tuple[dict[str, int], Floats]:
    try:
        gain = {doc: whole for doc, grade in grades.items() if (whole := index(grade)) > 0}
    except TypeError:
        bad = next(doc for doc, grade in grades.items() if not hasattr(grade, "__index__"))
        raise InputError(
            f"query {query!r}: the grade of document {bad!r} must be a whole number, got {grades[bad]!r}"
        ) from None
    return gain, np.array(sorted(gain.values(), reverse=True), dtype=np.float64)


def ordered(query: str, found: Mapping[str, SupportsFloat]) -> list[str]:
    """A query's documents as trec_eval orders them: by score as a 32-bit float, ties by document id, highest first.

    Raises:
        InputError: a score is NaN.

    >>> ordered("q", {"a": 1.0, "b": 1.0, "c": 2.0})
    ['c', 'b', 'a']
    """
    scores = {doc: float(score) for doc, score in found.items()}
    if any(map(math.isnan, scores.values())):
        bad = next(doc for doc, score in scores.items() if math.isnan(score))
        raise InputError(f"query {query!r}: the score of document {bad!r} is NaN, so it has no place in a ranking")
    with np.errstate(over="ignore"):  # beyond float32 is infinite, and ties, in trec_eval too
        single = np.fromiter(scores.values(), np.float64, len(scores)).astype(np.float32).tolist()
    return [doc for _, doc in sorted(zip(single, scores, strict=True), reverse=True)]
