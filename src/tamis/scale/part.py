"""From a block to its part: rows read, scored, and written; the one function that all engines call."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from tamis.core import Floats, Scorer
from tamis.data import Row, atomic_write_bytes
from tamis.data.rows import Refused
from tamis.errors import DataError, InputError, TamisError
from tamis.extras import require
from tamis.pipeline import scored
from tamis.scale import parquet_blocks, text_blocks
from tamis.scale.blocks import Block, InputFile
from tamis.scale.schema import Schema, table
from tamis.score import depends_on_companions
from tamis.score.threads import kept_steady
from tamis.scoring.lines import Layout, Line, lines_from
from tamis.scoring.results import Gained, write_jsonl

Form: TypeAlias = Literal["jsonl", "parquet"]
FORMS: tuple[Form, ...] = ("jsonl", "parquet")
ERRORS = "errors"  # the folder of rows set aside


@dataclass(frozen=True, slots=True)
class Task:
    """What is the same for all blocks of a run.

    Attributes:
        output: the folder of the parts.
        files: what is read.
        layout: what the files' columns are.
        form: of the parts.
        schema: the columns of Parquet parts of texts.
        run: a name that no other run has; a worker's tries at a block are counted within a run.
    """

    output: str
    files: tuple[InputFile, ...]
    layout: Layout
    form: Form = "jsonl"
    schema: Schema = field(default_factory=dict)
    run: str = ""

    def part(self, number: int) -> Path:
        """Where the part of a block is."""
        return Path(self.output) / f"part-{number:05}.{self.form}"

    def errors(self, number: int) -> Path:
        """Where the rows of a block are that were set aside."""
        return Path(self.output) / ERRORS / f"part-{number:05}.jsonl"


@dataclass(frozen=True, slots=True)
class Part:
    """What became of a block.

    Attributes:
        block: its number.
        rows, pairs: that were scored.
        refused: rows that were set aside.
        sha256: digest of the part's bytes; empty where the block was set aside as a whole.
        errors: digest of the rows set aside; empty where there is none.
        reason: why the whole block was set aside.
    """

    block: int
    rows: int = 0
    pairs: int = 0
    refused: int = 0
    sha256: str = ""
    errors: str = ""
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The part as JSON values."""
        return asdict(self)


def made(task: Task, block: Block, scorer: Scorer) -> Part:
    """Score a block and write its part; called again, it writes the same bytes.

    Raises:
        DataError: the file is not what it was.
        InputError: the scorer needs a query's documents together, and a row holds one.
        StorageError: the disk refused the part.
        RuntimeError: the scorer failed.
    """
    aside = list[DataError]()
    lines = [*_lines(task, block, aside.append)]
    _hold_together(lines, scorer)
    try:
        with kept_steady():
            scores = _scores(lines, scorer)
    except TamisError as error:
        raise RuntimeError(str(error)) from error  # of this block; what is raised as it is concerns all
    lines, gains = _gained(lines, scores, aside)
    pairs = sum(len(line.pairs) for line in lines)
    # The part comes last: where it is, the rows set aside are there, too.
    errors = write_errors(task, block, aside)
    with atomic_write_bytes(task.part(block.number)) as out:
        out.write(data := WRITERS[task.form](task, block, lines, gains))
    return Part(block.number, len(lines), pairs, len(aside), hashlib.sha256(data).hexdigest(), errors)


def write_errors(task: Task, block: Block, aside: Sequence[DataError]) -> str:
    """Write rows that were set aside as JSONL: file, line, field (null where it is the row), reason; the digest.

    Without any there is no such file, nor one of an earlier run.
    """
    if not aside:
        task.errors(block.number).unlink(missing_ok=True)
        return ""
    name = task.files[block.file].name
    rows = [{"file": name, "line": each.line, "field": each.field, "reason": each.message} for each in aside]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    data = text.encode("utf-8", "replace")
    task.errors(block.number).parent.mkdir(exist_ok=True)
    with atomic_write_bytes(task.errors(block.number)) as out:
        out.write(data)
    return hashlib.sha256(data).hexdigest()


def _lines(task: Task, block: Block, refused: Refused) -> Iterator[Line]:
    return lines_from(rows_of(task.files[block.file], block, refused), task.layout, refused)


