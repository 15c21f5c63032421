"""Runs, qrels and candidate lists: TREC's columns and those of the evaluation sets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from tamis.data.open import Source, name_of, read_lines
from tamis.data.rows import Row
from tamis.data.write import atomic_write
from tamis.errors import DataError, InputError

Qrels: TypeAlias = dict[str, dict[str, int]]  # query id -> document id -> grade
Run: TypeAlias = dict[str, dict[str, float]]  # query id -> document id -> score

Columns: TypeAlias = tuple[str, ...]

# What the cells of a line are, by their number.
QRELS_COLUMNS: dict[int, Columns] = {3: ("query", "document", "grade"), 4: ("query", "iteration", "document", "grade")}
LIST_COLUMNS: dict[int, Columns] = {
    2: ("query", "document"),
    3: ("query", "document", "rank"),
    4: ("query", "document", "rank", "score"),
    6: ("query", "Q0", "document", "rank", "score", "tag"),
}
RUN_COLUMNS: dict[int, Columns] = {6: LIST_COLUMNS[6]}

_blank = re.compile(r"[ \t]+")
_query_name = re.compile(r"(?:query|topic|q)(?:[-_ ]?id)?", re.IGNORECASE)
_document_name = re.compile(r"(?:corpus|document|doc|passage|d|p)(?:[-_ ]?(?:id|no))?", re.IGNORECASE)


def read_qrels(source: Source) -> Qrels:
    r"""Grades by query and document: three columns (query, document, grade) or TREC's four; a header is skipped.

    Raises:
        DataError: a line has other columns, a grade is no whole number, or a document is graded twice differently.

    >>> import io
    >>> read_qrels(io.StringIO("q1 0 d1 2\nq1 0 d2 0\n"))
    {'q1': {'d1': 2, 'd2': 0}}
    """
    qrels: Qrels = {}
    for row in _rows(source, QRELS_COLUMNS):
        grade = _whole(row, "grade")
        grades = qrels.setdefault(row.values["query"], {})
        document = row.values["document"]
        if grades.setdefault(document, grade) != grade:
            raise row.error(f"document {document!r} is graded {grades[document]} and {grade} for one query", "grade")
    return qrels


def write_qrels(path: str | Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Write qrels in three columns with tabs; the file appears whole or not at all.

    Raises:
        InputError: an id is blank or holds white space.
        StorageError: the disk refused it.
    """
    with atomic_write(path) as out:
        for query, grades in qrels.items():
            for document, grade in grades.items():
                out.write(f"{_id(query)}\t{_id(document)}\t{grade:d}\n")


def read_run(source: Source) -> Run:
    r"""Scores by query and document from TREC's six columns, in the file's order.

    Raises:
        DataError: a line has other columns, a score is not finite, or a query lists a document twice.

    >>> import io
    >>> read_run(io.StringIO("q1 Q0 d1 1 2.5 bm25\n"))
    {'q1': {'d1': 2.5}}
    """
    run: Run = {}
    for row in _rows(source, RUN_COLUMNS):
        _add(run, row, row.number("score"))
    return run


def write_run(path: str | Path, run: Mapping[str, Mapping[str, float]], tag: str = "tamis") -> None:
    """Write a run in TREC's six columns, best first, ties as trec_eval breaks them (larger document id first).

    Scores are written in full, so that ``read_run`` gives them back exactly.

    Raises:
        InputError: an id or the tag is blank or holds white space, or a score is not finite.
        StorageError: the disk refused it.
    """
    with atomic_write(path) as out:
        for query, scores in run.items():
            order = sorted(scores.items(), key=lambda item: (float(item[1]), item[0]), reverse=True)
            for rank, (document, score) in enumerate(order, start=1):
                if not math.isfinite(score):
                    raise InputError(f"run: the score of {document!r} for query {query!r} is {score}, not finite")
                out.write(f"{_id(query)} Q0 {_id(document)} {rank} {float(score)!r} {_id(tag)}\n")


def read_candidates(source: Source) -> dict[str, list[str]]:
    r"""Document ids to rerank, by query, in rank order, or in the file's order where no ranks are given.

    Columns: query, document, and perhaps rank and first-stage score; or a TREC run.

    Raises:
        DataError: a line has other columns, a rank is no whole number, or a query lists a document twice.

    >>> import io
    >>> read_candidates(io.StringIO("q1\td2\t2\nq1\td1\t1\n"))
    {'q1': ['d1', 'd2']}
    """
    ranks: Run = {}
    for at, row in enumerate(_rows(source, LIST_COLUMNS)):
        _add(ranks, row, _whole(row, "rank") if "rank" in row else at)
    return {query: sorted(listed, key=listed.__getitem__) for query, listed in ranks.items()}


def read_first_stage(source: Source) -> Run:
    r"""The first-stage scores of a candidates file; empty where it has none.

    >>> import io
    >>> read_first_stage(io.StringIO("q1\td1\t1\t13.04\n"))
    {'q1': {'d1': 13.04}}
    """
    run: Run = {}
    for row in _rows(source, LIST_COLUMNS):
        if "score" in row:
            _add(run, row, row.number("score"))
    return run


def _add(run: Run, row: Row, value: float) -> None:
    scores, document = run.setdefault(row.values["query"], {}), row.values["document"]
    if document in scores:
        raise row.error(f"document {document!r} is listed twice for query {row.values['query']!r}", "document")
    scores[document] = value


def _rows(source: Source, layouts: Mapping[int, Columns]) -> Iterator[Row]:
    """The lines as rows, each with the number of cells of the first; a header is skipped."""
    path = name_of(source)
    columns: Columns = ()
    for at, line in enumerate(read_lines(source), start=1):
        if not line.strip():
            continue
        cells = _cells(line, layouts)
        if not columns and _is_header(cells):
            continue
        columns = columns or layouts.get(len(cells), ())
        if not columns or len(cells) != len(columns):
            wanted = " or ".join(" ".join(layout) for layout in ([columns] if columns else layouts.values()))
            raise DataError(f"expected the columns {wanted}; got {len(cells)} cells", path=path, line=at)
        yield Row(path, at, dict(zip(columns, cells, strict=True)))


def _cells(line: str, layouts: Mapping[int, Columns]) -> list[str]:
    """What stands between tabs, where that makes a layout, or else between blanks."""
    cells = [cell.strip(" \r\n") for cell in line.split("\t")]
    return cells if len(cells) in layouts else _blank.split(line.strip(" \t\r\n"))


def _is_header(cells: list[str]) -> bool:
    return _query_name.fullmatch(cells[0]) is not None and any(map(_document_name.fullmatch, cells[1:]))


def _whole(row: Row, field: str) -> int:
    """The field as an integer; "1.0", which some tables write, is 1."""
    number = row.number(field)
    if number != int(number):
        raise row.error(f"expected a whole number, got {row.values[field]!r}", field)
    return int(number)


def _id(text: str) -> str:
    if not text or not text.isprintable() or " " in text:
        raise InputError(
            f"the id {text!r} cannot stand in a TREC file: it is empty, or has white space or control characters"
        )
    return text
