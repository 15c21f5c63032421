"""Scores with labels from wherever people keep them: files of scores, test sets, evaluation sets; scored if need be."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate import Labelled
from tamis.core import Candidate, Document, Floats, Progress, Query, Ranking, Scorer
from tamis.data import Collection, Row, read_examples, read_rows
from tamis.errors import DataError, InputError
from tamis.experiment import Experiment
from tamis.pipeline import Rerank
from tamis.recall import Index

QUERY_COLUMNS = ("query_id", "qid", "query")
LABEL_COLUMNS = ("label", "grade", "relevance")
SCORER_COLUMNS = ("stage", "scorer")
LIST_LABELS = ("labels", "true_labels")
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:/#-]{1,64}")  # names of queries look so; a query's text does not


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Labelled scores, and what is known about where they come from.

    Attributes:
        data: scores, labels and queries.
        query_ids: the name of each query, by its number in ``data.groups``; empty where no queries are known.
        grades: the labels as they were before ``relevant_if``, one a pair.
        segments: the segment of each pair; None where the source has none.
        stage: name under which a ranking carries such scores; empty where it is not known.
        fingerprint: what exactly gave the scores; empty where it is not known.
        rankings: the scored rankings, where the scoring was done here; pairs stand in their order.
    """

    data: Labelled
    query_ids: list[str]
    grades: Floats
    segments: list[str] | None = None
    stage: str = ""
    fingerprint: str = ""
    rankings: list[Ranking] | None = None

    def names(self) -> list[str] | None:
        """Names of the queries for a page that may be passed on: instead of a text, a number; None without queries.

        >>> LabelledSet(Labelled.of([0.2, 0.9], [0, 1], ["q-7", "my rent"]), ["q-7", "my rent"], np.zeros(2)).names()
        ['q-7', '#2']
        """
        if not self.data.grouped:
            return None
        return [name if IDENTIFIER.fullmatch(name) else f"#{at}" for at, name in enumerate(self.query_ids, 1)]


@dataclass(frozen=True, slots=True)
class Lists:
    """Labelled scores as rankings, best first, and the labels in their order.

    Attributes:
        rankings: one a query; pairs without a query are one each.
        labels: 1.0 or 0.0 for each candidate of each ranking in turn.
    """

    rankings: list[Ranking]
    labels: Floats


def lists_of(found: LabelledSet) -> Lists:
    """The rankings behind labelled scores; made of scores alone where nothing else is known.

    Documents without names are then called by their place, counted from 1, and neither they nor queries have texts.

    >>> lists = lists_of(LabelledSet(Labelled.of([0.2, 0.9], [0, 1], ["q", "q"]), ["q"], np.array([0.0, 1.0])))
    >>> [(c.doc.id, c.score) for c in lists.rankings[0]], lists.labels.tolist()
    ([('1', 0.9), ('2', 0.2)], [1.0, 0.0])
    """
    data = found.data
    if found.rankings is not None:
        return Lists(found.rankings, data.labels)
    order = np.lexsort((-data.scores, data.groups))
    ends = np.flatnonzero(np.diff(data.groups[order])) + 1
    return Lists([_bare(found, part) for part in np.split(order, ends)], data.labels[order])


def _bare(found: LabelledSet, pairs: NDArray[np.int64]) -> Ranking:
    """The ranking of one query's pairs, of which only scores are known."""
    number = int(found.data.groups[pairs[0]])
    name = found.query_ids[number] if found.query_ids else str(number + 1)
    scores = found.data.scores[pairs].tolist()
    items = (
        Candidate(Document(str(at), ""), score, {found.stage: score} if found.stage else {})
        for at, score in enumerate(scores, 1)
    )
    known = {found.stage: found.fingerprint} if found.stage else {}
    return Ranking(Query("", name), tuple(items), known)


class Pairs(NamedTuple):
    """Columns of a source: one value of each a pair."""

    scores: list[float]
    grades: list[float]
    queries: list[str]
    segments: list[str]
    weights: list[float]
    whose: list[tuple[str, str]]


