"""Blocks of Parquet files: ranges of rows of a row group, found in the file's footer."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from tamis.data import Row
from tamis.errors import DataError
from tamis.extras import require
from tamis.scale.blocks import Block, InputFile, Range, Size

MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def ranges_of(path: Path, size: Size) -> Iterator[Range]:
    """The ranges of a file's blocks; a block lies within one row group.

    Raises:
        DataError: the file is damaged.
        MissingExtraError: pyarrow is not installed.
    """
    first = 1
    footer = _opened(path).metadata
    for group in range(footer.num_row_groups):
        described = footer.row_group(group)
        count = described.num_rows
        each = max(1, described.total_byte_size // max(1, count))
        most = max(1, min(size.rows, size.bytes // each))
        for start in range(0, count, most):
            end = min(count, start + most)
            yield first + start, end - start, start, end, group
        first += count


def first_rows(path: Path, name: str, count: int) -> list[Row]:
    """The first rows of a file."""
    for batch in _opened(path).iter_batches(count):
        return _rows(batch, name, 1)
    return []


def table_of(file: InputFile, block: Block) -> Any:
    """The rows of a block as they stand, an Arrow table.

    Raises:
        DataError: the file is damaged.
    """
    return _group(file.read, file.modified, block.group).slice(block.start, block.end - block.start)


def rows_of(file: InputFile, block: Block) -> list[Row]:
    """The rows of a block as JSON values; ``line`` is the number of the row in the file, from 1."""
    return _rows(table_of(file, block), file.name, block.first)


def _rows(table: Any, name: str, first: int) -> list[Row]:
    return [Row(name, at, plain(values)) for at, values in enumerate(table.to_pylist(), first)]


def plain(value: Any) -> Any:
    """A value as JSON has it: times and decimals as text, bytes in base64, NaN and infinities as None.

    >>> plain({"at": date(2026, 11, 1), "weights": [0.5, math.nan], "raw": b"sieve"})
    {'at': '2026-11-01', 'weights': [0.5, None], 'raw': 'c2lldmU='}
    """
    match value:
        case dict():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            return base64.b64encode(value).decode()
        case date() | time():
            return value.isoformat()
        case timedelta() | Decimal() | UUID():
            return str(value)
    return value


# A worker is given a file's blocks one after the other, mostly: a row group is read and unpacked once for all of them.
@lru_cache(1)
def _group(path: str, modified: int, group: int) -> Any:
    return _read(path, lambda: _opened(Path(path)).read_row_group(group))


def _opened(path: Path) -> Any:
    parquet = require("pyarrow.parquet")
    return _read(str(path), lambda: parquet.ParquetFile(path))


def _read(path: str, work: Callable[[], Any]) -> Any:
    arrow = require("pyarrow")
    try:
        return work()
    except (arrow.ArrowInvalid, arrow.ArrowException, OSError) as error:
        raise DataError(f"this Parquet file cannot be read: {error}", path=path) from error
