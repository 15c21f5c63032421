"""The founding workflow: score a test set, compare the ways to a threshold, and take one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from tamis.calibrate import Labelled
from tamis.core import Candidate, Document, Progress, Query, Ranking, Scorer
from tamis.data import Example, read_examples
from tamis.decide import PrecisionAtLeast, Refused, Row, Target
from tamis.errors import InputError, NotCertifiedError
from tamis.evaluate import Ratio
from tamis.labels import LabelledSet
from tamis.pipeline import scored
from tamis.recipes.models import Model, as_scorer
from tamis.tuning import Tuning, Wanted, tune_policy

WANTED = PrecisionAtLeast(0.9)  # the promise that is asked for beside the founding ways where no target is given
PORTION = 256  # pairs that are scored before a bar moves
CHOSEN = 0  # place of the PR curve's row, whose threshold the founding function returned


class Result(TypedDict):
    """One query of a test set: its text, and a score and a label a document, in the documents' order."""

    query: str
    scores: list[float]
    true_labels: list[float]


class ScoredSet(list[Result]):
    """The results of a test set, and what gave the scores.

    Attributes:
        stage: the scorer's name; empty where it is not known.
        fingerprint: what exactly gave the scores; empty where it is not known.
    """

    def __init__(self, items: Iterable[Result], stage: str = "", fingerprint: str = "") -> None:
        super().__init__(items)
        self.stage, self.fingerprint = stage, fingerprint


def evaluate_on_testset(test_file: str | Path, model: Model, *, progress: Progress | None = None) -> ScoredSet:
    """Scores of a labelled test set, one ``{"query", "scores", "true_labels"}`` an entry, in the file's order.

    Differs from the founding version in that all pairs go through the model in full batches, that the file may have
    any form of ``tamis.data.FORMS`` besides ``{query, documents, labels}``, that an entry with another number of
    labels than documents is an error that names its line, and that the list remembers which scorer it is of.

    Args:
        test_file: a JSON array, JSONL or a table.
        model: a scorer, its spec, or an object with ``score(query, document)``.
        progress: called with (pairs scored, pairs in all); without it a terminal is shown a bar.

    Raises:
        DataError: an entry cannot be used; with file, line and field.
        InputError: the model is none.

    >>> import json, tempfile
    >>> entry = {"query": "what sieves soup?", "documents": ["Rain.", "A tamis sieves soup."], "labels": [0, 1]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "testset.json"
    ...     _ = file.write_text(json.dumps([entry]))
    ...     (result,) = evaluate_on_testset(file, "tamis-mini")
    >>> result["true_labels"], result["scores"][1] > result["scores"][0]
    ([0, 1], True)
    """
    scorer = as_scorer(model)
    examples = list(read_examples(test_file))
    total, results = sum(len(example.documents) for example in examples), list[Result]()
    with _shown(progress) as told:
        done = 0
        for portion in _portions(examples):
            results += _results(scorer, portion)
            done += sum(len(example.documents) for example in portion)
            if told:
                told(done, total)
    return ScoredSet(results, scorer.name, scorer.fingerprint)


def _portions(examples: list[Example]) -> Iterator[list[Example]]:
    """Whole entries of at least ``PORTION`` pairs together, but for the last: full batches, and a bar that moves."""
    portion, pairs = list[Example](), 0
    for example in examples:
        portion.append(example)
        pairs += len(example.documents)
        if pairs >= PORTION:
            yield portion
            portion, pairs = [], 0
    if portion:
        yield portion


