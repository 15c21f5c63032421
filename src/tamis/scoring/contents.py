"""What a file to be scored holds, looked at before anything is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tamis.data import Row, read_lines, read_rows
from tamis.data.originals import is_plain
from tamis.errors import DataError, InputError
from tamis.scoring.columns import EXAMPLES, ROWS, Column, columns_in, guessed_in
from tamis.scoring.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file to be scored holds.

    Attributes:
        rows: how many, those that cannot be read included.
        columns: with examples from the first rows; of a plain ``.txt`` file one that stands for its lines.
        guess: which columns are likely to be ``query``, ``document`` or ``documents``, ``id`` and ``title``.
        plain: whether it is a plain ``.txt`` file, one document a line, which has to be asked a query.
    """

    rows: int
    columns: tuple[Column, ...]
    guess: Mapping[str, str]
    plain: bool = False


def contents(source: str | Path, *, most: int) -> Contents:
    """Look at a file: how much it holds, in which columns.

    Args:
        source: the file, in any form that ``score_file`` reads.
        most: rows that it may hold.

    Raises:
        DataError: the file cannot be read, holds no row, or none that can be read.
        InputError: it holds more rows; says how many.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "pairs.csv"
    >>> _ = path.write_text("问题,答案\\n如何退货,七天内\\n如何退货,今天有雨\\n", "utf-8")
    >>> contents(path, most=100).guess
    {'query': '问题', 'document': '答案'}
    >>> contents(path, most=1)
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: expected at most 1 rows, got 2: give a part of them
    >>> folder.cleanup()
    """
    plain, aside = is_plain(str(source)), Refusals(lambda error: None)
    rows = _documents(source) if plain else read_rows(source, aside)
    first = list(islice(rows, ROWS))
    count = len(first) + sum(1 for _ in rows) + aside.rows
    if count > most:
        raise InputError(f"expected at most {most:,} rows, got {count:,}: give a part of them")
    if not first:
        raise aside.first or DataError("no rows: expected one a pair, with a query and a document", path=source)
    columns = columns_in(first[:EXAMPLES] if plain else first)
    return Contents(count, columns, {} if plain else guessed_in(columns), plain)


def _documents(source: str | Path) -> Iterator[Row]:
    """The lines of a plain file that are not blank."""
    for at, line in enumerate(read_lines(source), 1):
        if line.strip():
            yield Row(str(source), at, {"document": line})