def rows_of(file: InputFile, block: Block, refused: Refused) -> Iterator[Row]:
    """The rows of a block.

    Raises:
        DataError: the file is not what it was.
    """
    try:
        status = Path(file.path).stat()
    except OSError as error:
        raise DataError(f"it can no longer be read: {error.strerror}", path=file.path) from error
    if (status.st_size, status.st_mtime_ns) != (file.bytes, file.modified):
        raise DataError("it was written to since the run began: begin anew with restart (--restart)", path=file.path)
    if file.kind == "parquet":
        return iter(parquet_blocks.rows_of(file, block))
    return text_blocks.rows_of(file, block, refused)


def _hold_together(lines: Sequence[Line], scorer: Scorer) -> None:
    """Refuse single rows where a score depends on the query's other documents, which may stand in any other block."""
    one = next((line for line in lines if not line.many), None)
    if one and depends_on_companions(scorer):
        raise InputError(
            f"{scorer.name} scores a query's documents together, and {one.row.path}, line {one.row.line} holds one "
            "document: write rows of query and documents, a list"
        )


def _scores(lines: Sequence[Line], scorer: Scorer) -> list[Floats]:
    """The scores of each line's pairs; a line by itself, where its pairs depend on each other."""
    if depends_on_companions(scorer):
        return [scorer.score(line.pairs) if line.pairs else np.zeros(0) for line in lines]
    flat = scored(scorer, [pair for line in lines for pair in line.pairs])
    return np.split(flat, np.cumsum([len(line.pairs) for line in lines])[:-1]) if lines else []


def _gained(lines: Sequence[Line], scores: Sequence[Floats], aside: list[DataError]) -> tuple[list[Line], list[Gained]]:
    """The lines with what each gains; those whose scores are no numbers are set aside."""
    kept, gains = list[Line](), list[Gained]()
    for line, own in zip(lines, scores, strict=True):
        if not np.isfinite(own).all():
            aside.append(line.row.error(f"the model gave a score that is not finite: {own[~np.isfinite(own)][0]}"))
            continue
        kept.append(line)
        gains.append(_gain(line, own))
    aside.sort(key=lambda error: error.line or 0)
    return kept, gains


def _gain(line: Line, own: Floats) -> Gained:
    if line.many:
        return {"scores": own.tolist(), "ranking": np.argsort(-own, kind="stable").tolist()}
    return {"score": float(own[0])}


def _jsonl(task: Task, block: Block, lines: Sequence[Line], gains: Sequence[Gained]) -> bytes:
    out = io.StringIO()
    write_jsonl(out, lines, gains)
    return out.getvalue().encode()


def _parquet(task: Task, block: Block, lines: Sequence[Line], gains: Sequence[Gained]) -> bytes:
    arrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    file = task.files[block.file]
    if file.kind == "parquet":
        whole = parquet_blocks.table_of(file, block).take([line.row.line - block.first for line in lines])
    else:
        whole = table(task.schema, [line.row.values for line in lines])
    types = {"score": arrow.float64(), "scores": arrow.list_(arrow.float64()), "ranking": arrow.list_(arrow.int64())}
    for name in gains_of(task.layout, whole.column_names):
        if name in whole.column_names:
            whole = whole.drop_columns([name])
        whole = whole.append_column(name, arrow.array([gain.get(name) for gain in gains], type=types[name]))
    out = arrow.BufferOutputStream()
    parquet.write_table(whole, out)
    return bytes(out.getvalue())


def gains_of(layout: Layout, columns: Sequence[str]) -> list[str]:
    """The columns that a table of these columns gains.

    >>> gains_of(Layout(), ["query", "documents"])
    ['scores', 'ranking']
    """
    single = layout["document"] in columns
    lists = layout["documents"] in columns and ("documents" in layout.columns or "document" not in layout.columns)
    return [*(["score"] if single else []), *(["scores", "ranking"] if lists else [])]


Write: TypeAlias = Callable[[Task, Block, Sequence[Line], Sequence[Gained]], bytes]
WRITERS: Mapping[Form, Write] = {"jsonl": _jsonl, "parquet": _parquet}
