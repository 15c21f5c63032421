"""A row of a data file with its place for messages, and the rows of JSONL lines."""

from __future__ import annotations

import difflib
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.errors import DataError
from tamis.text import clean

Refused: TypeAlias = Callable[[DataError], None]  # is told of a row that cannot be read, which is then left out

_blank = re.compile(r"\s*")
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file: its values by column, and where it stands.

    >>> Row("d.jsonl", 3, {"label": "x"}).number("label")
    Traceback (most recent call last):
    ...
    tamis.errors.DataError: d.jsonl, line 3, field 'label': expected a number, got 'x'
    """

    path: str
    line: int
    values: Mapping[str, Any]

    def __contains__(self, field: str) -> bool:
        return self.values.get(field) is not None

    def error(self, message: str, field: str | None = None) -> DataError:
        """An error at this row, to be raised by whoever finds it."""
        return DataError(message, path=self.path, line=self.line, field=field)

    def get(self, field: str) -> Any:
        """The field's value.

        Raises:
            DataError: the row has no such field, or it is null; with the name that was perhaps meant.
        """
        if (value := self.values.get(field)) is not None:
            return value
        if field in self.values:
            raise self.error("expected a value, got null", field)
        near = difflib.get_close_matches(field, self.values, 1)
        there = ", ".join(self.values) or "none"
        raise self.error(f"missing; found: {there}{f'. Did you mean {near[0]!r}?' if near else ''}", field)

    def text(self, field: str, default: str | None = None) -> str:
        """The field as clean text; ``default`` where it is absent or null.

        Raises:
            DataError: it is absent and has no default, or is not a string.
        """
        if default is not None and field not in self:
            return default
        return as_text(self, field, self.get(field))

    def name(self, field: str, default: str | None = None) -> str:
        """The field as an id: a string that is not blank, or an integer."""
        if default is not None and field not in self:
            return default
        value = self.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not (name := as_text(self, field, value).strip()):
            raise self.error("expected an id, got a blank string", field)
        return name

    def number(self, field: str) -> float:
        """The field as a finite number, also written as a string."""
        return as_number(self, field, self.get(field))

    def elements(self, field: str) -> list[Any]:
        """The field as a list; in a CSV or TSV file, a JSON list in the cell."""
        value = self.get(field)
        if isinstance(value, str) and value.lstrip().startswith("["):
            value = parse(value, self.path, self.line, field)
        if not isinstance(value, list):
            raise self.error(f"expected a list, got {value!r:.60}", field)
        return value


def as_text(row: Row, field: str, value: Any) -> str:
    """A value as clean text, or a DataError at the row and field."""
    if not isinstance(value, str):
        raise row.error(f"expected a string, got {value!r:.60}", field)
    return clean(value)


def as_number(row: Row, field: str, value: Any) -> float:
    """A value as a finite number, or a DataError at the row and field."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise row.error(f"expected a number, got {value!r:.60}", field)
    return number


def peeked(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The first line that is not blank ("" where there is none), and all lines."""
    seen = []
    for line in lines:
        seen.append(line)
        if line.strip():
            return line, itertools.chain(seen, lines)
    return "", iter(seen)


def json_rows(lines: Iterator[str], path: str, refused: Refused | None = None) -> Iterator[Row]:
    """The rows of JSONL lines, or of one JSON array of objects (read whole); lines count from 1.

    Raises:
        DataError: a row is malformed, or no object; without ``refused``, or where an array cannot be read on.
    """
    first, lines = peeked(lines)
    is_array = first.lstrip().startswith("[")
    values: Iterator[tuple[int, Any]] = (
        _array_values("".join(lines), path) if is_array else ((at, line) for at, line in enumerate(lines, 1))
    )
    for at, value in values:
        if not is_array and not value.strip():
            continue
        try:
            row = _json_row(value if is_array else parse(value, path, at), path, at)
        except DataError as error:
            refuse(error, refused)
        else:
            yield row


def refuse(error: DataError, refused: Refused | None) -> None:
    """Tell of a row that cannot be read, or raise where nobody wants to be told."""
    if refused is None:
        raise error
    refused(error)


def _array_values(text: str, path: str) -> Iterator[tuple[int, Any]]:
    """The elements of a JSON array, each with the line on which it begins."""
    at, line, ended = text.index("[") + 1, 1, False
    counted = 0
    while not ended:
        at = _blank.match(text, at).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, at), at
        if text.startswith("]", at):
            break
        value, at = _decoded(text, at, path, line)
        yield line, value
        at = _blank.match(text, at).end()  # type: ignore[union-attr]
        ended = not text.startswith(",", at)
        if ended and not text.startswith("]", at):
            found = text[at : at + 20] or "the end of the file"
            raise DataError(f"malformed JSON: expected , or ] after an object, got {found!r}", path=path, line=line)
        at += not ended
    if rest := text[at + 1 :].strip():
        raise DataError(f"malformed JSON: {rest[:20]!r} stands after the array's end", path=path, line=line)


def _decoded(text: str, at: int, path: str, line: int) -> tuple[Any, int]:
    """One JSON value that begins at a character, and where it ends."""
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20]
        what, line = f"malformed JSON: {error.msg}, near {near!r}", error.lineno
    except (RecursionError, ValueError) as error:
        what = f"malformed JSON: {error}"
    raise DataError(what, path=path, line=line)


def _json_row(values: Any, path: str, line: int) -> Row:
    if not isinstance(values, dict):
        raise DataError(f"expected a JSON object, got {values!r:.60}", path=path, line=line)
    return Row(path, line, values)


def parse(text: str, path: str, line: int, field: str | None = None) -> Any:
    """JSON text as a value; NaN and infinities become None."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 20) : error.pos + 20]
        what = (
            f"malformed JSON at character {error.pos + 1}: {error.msg}, near {near!r} (one object stands on one line)"
        )
    except (RecursionError, ValueError) as error:
        what = f"malformed JSON: {error}"
    raise DataError(what, path=path, line=line, field=field)
