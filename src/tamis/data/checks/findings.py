"""What can be wrong with labelled pairs; one function a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeAlias

import numpy as np

from tamis.data.checks.pairs import Mask, Numbers, Pairs, excerpt
from tamis.data.checks.report import CONTRADICTIONS, PLACES, Finding, Level, Place
from tamis.data.merge import TEACHER_NOISE
from tamis.data.split import document_key

Check: TypeAlias = Callable[[Pairs], Finding | None]

_WORD = re.compile(r"[⺀-鿿豈-﫿]|[^\W_⺀-鿿豈-﫿]+")


def words(query: str) -> tuple[str, ...]:
    """The words of a normalised query in no order; Chinese character by character, without marks.

    >>> words("细筛是什么？") == words("什么是细筛")
    True
    """
    return tuple(sorted(_WORD.findall(query)))


def found(name: str, level: Level, count: int, texts: tuple[str, str], places: Iterator[Place]) -> Finding | None:
    """A finding from what was counted and from its advice; None where there is nothing."""
    says, advice = texts
    return Finding(name, level, count, f"{says}: {count:,}", advice, tuple(islice(places, PLACES))) if count else None


def contradictions(pairs: Pairs) -> Finding | None:
    """Documents with several labels, or with several scores of a teacher, for one query."""
    spread = pairs.extreme(pairs.score, np.fmax) - pairs.extreme(pairs.score, np.fmin)
    torn = np.flatnonzero((pairs.top > pairs.low) | (spread > TEACHER_NOISE))

    def place(group: int) -> Place:
        members = pairs.members(group)
        values = pairs.label if pairs.top[group] > pairs.low[group] else pairs.score
        one = int(next(at for at in members if values[at] == values[at]))
        other = int(next(at for at in members if values[at] == values[at] and values[at] != values[one]))
        said, row = f"{values[one]:g} here, {values[other]:g} on ", int(pairs.row[one])
        return pairs.place(row, f"{pairs.quoted(one)}: {said}{pairs.where(int(pairs.row[other]), row)}")

    texts = (
        "documents with contradictory labels for one query",
        "correct them, or choose what becomes of them with --conflicts: drop leaves them out, mean averages",
    )
    return found(CONTRADICTIONS, "error", len(torn), texts, map(place, torn.tolist()))


def blank_queries(pairs: Pairs) -> Finding | None:
    """Rows without a question."""
    blank = np.array([not query.strip() for query, _ in pairs.spelled], dtype=np.bool_)
    rows = np.unique(pairs.row[blank[pairs.query]]) if len(pairs) else pairs.row
    texts = ("rows with a blank query", "fill them in, or remove the rows")
    return found("blank queries", "error", len(rows), texts, (pairs.place(row, "the query is blank") for row in rows))


def no_documents(pairs: Pairs) -> Finding | None:
    """Rows with an empty list."""
    rows = pairs.rows.without_documents
    texts = ("rows without documents", "remove them")
    return found("no documents", "error", len(rows), texts, (pairs.place(row, "no documents") for row in rows))


def unlabelled(pairs: Pairs) -> Finding | None:
    """Pairs with neither label nor score."""
    at = pairs.first[np.isnan(pairs.top) & np.isnan(pairs.extreme(pairs.score, np.fmax))]
    texts = (
        "documents with neither a label nor a teacher's score",
        "label them (0 is irrelevant), or let a teacher score them: tamis distill",
    )
    places = (pairs.place(int(pairs.row[pair]), pairs.quoted(pair)) for pair in at.tolist())
    return found("no labels", "error", len(at), texts, places)


def partly_labelled(pairs: Pairs) -> Finding | None:
    """Queries with labels (or scores) for some of their documents."""
    key = pairs.key[pairs.first]
    many = np.bincount(key, minlength=len(pairs.keys))
    partly = np.zeros(len(pairs.keys), dtype=np.bool_)
    for values in (pairs.top, pairs.extreme(pairs.score, np.fmax)):
        told = np.bincount(key[~np.isnan(values)], minlength=len(pairs.keys))
        partly |= (told > 0) & (told < many)
    texts = (
        "queries with labels or scores for some of their documents only",
        "give them for all documents of a query, or for none",
    )
    return _queries(pairs, "partly labelled", "error", partly, texts)


def no_positive(pairs: Pairs) -> Finding | None:
    """Labelled queries to which nothing is relevant."""
    labelled, positives, _ = _tally(pairs)
    lacking = labelled & (positives == 0)
    scored = bool(np.isfinite(pairs.score).any())
    level: Level = "error" if labelled.any() and lacking.sum() == labelled.sum() and not scored else "warning"
    advice = "pairwise and listwise losses learn nothing from them; a relevant document has a label above 0"
    return _queries(pairs, "no positive", level, lacking, ("queries without a positive document", advice))


def no_negative(pairs: Pairs) -> Finding | None:
    """Labelled queries to which everything is relevant."""
    labelled, _, negatives = _tally(pairs)
    lacking = labelled & (negatives == 0)
    advice = "find some with tamis mine; training else draws documents of other queries as negatives"
    return _queries(pairs, "no negative", "warning", lacking, ("queries without a negative document", advice))


def repeated_rows(pairs: Pairs) -> Finding | None:
    """Rows that say exactly what a row before them says."""
    first = np.array(pairs.rows.repeats, dtype=np.int64)
    again = np.flatnonzero(first != np.arange(len(first)))
    texts = ("rows that repeat a row before them", "nothing need be done: they count once")
    places = (pairs.place(int(row), f"the same as {pairs.where(int(first[row]), int(row))}") for row in again.tolist())
    return found("repeated rows", "note", len(again), texts, places)


def spellings(pairs: Pairs) -> Finding | None:
    """Queries that are spelled in several ways: case, width, white space, traditional and simplified characters."""
    several = np.flatnonzero(np.bincount(pairs.spelling_key, minlength=len(pairs.keys)) > 1)

    def places() -> Iterator[Place]:
        for query, row in pairs.first_rows(several[:PLACES].tolist()):
            written = [pairs.spelled[at][0] for at in np.flatnonzero(pairs.spelling_key == query)]
            yield pairs.place(row, " / ".join(map(excerpt, written[:3])))

    texts = ("queries spelled in several ways", "nothing need be done: they are read as one, in the first spelling")
    return found("spellings", "note", len(several), texts, places())


def blank_documents(pairs: Pairs) -> Finding | None:
    """Pairs whose document says nothing."""
    blank = np.array([not text.strip() for text in pairs.texts], dtype=np.bool_)
    at = np.flatnonzero(blank[pairs.document]) if len(pairs) else pairs.row
    texts = ("pairs with a blank document", "remove them: nothing can be learnt from an empty text")
    places = (pairs.place(int(pairs.row[pair]), "a document is blank") for pair in at.tolist())
    return found("blank documents", "warning", len(at), texts, places)


def echoes(pairs: Pairs) -> Finding | None:
    """Positives that are the query itself."""
    numbers = {document_key(text): at for text, at in zip(pairs.texts, pairs.document_keys.tolist(), strict=True)}
    itself = np.array([numbers.get(document_key(query), -1) for query, _ in pairs.spelled], dtype=np.int64)
    good = pairs.first[pairs.top > 0]
    at = good[pairs.document_keys[pairs.document[good]] == itself[pairs.query[good]]] if len(good) else good
    texts = (
        "positive documents that are identical to their query",
        "a model learns to look for copies: remove them, unless copies are what is searched for",
    )
    places = (pairs.place(int(pairs.row[pair]), pairs.quoted(pair)) for pair in at.tolist())
    return found("echoes", "warning", len(at), texts, places)


def near_contradictions(pairs: Pairs) -> Finding | None:
    """Documents that are positive for a query and negative for another with the same words in another order."""
    good, bad = pairs.top > 0, pairs.low <= 0
    document = pairs.document[pairs.first]
    torn = np.bincount(document[good], minlength=len(pairs.texts)) > 0
    torn &= np.bincount(document[bad], minlength=len(pairs.texts)) > 0
    at = np.flatnonzero(torn[document] & (good ^ bad))
    numbers: dict[tuple[tuple[str, ...], str], int] = {}
    near = {
        key: numbers.setdefault((words(pairs.keys[key][0]), pairs.keys[key][1]), len(numbers))
        for key in np.unique(pairs.key[pairs.first[at]]).tolist()
    }
    sides: dict[tuple[int, int], dict[bool, int]] = {}
    for group in at.tolist():
        pair = int(pairs.first[group])
        sides.setdefault((near[int(pairs.key[pair])], int(document[group])), {}).setdefault(bool(good[group]), pair)
    both = [said for said in sides.values() if len(said) == 2]

    def place(said: dict[bool, int]) -> Place:
        row, other = int(pairs.row[said[True]]), int(pairs.row[said[False]])
        against = excerpt(pairs.spelled[pairs.query[said[False]]][0])
        what = f"{pairs.quoted(said[True])}: positive here, negative for {against} on {pairs.where(other, row)}"
        return pairs.place(row, what)

    texts = (
        "documents positive for one query and negative for another that has the same words",
        "look at them: one of the two labels is probably wrong",
    )
    return found("near contradictions", "warning", len(both), texts, map(place, both))


def _tally(pairs: Pairs) -> tuple[Mask, Numbers, Numbers]:
    """Which queries have labels, and how many positives and negatives each has, by key."""
    key, many = pairs.key[pairs.first], len(pairs.keys)
    positives = np.bincount(key[pairs.top > 0], minlength=many)
    negatives = np.bincount(key[pairs.top <= 0], minlength=many)
    return positives + negatives > 0, positives, negatives


def per_query(pairs: Pairs) -> dict[str, tuple[int, float, int]]:
    """Least, mean and most positives and negatives of a labelled query."""
    labelled, positives, negatives = _tally(pairs)
    kinds = {"positives": positives[labelled], "negatives": negatives[labelled]}
    return {
        kind: (int(many.min()), float(many.mean()), int(many.max())) if len(many) else (0, 0.0, 0)
        for kind, many in kinds.items()
    }


def _queries(pairs: Pairs, name: str, level: Level, which: Mask, texts: tuple[str, str]) -> Finding | None:
    keys = np.flatnonzero(which)
    places = (
        pairs.place(row, f"query {excerpt(pairs.keys[key][0])}")
        for key, row in pairs.first_rows(keys[:PLACES].tolist())
    )
    return found(name, level, len(keys), texts, places)


CHECKS: tuple[Check, ...] = (
    contradictions,
    blank_queries,
    no_documents,
    unlabelled,
    partly_labelled,
    no_positive,
    no_negative,
    near_contradictions,
    echoes,
    blank_documents,
    spellings,
    repeated_rows,
)