def open_labelled(
    source: str | Path,
    *,
    scorer: Scorer | None = None,
    relevant_if: float | None = None,
    k: int = 100,
    progress: Progress | None = None,
) -> LabelledSet:
    """Labelled scores from a file of scores, or from a test set or evaluation set that is scored here.

    Args:
        source: a file of rows with ``score`` and ``label`` (best also ``query_id``; perhaps ``segment`` and ``weight``)
            or with lists ``scores`` and ``labels`` (perhaps ``weights``), where any row may say in ``stage`` and
            ``scorer`` what gave them; a file in any form of ``tamis.data.FORMS``
            with labels, such as ``{query, documents, labels}``; or an evaluation set's folder, whose unjudged
            candidates are irrelevant.
        scorer: scores what has no scores yet; with a file of scores, it only says whose they are.
        relevant_if: grades from here on are relevant; needed where labels are not 0 and 1.
        k: candidates of a query that are recalled, where the set lists none.
        progress: called with (pairs scored, pairs in all).

    Raises:
        DataError: a row cannot be used; with file, line and field.
        InputError: there is no pair, the source has no scores and no scorer was given, or labels are grades and
            ``relevant_if`` is missing.
    """
    if Path(source).is_dir():
        return _from_collection(Collection.open(source), _needed(scorer, source), relevant_if, k, progress)
    found = scored_pairs(read_rows(source), source)
    if found is None:
        return _from_examples(source, _needed(scorer, source), relevant_if, progress)
    data, grades, names = _labelled(found, relevant_if, source)
    stage, fingerprint = _whose(found, scorer, source)
    segments = found.segments if any(found.segments) else None
    return LabelledSet(data, names, grades, segments, stage, fingerprint)


def _whose(found: Pairs, scorer: Scorer | None, source: str | Path) -> tuple[str, str]:
    """The stage and the scorer that scores come from: as the file says, and as was said of it."""
    known = dict.fromkeys(one for one in found.whose if any(one))
    if len(known) > 1:
        raise DataError(f"scores of {len(known)} scorers in one file: give a file for each", path=str(source))
    own = next(iter(known), None)
    if scorer is None:
        return own or ("", "")
    if own and own[1] != scorer.fingerprint:
        raise InputError(
            f"{source} says that its scores are those of {own[1]}, and {scorer.name} is {scorer.fingerprint}"
        )
    return own or (scorer.name, scorer.fingerprint)


def is_scored(source: str | Path) -> bool:
    """Whether a file holds scores with labels, by its first row.

    Raises:
        DataError: the file cannot be read, or has no row.
    """
    return not Path(source).is_dir() and _readers(_first(read_rows(source), source)) is not None


def _first(rows: Iterator[Row], source: str | Path) -> Row:
    found = next(rows, None)
    if found is None:
        raise DataError("no rows: expected one a scored pair", path=str(source))
    return found


def _needed(scorer: Scorer | None, source: str | Path) -> Scorer:
    if scorer is None:
        raise InputError(f"{source} holds no scores: say what shall score it (--model tamis-mini)")
    return scorer


def scored_pairs(rows: Iterator[Row], source: str | Path) -> Pairs | None:
    """The columns of a file of scores; None where its first row has no score.

    Raises:
        DataError: no row at all, or one that cannot be used; with file, line and field.
    """
    first = _first(rows, source)
    read = _readers(first)
    if read is None:
        return None
    pairs = Pairs([], [], [], [], [], [])
    for row in itertools.chain([first], rows):
        read(row, pairs)
    return pairs


def _readers(first: Row) -> Callable[[Row, Pairs], None] | None:
    columns = first.values
    if "score" in columns and any(column in columns for column in LABEL_COLUMNS):
        return _read_pair
    if "scores" in columns and any(column in columns for column in LIST_LABELS):
        return _read_list
    return None


def _read_pair(row: Row, pairs: Pairs) -> None:
    label = next((column for column in LABEL_COLUMNS if column in row), LABEL_COLUMNS[0])
    pairs.scores.append(row.number("score"))
    pairs.grades.append(_grade(row, label))
    query = next((column for column in QUERY_COLUMNS if column in row), "")
    pairs.queries.append(row.name(query) if query else "")
    pairs.segments.append(row.name("segment") if row.values.get("segment") not in (None, "") else "")
    pairs.weights.append(row.number("weight") if "weight" in row else 1.0)
    stage, scorer = (row.name(one) if row.values.get(one) not in (None, "") else "" for one in SCORER_COLUMNS)
    pairs.whose.append((stage, scorer))


def _read_list(row: Row, pairs: Pairs) -> None:
    column = next((column for column in LIST_LABELS if column in row), LIST_LABELS[0])
    scores, grades = row.elements("scores"), row.elements(column)
    if len(scores) != len(grades):
        raise row.error(f"expected {len(scores)} labels, one a score, got {len(grades)}", column)
    weights = row.elements("weights") if "weights" in row else [row.values.get("weight")] * len(scores)
    if len(weights) != len(scores):
        raise row.error(f"expected {len(scores)} weights, one a score, got {len(weights)}", "weights")
    name = next((row.name(c) for c in QUERY_COLUMNS if c in row), str(row.line))
    whole = {"query": name, **{one: row.values.get(one) for one in ("segment", *SCORER_COLUMNS)}}
    for score, grade, weight in zip(scores, grades, weights, strict=True):
        _read_pair(Row(row.path, row.line, {"score": score, "label": grade, "weight": weight, **whole}), pairs)