def _results(scorer: Scorer, examples: list[Example]) -> list[Result]:
    pairs = [
        (Query(example.query, instruction=example.instruction), Document(str(at), text))
        for example in examples
        for at, text in enumerate(example.documents)
    ]
    parts = np.split(scored(scorer, pairs), np.cumsum([len(example.documents) for example in examples])[:-1])
    return [
        {"query": example.query, "scores": part.tolist(), "true_labels": [_plain(label) for label in example.labels]}
        for example, part in zip(examples, parts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Analysis:
    """A threshold beside other ways to one; ``float()`` gives it, ``str()`` the table of all ways.

    Scores can be compared with it, and ``f"{analysis:.3f}"`` formats it, as the number that the founding function gave.

    Attributes:
        threshold: on the scorer's own scale; None where a target was given and its promise was refused.
        tuning: everything behind the table; ``tuning.policy()`` makes the certified threshold, where there is one, a
            policy.
    """

    threshold: float | None
    tuning: Tuning

    def __float__(self) -> float:
        """The threshold.

        Raises:
            NotCertifiedError: the promise was refused.
        """
        if self.threshold is None:
            raise NotCertifiedError(f"there is no threshold: {(self.tuning.certificate or {}).get('reason', '')}")
        return self.threshold

    def __lt__(self, other: float) -> bool:
        return float(self) < float(other)

    def __le__(self, other: float) -> bool:
        return float(self) <= float(other)

    def __gt__(self, other: float) -> bool:
        return float(self) > float(other)

    def __ge__(self, other: float) -> bool:
        return float(self) >= float(other)

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else str(self)

    def __str__(self) -> str:
        data = self.tuning.found.data
        head = f"{len(data)} pairs of {data.queries} queries; figures of queries that a threshold was not chosen on"
        rows = [("method", "threshold", "precision", "recall", "F1"), *map(_cells, self.tuning.methods)]
        widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        refusals = [row.certificate.reason for row in self.tuning.methods if isinstance(row.certificate, Refused)]
        tail = ["95 % intervals, for all rows together", *(f"refused: {reason}" for reason in refusals)]
        return "\n".join([head, *(line.rstrip() for line in lines), *tail])


def analyze_and_set_threshold(
    results: Sequence[Mapping[str, Any]], target: Target | None = None, *, relevant_if: float | None = None
) -> Analysis:
    """The founding ways to a threshold and a certificate, each chosen on some queries and held against the others.

    Differs from the founding version, which printed three ways with the figures of the very pairs they were chosen on:
    here the figures are of held-out queries, with intervals that allow for several ways being compared. ``print`` of
    the result shows the table; as a number it is the PR curve's threshold, as there, or that of the ``target``.

    Args:
        results: what ``evaluate_on_testset`` gave, or dicts with ``query``, ``scores`` and ``true_labels``.
        target: what the threshold is for, such as ``PrecisionAtLeast(0.95)``.
        relevant_if: labels from this grade on are relevant; needed where they are not 0 and 1.

    Raises:
        InputError: results that lack a part, labels all equal, grades without ``relevant_if``, or under 5 queries.

    >>> rng = np.random.default_rng(0)
    >>> labels = [[1, 1, 0, 0, 0, 0]] * 40
    >>> results = [{"query": f"q{n}", "scores": rng.normal(np.array(row) * 4).tolist(), "true_labels": row}
    ...            for n, row in enumerate(labels)]
    >>> found = analyze_and_set_threshold(results)
    >>> 1 < float(found) < 3, len(found.tuning.methods)
    (True, 4)
    """
    tuning = tune_policy(as_labelled_set(results, relevant_if), Wanted(target or WANTED))
    return Analysis(tuning.threshold if target else tuning.methods[CHOSEN].threshold, tuning)


def as_labelled_set(results: Sequence[Mapping[str, Any]], relevant_if: float | None = None) -> LabelledSet:
    """The pairs of results, with their queries: entries of equal query texts are one query's.

    Raises:
        InputError: a result lacks a part, or has another number of labels than scores.
    """
    for at, result in enumerate(results):
        if lacking := [part for part in Result.__annotations__ if part not in result]:
            raise InputError(f"result {at} has no {lacking[0]!r}: expected query, scores and true_labels")
        if len(result["scores"]) != len(result["true_labels"]):
            raise InputError(
                f"result {at} has {len(result['scores'])} scores and {len(result['true_labels'])} true_labels: "
                "expected one of each a document"
            )
    scores = [score for result in results for score in result["scores"]]
    grades = [label for result in results for label in result["true_labels"]]
    queries = [str(result["query"]) for result in results for _ in result["scores"]]
    data = Labelled.of(scores, grades, queries, relevant_if=relevant_if)
    stage, fingerprint = (results.stage, results.fingerprint) if isinstance(results, ScoredSet) else ("", "")
    names = list(dict.fromkeys(queries))
    # A policy needs both or neither: a fingerprint without its stage's name tells nobody which scores are meant.
    known = stage if fingerprint else ""
    return LabelledSet(data, names, np.array(grades, dtype=np.float64), None, known, fingerprint)


def as_rankings(found: LabelledSet) -> list[Ranking]:
    """One ranking a query, in the order of the query numbers; the documents have no text."""
    order = np.lexsort((-found.data.scores, found.data.groups))
    ends = np.cumsum(np.bincount(found.data.groups))[:-1]
    return [
        Ranking(Query(name), tuple(Candidate(Document(str(at), ""), score) for at, score in enumerate(scores.tolist())))
        for name, scores in zip(found.query_ids, np.split(found.data.scores[order], ends), strict=True)
    ]


@contextmanager
def _shown(progress: Progress | None) -> Iterator[Progress | None]:
    """The caller's progress, or a bar where stderr is a terminal."""
    if progress is not None or not sys.stderr.isatty():
        yield progress
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scoring", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _plain(label: float) -> float:
    """A label as it stood in the file: whole numbers are ints."""
    return int(label) if label.is_integer() else label


def _cells(row: Row) -> tuple[str, ...]:
    shares = (row.held_out.precision, row.held_out.recall, row.held_out.f1)
    level = "refused" if row.threshold is None else f"{row.threshold:.4g}"
    return (row.method, level, *map(_share, shares))


def _share(found: Ratio) -> str:
    return f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f})" if found.queries else "-"
