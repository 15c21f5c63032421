"""A file of queries with their documents, scored row by row into another file."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Document, Floats, Pair, Progress, Query, Scorer, as_documents
from tamis.data import Row, atomic_write, read_rows
from tamis.errors import InputError
from tamis.pipeline import scored

ENDINGS = (".csv", ".jsonl")


@dataclass(frozen=True, slots=True)
class Line:
    """One input row and the pairs it holds; ``many`` when it lists documents."""

    row: Row
    pairs: list[Pair]
    many: bool


def score_file(
    source: str | Path, output: str | Path, scorer: Scorer, *, instruction: str = "", progress: Progress | None = None
) -> dict[str, int]:
    """Score every row of a .csv or .jsonl file; the output appears whole or not at all.

    A row with ``query`` and ``document`` gets ``score`` (a raw logit) and ``rank`` among its query's rows. A row with
    ``query`` and a list ``documents`` gets ``scores`` and ``ranking`` (positions, best first). Other columns are kept.

    Returns:
        how many rows were read and how many pairs were scored.

    Raises:
        DataError: a row lacks a field or has one of another type; with file, line and field.
        InputError: the output is neither .csv nor .jsonl.
        StorageError: the disk refused the output.
    """
    output = Path(output)
    if output.suffix not in ENDINGS:
        raise InputError(f"{output}: expected a name that ends in {' or '.join(ENDINGS)}")
    lines = [_line(row, instruction) for row in read_rows(source)]
    pairs = [pair for line in lines for pair in line.pairs]
    results = _results(lines, scored(scorer, pairs, progress)) if lines else []
    with atomic_write(output) as out:
        _write(out, output.suffix, results)
    return {"rows": len(lines), "pairs": len(pairs)}


def _line(row: Row, instruction: str) -> Line:
    query = row.text("query")
    if not query.strip():
        raise row.error("the query is blank", "query")
    asked = Query(query, instruction=instruction)
    if "documents" in row:
        try:
            documents = as_documents(row.elements("documents"))
        except InputError as error:
            raise row.error(str(error), "documents") from error
        return Line(row, [(asked, document) for document in documents], True)
    return Line(row, [(asked, Document("0", row.text("document")))], False)


def _results(lines: list[Line], scores: Floats) -> list[Mapping[str, Any]]:
    parts = np.split(scores, np.cumsum([len(line.pairs) for line in lines])[:-1])
    peers: dict[str, list[float]] = {}
    for line, part in zip(lines, parts, strict=True):
        if not line.many:
            peers.setdefault(line.pairs[0][0].text, []).append(float(part[0]))
    return [{**line.row.values, **_found(line, part, peers)} for line, part in zip(lines, parts, strict=True)]


def _found(line: Line, part: Floats, peers: Mapping[str, list[float]]) -> dict[str, Any]:
    """The columns that a row gains."""
    if line.many:
        return {"scores": part.tolist(), "ranking": np.argsort(-part, kind="stable").tolist()}
    score = float(part[0])
    return {"score": score, "rank": 1 + sum(other > score for other in peers[line.pairs[0][0].text])}


def _write(out: Any, suffix: str, results: list[Mapping[str, Any]]) -> None:
    if suffix == ".jsonl":
        out.writelines(json.dumps(result, ensure_ascii=False) + "\n" for result in results)
        return
    columns = list(dict.fromkeys(column for result in results for column in result))
    table = csv.DictWriter(out, columns, lineterminator="\n")
    table.writeheader()
    for result in results:
        table.writerow({k: v if isinstance(v, str | int | float) else json.dumps(v) for k, v in result.items()})
