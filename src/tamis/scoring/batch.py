"""A file of queries with their documents, scored row by row into another file."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Candidate, Document, Floats, Pair, Policy, Progress, Query, Ranking, Scorer, as_documents
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of one pair; ``why`` is empty where it accepts it."""

    probability: float | None
    why: str


def score_file(
    source: str | Path,
    output: str | Path,
    scorer: Scorer,
    *,
    instruction: str = "",
    policy: Policy | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Score every row of a .csv or .jsonl file; the output appears whole or not at all.

    A row with ``query`` and ``document`` gets ``score`` (a raw logit) and ``rank`` among its query's rows. A row with
    ``query`` and a list ``documents`` gets ``scores`` and ``ranking`` (positions, best first). Other columns are kept.

    A policy decides on the rows of one query together, or on a row's list. Rows gain ``probability`` (None where the
    policy has no calibration), ``accepted`` and ``reason``; lists ``probabilities``, ``accepted`` and ``reasons``. To
    rules, a row's other columns are its document's fields.

    Returns:
        how many rows were read and how many pairs were scored; with a policy, how many were accepted.

    Raises:
        DataError: a row lacks a field or has one of another type; with file, line and field.
        InputError: the output is neither .csv nor .jsonl.
        StorageError: the disk refused the output.
        PolicyError: the policy has expired, or was tuned for other scores.
        NotCertifiedError: the policy has no threshold, since none was certified.
    """
    output = Path(output)
    if output.suffix not in ENDINGS:
        raise InputError(f"{output}: expected a name that ends in {' or '.join(ENDINGS)}")
    lines = [_line(row, instruction) for row in read_rows(source)]
    pairs = [pair for line in lines for pair in line.pairs]
    scores = scored(scorer, pairs, progress)
    results = _results(lines, scores) if lines else []
    counts = {"rows": len(lines), "pairs": len(pairs)}
    if policy is not None:
        verdicts = _verdicts(lines, scores, scorer, policy)
        results = [{**r, **_said(line, v)} for r, line, v in zip(results, lines, verdicts, strict=True)]
        counts["accepted"] = sum(not verdict.why for part in verdicts for verdict in part)
    with atomic_write(output) as out:
        _write(out, output.suffix, results)
    return counts


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
    known = {name: value for name, value in row.values.items() if isinstance(value, str | int | float)}
    fields = {name: value for name, value in known.items() if name not in ("query", "document")}
    return Line(row, [(asked, Document(str(row.line), row.text("document"), fields=fields))], False)


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


def _verdicts(lines: list[Line], scores: Floats, scorer: Scorer, policy: Policy) -> list[list[Verdict]]:
    """What the policy says of every pair of every line."""
    places, at = list[list[int]](), 0
    for line in lines:
        places.append(list(range(at, at + len(line.pairs))))
        at += len(line.pairs)
    groups: dict[object, list[int]] = {}
    for number, (line, own) in enumerate(zip(lines, places, strict=True)):
        groups.setdefault(number if line.many else line.pairs[0][0], []).extend(own)
    pairs = [pair for line in lines for pair in line.pairs]
    found: dict[int, Verdict] = {}
    for own in groups.values():
        if own:
            said = _decided([pairs[i] for i in own], scores[own], scorer, policy)
            found.update(zip(own, said, strict=True))
    return [[found[i] for i in own] for own in places]


def _decided(pairs: Sequence[Pair], scores: Floats, scorer: Scorer, policy: Policy) -> list[Verdict]:
    """What the policy says of the pairs of one query, in their order."""
    candidates = tuple(Candidate(document, 0.0) for _, document in pairs)
    ranking = Ranking(pairs[0][0], candidates).rescored(scorer.name, scores, fingerprint=scorer.fingerprint)
    decision = policy.decide(ranking)
    said = {c.doc.id: Verdict(c.probability, "") for c in decision.ranking}
    said |= {c.doc.id: Verdict(c.probability, why) for c, why in decision.rejected}
    return [said[document.id] for _, document in pairs]


def _said(line: Line, verdicts: list[Verdict]) -> dict[str, Any]:
    """The columns that a row gains by a policy."""
    if line.many:
        return {
            "probabilities": [verdict.probability for verdict in verdicts],
            "accepted": [not verdict.why for verdict in verdicts],
            "reasons": [verdict.why for verdict in verdicts],
        }
    (only,) = verdicts
    return {"probability": only.probability, "accepted": not only.why, "reason": only.why}


def _write(out: Any, suffix: str, results: list[Mapping[str, Any]]) -> None:
    if suffix == ".jsonl":
        out.writelines(json.dumps(result, ensure_ascii=False) + "\n" for result in results)
        return
    columns = list(dict.fromkeys(column for result in results for column in result))
    table = csv.DictWriter(out, columns, lineterminator="\n")
    table.writeheader()
    for result in results:
        table.writerow({column: _cell(value) for column, value in result.items()})


def _cell(value: Any) -> str | int | float:
    if value is None:
        return ""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return value if plain else json.dumps(value)
