"""A file of rows scored as long work: the result, the rows set aside, and the first of both to look at."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tamis.core import Policy, Scorer
from tamis.data import read_rows
from tamis.errors import DataError, StoppedError
from tamis.jobs import Task, Work
from tamis.scoring.batch import score_file
from tamis.scoring.columns import short
from tamis.scoring.refusals import write_refused

Form: TypeAlias = Literal["csv", "jsonl"]

RESULTS, ERRORS = "results", "errors.jsonl"
ROWS, REFUSALS = 20, 50  # that are looked at
LONGEST = 160  # characters of a cell or message that is looked at

# What rows gain by scoring, in the order in which people look at it: before what they held themselves.
GAINED = ("rank", "score", "probability", "accepted", "reason")
LISTED = ("ranking", "scores", "probabilities", "accepted", "reasons")


def batch_work(
    source: str,
    form: Form,
    scorer: Scorer,
    *,
    columns: Mapping[str, str] | None = None,
    query: str = "",
    instruction: str = "",
    policy: Policy | None = None,
    most: int | None = None,
) -> Work:
    """Work that scores a file of rows which stands in the job's folder; rows that cannot be used are set aside.

    It writes ``results.csv``, for people with spreadsheets, or ``results.jsonl``, and where rows were set aside
    ``errors.jsonl``. Its result has the counts of ``score_file``, the ``seconds`` it took, the names of the ``files``,
    the first ``refusals`` (line, field, message) and a ``preview``: ``columns`` and the cells of the first ``rows``.

    Args:
        source: the file's name.
        form: of the result.
        scorer: what scores the pairs.
        columns: what the file calls its columns, as for ``score_file``.
        query: asked of every row, where the file has documents only.
        instruction: a task description, for scorers that read one.
        policy: decides, too.
        most: pairs that the file may hold.
    """

    def work(task: Task) -> Mapping[str, Any]:
        errors = list[DataError]()
        output = task.folder / f"{RESULTS}.{form}"
        began = time.monotonic()
        try:
            counts = score_file(
                task.folder / source, output, scorer, columns=columns, query=query, instruction=instruction,
                policy=policy, spreadsheet=form == "csv", refused=errors.append, most=most, stop=task.stopping,
                progress=task.progress,
            )  # fmt: skip
        except StoppedError:
            raise StoppedError from None  # that it was stopped says the job's state
        seconds = time.monotonic() - began
        if errors:
            write_refused(task.folder / ERRORS, errors)
        return {
            **counts,
            "seconds": round(seconds, 3),
            "files": [output.name, *([ERRORS] if errors else [])],
            "refusals": [_told(error) for error in errors[:REFUSALS]],
            "preview": preview(output),
        }

    return work


def preview(path: str | Path, rows: int = ROWS) -> dict[str, Any]:
    """The first rows of a result as JSON: ``columns``, what was gained first, and ``rows`` of short texts.

    Raises:
        DataError: the file cannot be read.
    """
    found = [row.values for row in islice(read_rows(path), rows)]
    held = dict.fromkeys(column for values in found for column in values)
    gained = LISTED if LISTED[0] in held and LISTED[1] in held else GAINED
    columns = [*(column for column in gained if column in held), *(column for column in held if column not in gained)]
    return {"columns": columns, "rows": _cells(found, columns)}


def _cells(found: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[list[str]]:
    return [[short(values.get(column), LONGEST) for column in columns] for values in found]


def _told(error: DataError) -> dict[str, Any]:
    return {"line": error.line, "field": error.field, "message": short(error.message, LONGEST)}