def _grade(row: Row, column: str) -> float:
    value = row.get(column)
    return float(value) if isinstance(value, bool) else row.number(column)


def _labelled(pairs: Pairs, relevant_if: float | None, source: str | Path) -> tuple[Labelled, Floats, list[str]]:
    named = [bool(name) for name in pairs.queries]
    if any(named) and not all(named):
        raise DataError(f"pair {named.index(False) + 1} has no query, others have", path=str(source))
    groups = pairs.queries if any(named) else None
    data = Labelled.of(pairs.scores, pairs.grades, groups, pairs.weights, relevant_if=relevant_if)
    names = list(dict.fromkeys(pairs.queries)) if groups else []
    return data, np.array(pairs.grades, dtype=np.float64), names


def _from_examples(
    source: str | Path, scorer: Scorer, relevant_if: float | None, progress: Progress | None
) -> LabelledSet:
    """A test set: the candidates of equal queries belong together, wherever they stand."""
    documents: dict[Query, list[tuple[str, float]]] = {}
    for example in read_examples(source):
        asked = Query(example.query, instruction=example.instruction)
        documents.setdefault(asked, []).extend(zip(example.documents, example.labels, strict=True))
    grades = {asked: dict(enumerate(label for _, label in listed)) for asked, listed in documents.items()}
    unscored = [
        Ranking(asked, tuple(Candidate(Document(str(at), text), 0.0) for at, (text, _) in enumerate(listed)))
        for asked, listed in documents.items()
    ]

    def grade(query: Query, document: Document) -> float:
        return grades[query][int(document.id)]

    return label_rankings(unscored, grade, scorer, relevant_if=relevant_if, progress=progress)


def _from_collection(
    collection: Collection, scorer: Scorer, relevant_if: float | None, k: int, progress: Progress | None
) -> LabelledSet:
    index = Index.build(collection.documents.values())
    queries = collection.judged
    first = Experiment(collection, index, scorer=scorer, k=k).first_stage(queries, None)

    def grade(query: Query, document: Document) -> float:
        return float(collection.qrels[query.id].get(document.id, 0))

    return label_rankings(first, grade, scorer, relevant_if=relevant_if, progress=progress)


def label_rankings(
    unscored: Sequence[Ranking],
    grade: Callable[[Query, Document], float],
    scorer: Scorer,
    *,
    relevant_if: float | None = None,
    progress: Progress | None = None,
) -> LabelledSet:
    """Rankings of your own first stage, scored and labelled.

    Args:
        unscored: the candidates of each query; lists without any are left out.
        grade: what somebody said of a document for a query.
        scorer: scores them.
        relevant_if: grades from here on are relevant; needed where they are not 0 and 1.
        progress: called with (pairs scored, pairs in all).

    Raises:
        InputError: no candidate at all, or labels that cannot be used; before anything is scored.
    """
    before = [grade(ranking.query, candidate.doc) for ranking in unscored for candidate in ranking]
    if not before:
        raise InputError("no query has a candidate: there is nothing to learn from")
    Labelled.of(before, before, relevant_if=relevant_if)
    rankings = Rerank(scorer, progress=progress)([ranking for ranking in unscored if len(ranking)])
    grades = np.array([grade(r.query, candidate.doc) for r in rankings for candidate in r], dtype=np.float64)
    return LabelledSet(
        data=Labelled.of(
            np.concatenate([ranking.scores for ranking in rankings]),
            grades,
            np.repeat(np.arange(len(rankings)), [len(ranking) for ranking in rankings]),
            relevant_if=relevant_if,
        ),
        query_ids=[ranking.query.id or ranking.query.text for ranking in rankings],
        grades=grades,
        stage=_stage(rankings, scorer),
        fingerprint=scorer.fingerprint,
        rankings=rankings,
    )


def _stage(rankings: Sequence[Ranking], scorer: Scorer) -> str:
    """The name that all scores carry.

    Raises:
        InputError: some rankings carry another one, so that their scores are not of one kind.
    """
    stages: dict[str, Any] = {
        stage: None for ranking in rankings for stage in ranking.fingerprints if stage.startswith(scorer.name)
    }
    if len(stages) > 1:
        raise InputError(f"scores of two kinds in one set: {', '.join(stages)}; give all queries the same first stage")
    return next(iter(stages), scorer.name)
