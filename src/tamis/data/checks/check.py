"""Reading files to the end whatever is wrong with them, and reporting on what they hold."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import numpy as np

from tamis.core import Progress
from tamis.data.checks.findings import CHECKS, found, per_query
from tamis.data.checks.leaks import leaks
from tamis.data.checks.lengths import beyond_window, languages, lengths
from tamis.data.checks.pairs import Pairs, Rows
from tamis.data.checks.report import Finding, Place, Report
from tamis.data.examples import Unjudged, read_placed
from tamis.data.forms import form_named
from tamis.data.open import Source, name_of
from tamis.data.training import Counts
from tamis.errors import DataError, InputError

Sources: TypeAlias = Source | Sequence[Source]

LEVELS = ("error", "warning", "note")
REMEMBERED = 1000  # different messages about bad rows that are told apart
LABELS = 20  # different labels that are counted


@dataclass(slots=True)
class Bad:
    """Rows that cannot be read: how many, and the first of each message."""

    rows: int = 0
    messages: dict[tuple[str, str | None, str], list[int | None]] = field(default_factory=dict)

    def add(self, error: DataError) -> None:
        """Take in one."""
        self.rows += 1
        said = (error.path, error.field, error.message)
        if said in self.messages or len(self.messages) < REMEMBERED:
            self.messages.setdefault(said, []).append(error.line)

    def finding(self) -> Finding | None:
        """What is said of them: the first place of each message, and how often it occurs."""
        places = (
            Place(path, lines[0], f"{_field(field)}{message}{_more(len(lines))}")
            for (path, field, message), lines in self.messages.items()
        )
        texts = ("rows that cannot be read, left out of this report", "correct them; training stops at the first")
        return found("bad rows", "error", self.rows, texts, places)


def check(
    source: Sources,
    *,
    against: Sources | None = None,
    unjudged: Unjudged = "ignore",
    most: int | None = None,
    progress: Progress | None = None,
) -> Report:
    r"""Read training data to the end, whatever is wrong with its rows, and report on it.

    Args:
        source: one or several files, streams or folders, as for ``read_training``.
        against: the data that a model is measured on; what stands on both sides is reported.
        unjudged: as for ``read_training``.
        most: rows of either side; more are refused. None is no bound.
        progress: called with (rows read, None).

    Raises:
        DataError: a source does not exist or is no text file.
        InputError: there are more rows than may be.

    >>> import io
    >>> report = check(io.StringIO("query,document,label\nq,a,1\nq,a,0\nq,b,x\n"))
    >>> [(finding.level, finding.says) for finding in report.findings][0]
    ('error', 'rows that cannot be read, left out of this report: 1')
    """
    pairs, bad, unread = _read(source, unjudged, most, progress)
    findings = [*bad, *(finding for one in CHECKS if (finding := one(pairs))), *unread]
    if against is not None:
        other, worse, _ = _read(against, unjudged, most, progress)
        findings += [*leaks(pairs, other), *worse]
    return Report(
        sources=tuple(map(name_of, _each(source))),
        rows=len(pairs.rows.paths),
        counts=_counts(pairs, findings),
        labels=_labels(pairs),
        per_query=per_query(pairs),
        query_lengths=lengths([query for query, _ in pairs.spelled]),
        document_lengths=lengths(pairs.texts),
        beyond_window=beyond_window(pairs),
        languages={
            "queries": languages([query for query, _ in pairs.spelled]),
            "documents": languages(pairs.texts),
        },
        findings=tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level))),
    )


def _each(source: Sources) -> list[Source]:
    several = isinstance(source, Sequence) and not isinstance(source, str)
    return list(cast("Sequence[Source]", source)) if several else [cast(Source, source)]


def _read(
    source: Sources, unjudged: Unjudged, most: int | None, progress: Progress | None
) -> tuple[Pairs, list[Finding], list[Finding]]:
    """The pairs, what is wrong with rows, and which columns nobody reads."""
    rows, bad, columns = Rows(), Bad(), Counter[tuple[str, str, tuple[str, ...]]]()
    broken: list[DataError] = []
    for one in _each(source):
        try:
            for placed in read_placed(one, unjudged=unjudged, refused=bad.add):
                rows.add(placed)
                if most is not None and len(rows.paths) + bad.rows > most:
                    raise InputError(f"there are more than {most:,} rows: send fewer, or check and train with tamis")
                if placed.form:
                    columns[placed.path, placed.form.word, placed.columns] += 1
                if progress and len(rows.paths) % 1000 == 0:
                    progress(len(rows.paths), None)
        except DataError as error:
            if error.line is None:  # no such file, a folder that is no set, no text: there is nothing to report on
                raise
            broken.append(error)
    findings = [_broken(broken), bad.finding(), _empty(rows, bad, broken)]
    return Pairs(rows), [finding for finding in findings if finding], _unread(columns)


def _broken(errors: Sequence[DataError]) -> Finding | None:
    places = (Place(error.path, error.line, error.message) for error in errors)
    texts = ("files that cannot be read to their end", "correct them; this report is on what stands before")
    return found("unreadable", "error", len(errors), texts, places)


def _empty(rows: Rows, bad: Bad, broken: Sequence[DataError]) -> Finding | None:
    if rows.paths or bad.rows or broken:
        return None
    advice = "expected queries with documents and labels; a table begins with a line of column names"
    return Finding("empty", "error", 1, "there are no rows", advice)


def _unread(columns: Mapping[tuple[str, str, tuple[str, ...]], int]) -> list[Finding]:
    many = Counter[tuple[str, str, str]]()
    for (path, word, names), rows in columns.items():
        for name in form_named(word).unread(names):
            many[path, word, name] += rows
    places = (
        Place(path, None, f"column {name!r} ({word}, {rows:,} rows){_meant(name, word)}")
        for (path, word, name), rows in many.items()
    )
    advice = "fine for ids and sources; a label, score or weight that should count has another name"
    finding = found("unread columns", "note", len(many), ("columns that are not read", advice), places)
    return [finding] if finding else []


def _meant(column: str, word: str) -> str:
    near = difflib.get_close_matches(column, form_named(word).optional, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _counts(pairs: Pairs, findings: Sequence[Finding]) -> Counts:
    number = {finding.name: finding.count for finding in findings}
    return Counts(
        queries=len(pairs.keys),
        documents=len(pairs.texts),
        pairs=len(pairs.first),
        positives=int(np.sum(pairs.top > 0)),
        negatives=int(np.sum(pairs.top <= 0)),
        scored=int(np.sum(np.isfinite(pairs.extreme(pairs.score, np.fmax)))),
        without_positive=number.get("no positive", 0),
        without_negative=number.get("no negative", 0),
    )


def _labels(pairs: Pairs) -> dict[str, int]:
    values, many = np.unique(pairs.top, return_counts=True)
    order = np.argsort(-many, kind="stable")[:LABELS]
    return {"none" if np.isnan(values[at]) else f"{values[at]:g}": int(many[at]) for at in order}


def _field(name: str | None) -> str:
    return f"field {name!r}: " if name else ""


def _more(rows: int) -> str:
    return f" (and {rows - 1:,} more such rows)" if rows > 1 else ""
