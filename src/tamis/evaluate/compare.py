"""Two systems on the same judged queries: every measure's difference with its test, the slices, who won and lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate.evaluation import DEFAULT, Evaluation, Qrels, Run, evaluate
from tamis.evaluate.family import Difference, counted, family
from tamis.evaluate.mcnemar import mcnemar
from tamis.evaluate.measures import Measure, P, nDCG
from tamis.evaluate.significance import Interval, Paired, interval, paired
from tamis.evaluate.slices import Masks

MAIN = nDCG @ 10
HIT = P @ 1  # 1 where the first document is relevant
HIT_NAME = "hit@1"
MOST = 10  # queries named among those won and lost


def compare(first: Evaluation, second: Evaluation, by: Measure) -> Paired:
    """Compare two evaluations of the same judged queries by one measure.

    Raises:
        InputError: the queries differ, or one of them lacks the measure.

    >>> from tamis.evaluate import RR, evaluate
    >>> qrels = {"q": {"a": 1}}
    >>> better, worse = evaluate({"q": {"a": 1.0}}, qrels, [RR]), evaluate({}, qrels, [RR])
    >>> compare(better, worse, RR).difference
    1.0
    """
    return paired(*_columns(first, second, by))


def difference(name: str, first: Evaluation, second: Evaluation, by: Measure = MAIN) -> Difference:
    """One comparison for a report: first minus second, and what so many queries could have shown at all.

    Raises:
        InputError: the queries differ, or one of them lacks the measure.
    """
    one, two = _columns(first, second, by)
    return Difference.of(name, str(by), paired(one, two), differences=one - two)


def hits(name: str, first: Evaluation, second: Evaluation) -> Difference:
    """The comparison of hit@1 by McNemar's exact test.

    Raises:
        InputError: the queries differ, or P@1 was not computed.
    """
    one, two = _columns(first, second, HIT)
    return Difference.of(name, HIT_NAME, mcnemar(one, two), differences=one - two)


def on_slices(name: str, first: Floats, second: Floats, masks: Masks, by: str = str(MAIN)) -> list[Difference]:
    """The comparison on every part of the queries, by one measure's values."""
    return [
        Difference.of(
            name,
            by,
            paired(first[mask], second[mask]),
            differences=(first - second)[mask],
            kind=kind,
            part=part,
        )
        for (kind, part), mask in masks.items()
    ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A first run held against a second.

    Attributes:
        names: of the two.
        evaluations: their figures on the same queries.
        tests: first minus second by every measure, hit@1, then the slices; all of them are one family.
    """

    names: tuple[str, str]
    evaluations: tuple[Evaluation, Evaluation]
    tests: tuple[Difference, ...]

    def changed(self, most: int = MOST) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The queries that the first won and lost most by nDCG@10, each with both values, largest difference first."""
        one, two = (evaluation[MAIN] for evaluation in self.evaluations)
        gain = one - two
        rows = [
            {"query": query, "first": float(one[at]), "second": float(two[at]), "difference": float(gain[at])}
            for at, query in enumerate(self.evaluations[0].queries)
        ]
        order = np.argsort(-np.abs(gain), kind="stable").tolist()
        won = [rows[at] for at in order if gain[at] > 1e-12]
        lost = [rows[at] for at in order if gain[at] < -1e-12]
        return won[:most], lost[:most]

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        won, lost = self.changed()
        return {
            "names": list(self.names),
            "queries": len(self.evaluations[0].queries),
            "systems": [figures(evaluation) for evaluation in self.evaluations],
            "missing": [list(evaluation.missing) for evaluation in self.evaluations],
            "comparisons": counted(self.tests),
            "tests": [test.as_json() for test in self.tests],
            "won": won,
            "lost": lost,
        }


def comparison(
    first: Run,
    second: Run,
    qrels: Qrels,
    *,
    names: tuple[str, str] = ("A", "B"),
    measures: Sequence[Measure] = DEFAULT,
    masks: Masks | None = None,
) -> Comparison:
    """Hold a run against another one on the same judgements.

    Args:
        first: query id -> document id -> score.
        second: the other run; what it misses counts 0, as for the first.
        qrels: query id -> document id -> grade.
        names: what the runs are called.
        measures: what is compared; nDCG@10 and hit@1 are, always.
        masks: parts of the judged queries, from ``sliced``, in the order of the qrels.

    Raises:
        InputError: nothing is judged, or a score or grade cannot be used.

    >>> found = comparison({"q": {"a": 1.0}}, {"q": {"b": 1.0}}, {"q": {"a": 1}})
    >>> [(test.by, test.paired.difference) for test in found.tests][:2]
    [('ndcg@10', 1.0), ('rr@10', 1.0)]
    """
    wanted = tuple(dict.fromkeys((MAIN, *measures, HIT)))
    one, two = (evaluate(run, qrels, wanted) for run in (first, second))
    tests = [difference("", one, two, measure) for measure in wanted if measure != HIT]
    tests += [hits("", one, two), *on_slices("", one[MAIN], two[MAIN], masks or {})]
    return Comparison(names, (one, two), family(tests))


def figures(evaluation: Evaluation) -> dict[str, dict[str, float]]:
    """Mean and 95 % bootstrap interval of every measure, as JSON values; P@1 is called hit@1."""
    return {
        HIT_NAME if measure == HIT else str(measure): _spread(interval(values))
        for measure, values in evaluation.values.items()
    }


def _spread(found: Interval) -> dict[str, float]:
    return {"mean": found.mean, "low": found.low, "high": found.high}


def _columns(first: Evaluation, second: Evaluation, by: Measure) -> tuple[Floats, Floats]:
    if first.queries != second.queries:
        odd = sorted(set(first.queries) ^ set(second.queries))
        what = f"{len(odd)} stand in only one, such as {odd[0]!r}" if odd else "their order differs"
        raise InputError(f"the two evaluations are not of the same queries: {what}; evaluate both with the same qrels")
    return first[by], second[by]
