"""A file of queries with their documents, scored row by row into another file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tamis.core import Floats, Policy, Progress, Scorer
from tamis.data import atomic_write
from tamis.data.rows import Refused
from tamis.errors import DataError, InputError, StoppedError
from tamis.pipeline import scored
from tamis.scoring.lines import Layout, Line, lines_of, too_many
from tamis.scoring.pieces import scored_in_pieces
from tamis.scoring.refusals import Refusals
from tamis.scoring.results import ENDINGS, Gained, gained, write_csv, write_jsonl
from tamis.scoring.verdicts import said, verdicts

ASKED = 1000  # rows read between two looks at whether to stop


def score_file(
    source: str | Path,
    output: str | Path,
    scorer: Scorer,
    *,
    columns: Mapping[str, str] | None = None,
    query: str = "",
    instruction: str = "",
    policy: Policy | None = None,
    spreadsheet: bool = False,
    refused: Refused | None = None,
    most: int | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Score every row of a .csv, .jsonl or .xlsx file; the output appears whole or not at all.

    A row with ``query`` and ``document`` gets ``score`` (a raw logit) and ``rank`` among its query's rows. A row with
    ``query`` and a list ``documents`` gets ``scores`` and ``ranking`` (positions, best first). Other columns are kept.

    A policy decides on the rows of one query together, or on a row's list. Rows gain ``probability`` (None where the
    policy has no calibration), ``accepted`` and ``reason``; lists ``probabilities``, ``accepted`` and ``reasons``. To
    rules, a row's other columns are its document's fields.

    Args:
        source: the rows; or a plain .txt file, one document a line.
        output: .csv or .jsonl.
        scorer: what scores the pairs.
        columns: what the file calls ``query``, ``document`` or ``documents``; and ``id`` and ``title``, which are read
            only where they are named here. See ``guessed_columns``.
        query: asked of every row, where the file has documents only.
        instruction: a task description, for scorers that read one.
        policy: decides, too.
        spreadsheet: write CSV for people with spreadsheets: Excel shows its characters, and runs no text as a formula.
        refused: is told of each row that cannot be used, and the others are scored.
        most: pairs that the file may hold; one with more is refused before anything is scored.
        stop: asked between blocks of rows whether to end here.
        progress: called with (pairs scored, pairs in all).

    Returns:
        how many ``rows`` and ``pairs`` were scored; with a policy, how many pairs were ``accepted``; with ``refused``,
        how many rows were ``refused``; with ``spreadsheet``, how many cells were ``guarded``.

    Raises:
        DataError: a row lacks a field, or has a blank one or one of another type, with file, line and field; with
            ``refused``, only where no row can be used. A file without rows is one, too.
        InputError: the output is neither .csv nor .jsonl, a query and a column of queries were given, or the file holds
            too many pairs.
        MissingExtraError: the source is a workbook, and the package that reads these is not installed.
        StoppedError: ``stop`` said so.
        StorageError: the disk refused the output.
        PolicyError: the policy has expired, or was tuned for other scores.
        NotCertifiedError: the policy has no threshold, since none was certified.
    """
    output = Path(output)
    if output.suffix not in ENDINGS:
        raise InputError(f"{output}: expected a name that ends in {' or '.join(ENDINGS)}")
    layout = Layout(columns or {}, query, instruction, most)
    aside = Refusals(refused) if refused else None
    lines = _within(_until(lines_of(source, layout, aside), stop), most)
    if not lines:
        raise _nothing(source, aside)
    if policy is not None:  # one that cannot decide says so on the first row, not when all have been scored
        verdicts(lines[:1], np.zeros(len(lines[0].pairs)), scorer, policy)
    pairs = [pair for line in lines for pair in line.pairs]
    told = _watched(progress, stop)
    scores = scored_in_pieces(scorer, pairs, told) if told else scored(scorer, pairs)
    counts = {"rows": len(lines), "pairs": len(pairs)}
    gains = gained(lines, scores)
    if policy is not None:
        counts["accepted"] = _decide(lines, scores, scorer, policy, gains)
    if aside is not None:
        counts["refused"] = aside.rows
    _check(stop)
    with atomic_write(output) as out:
        if output.suffix == ".jsonl":
            write_jsonl(out, lines, gains)
        else:
            guards = write_csv(out, lines, gains, spreadsheet)
    if spreadsheet:
        counts["guarded"] = guards if output.suffix == ".csv" else 0
    return counts


def _nothing(source: str | Path, aside: Refusals | None) -> DataError:
    """The error of a file of which no row can be scored."""
    if aside is None or aside.first is None:
        return DataError("no rows: expected one a pair, with a query and a document", path=source)
    first = aside.first
    what = f"none of the {aside.rows} rows can be used, the first because: {first.message}"
    return DataError(what, path=first.path, line=first.line, field=first.field)


def _until(lines: Iterator[Line], stop: Callable[[], bool] | None) -> Iterator[Line]:
    for at, line in enumerate(lines):
        if at % ASKED == 0:
            _check(stop)
        yield line


def _within(lines: Iterator[Line], most: int | None) -> list[Line]:
    """The lines, where they do not hold too many pairs; those of a file that does are counted, not kept."""
    kept, pairs = list[Line](), 0
    for line in lines:
        pairs += len(line.pairs)
        if most is not None and pairs > most:
            kept.clear()
        else:
            kept.append(line)
    if most is not None and pairs > most:
        raise too_many(pairs, most)
    return kept


def _watched(progress: Progress | None, stop: Callable[[], bool] | None) -> Progress | None:
    """Progress that ends the work where it shall stop."""
    if stop is None:
        return progress

    def told(done: int, total: int | None) -> None:
        if progress:
            progress(done, total)
        _check(stop)

    return told


def _check(stop: Callable[[], bool] | None) -> None:
    if stop is not None and stop():
        raise StoppedError("scoring was stopped: nothing was written")


def _decide(lines: Sequence[Line], scores: Floats, scorer: Scorer, policy: Policy, gains: Sequence[Gained]) -> int:
    """Put down what the policy says beside what each row gained; how many pairs it accepts."""
    found = verdicts(lines, scores, scorer, policy)
    for line, own, gain in zip(lines, found, gains, strict=True):
        gain.update(said(line, own))
    return sum(not verdict.why for own in found for verdict in own)
