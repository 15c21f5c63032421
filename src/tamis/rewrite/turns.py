"""A file of turns of conversations, rewritten row by row into another file."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from tamis.core import Progress, Query
from tamis.data import Row, atomic_write, read_lines
from tamis.data.open import name_of
from tamis.data.rows import json_rows
from tamis.errors import InputError
from tamis.rewrite.base import Rewriter, Variant
from tamis.rewrite.several import rewritten

TOGETHER = 64  # rows that are rewritten before they are written


def rewrite_file(
    source: str | Path,
    output: str | Path | IO[str],
    rewriter: Rewriter,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Rewrite every row of a .jsonl file; the output appears whole or not at all.

    A row has ``question``, and ``history`` where something was said before it: texts, or chat messages with ``role``
    and ``content``, oldest first. It gains ``rewrite`` (the question as it can stand alone), ``variants`` (all texts to
    search with, that one first), ``changes`` (of the rewrite, each with its reason) and ``changed`` (whether the
    rewrite is another text than the question). Other fields and the order of rows are kept.

    Args:
        source: the file; ``"-"`` is standard input.
        output: a file, or a stream that rows are written to as they are done.
        rewriter: what rewrites.
        threads: how many rows are worked on side by side.
        progress: called with (rows done, None).

    Returns:
        how many rows were read, and how many got another text.

    Raises:
        DataError: a row lacks a field or has one of another type; with file, line and field.
        InputError: the output's name does not end in .jsonl.
        StorageError: the disk refused the output.
    """
    lines = json_rows(read_lines(source), name_of(source))
    if not isinstance(output, (str, Path)):
        return _through(lines, output, rewriter, threads, progress)
    if Path(output).suffix != ".jsonl":
        raise InputError(f"{output}: expected a name that ends in .jsonl")
    with atomic_write(output) as out:
        return _through(lines, out, rewriter, threads, progress)


def asked(row: Row) -> Query:
    """The question of a row, with its history.

    Raises:
        DataError: no question, a blank one, or a history that is no list of texts or messages.
    """
    question = row.text("question")
    if not question.strip():
        raise row.error("the question is blank", "question")
    history = row.elements("history") if "history" in row else []
    return Query(question, history=tuple(_turn(row, at, turn) for at, turn in enumerate(history)))


def as_json(variants: list[Variant]) -> dict[str, Any]:
    """What a row gains.

    >>> from tamis.rewrite import variant
    >>> as_json([variant(Query("and rain?"), "what of rain?")])
    {'rewrite': 'what of rain?', 'variants': ['what of rain?'], 'changes': [], 'changed': True}
    """
    return {
        "rewrite": variants[0].text,
        "variants": [one.text for one in variants],
        "changes": [change.as_json() for change in variants[0].changes],
        "changed": variants[0].changed,
    }


def _turn(row: Row, at: int, turn: Any) -> str:
    found = turn.get("content") if isinstance(turn, Mapping) else turn
    if not isinstance(found, str):
        raise row.error(f"turn {at}: expected a text, or a message with content, got {turn!r:.60}", "history")
    return found


def _through(
    rows: Iterator[Row], out: IO[str], rewriter: Rewriter, threads: int, progress: Progress | None
) -> dict[str, int]:
    done = changed = 0
    while part := list(itertools.islice(rows, TOGETHER)):
        for row, variants in zip(part, rewritten(rewriter, list(map(asked, part)), threads=threads), strict=True):
            gained = as_json(variants)
            out.write(_written({**row.values, **gained}))
            changed += gained["changed"]
        done += len(part)
        if progress:
            progress(done, None)
    return {"rows": done, "changed": changed}


def _written(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character in some other field: it is kept as the escape that it was
        text = json.dumps(row)
    return text + "\n"
