"""Random order: what each measure gives when a query's candidates are shuffled; it stands beside every figure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter

from tamis.evaluate.evaluation import DEFAULT, Evaluation, Qrels, measured
from tamis.evaluate.measures import Measure


def random_order(
    candidates: Mapping[str, Collection[str]], qrels: Qrels, measures: Sequence[Measure] = DEFAULT
) -> Evaluation:
    """The expected value of each measure over all orders of each query's candidates, exact and without a seed.

    Args:
        candidates: query id -> document ids; a run serves as it is.
        qrels: query id -> document id -> grade.
        measures: what to compute.

    Raises:
        InputError: nothing is judged, a grade is no whole number, or a measure lacks its cutoff.

    >>> from tamis.evaluate import P, RR
    >>> random_order({"q": ["a", "b"]}, {"q": {"a": 1}}, [RR, P @ 1]).means
    {'rr': 0.75, 'p@1': 0.5}
    """
    listed = {query: list(dict.fromkeys(docs)) for query, docs in candidates.items()}
    return measured(listed, qrels, measures, attrgetter("chance"))
