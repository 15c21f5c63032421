"""The columns of a file, and which of them are likely to hold queries and documents."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tamis.data import Row, read_rows
from tamis.data.originals import is_plain
from tamis.text import normalise

ROWS = 100  # that are looked at
EXAMPLES = 3  # of a column
SHOWN = 80  # characters of an example

# What files call them, most usual first; compared without case, width, spaces, hyphens, underscores, and simplified.
USUAL: dict[str, tuple[str, ...]] = {
    "query": (
        *("query", "question", "q", "querytext", "questiontext", "search", "searchquery", "keyword", "keywords"),
        *("查询", "问题", "提问", "问句", "搜索词", "查询词", "关键词", "检索词", "用户问题", "问"),
    ),
    "document": (
        *("document", "doc", "text", "passage", "content", "answer", "documenttext", "doctext", "passagetext"),
        *("paragraph", "body", "context", "chunk", "snippet", "documents", "docs", "passages", "candidates"),
        *("文档", "答案", "内容", "段落", "正文", "文本", "回答", "文章", "片段", "候选", "候选文档", "候选答案", "答"),
    ),
    "id": ("id", "docid", "documentid", "passageid", "pid", "编号", "文档编号", "文档id"),
    "title": ("title", "doctitle", "documenttitle", "标题", "文档标题"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file.

    Attributes:
        name: as the file has it.
        examples: a few values that it holds, as text.
        lists: whether its values are lists, as of the documents of one query.
    """

    name: str
    examples: tuple[str, ...] = ()
    lists: bool = field(default=False, repr=False)


def columns_of(source: str | Path) -> tuple[Column, ...]:
    """The columns of a file with examples from its first rows; none of a plain ``.txt`` file.

    Raises:
        DataError: the file cannot be read.
        MissingExtraError: it is a workbook, and the package that reads these is not installed.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "pairs.csv"
    >>> _ = path.write_text("问题,答案\\n如何退货,七天内\\n如何退货,今天有雨\\n", "utf-8")
    >>> columns_of(path)
    (Column(name='问题', examples=('如何退货',)), Column(name='答案', examples=('七天内', '今天有雨')))
    >>> guessed_columns(path)
    {'query': '问题', 'document': '答案'}
    >>> folder.cleanup()
    """
    return columns_in(_first_rows(source))


def guessed_columns(source: str | Path) -> dict[str, str]:
    """Which columns are likely to be ``query``, ``document`` or ``documents``, ``id`` and ``title``, by their names.

    English and Chinese names are known. A column whose values are lists is ``documents``. What no column is likely to
    be is left out; people look at the guess before a file is scored.

    Raises:
        DataError: the file cannot be read.
        MissingExtraError: it is a workbook, and the package that reads these is not installed.
    """
    return guessed_in(columns_of(source))


def columns_in(rows: Iterable[Row]) -> tuple[Column, ...]:
    """The columns of rows, with examples."""
    held: dict[str, list[str]] = {}
    lists: dict[str, bool] = {}
    for row in rows:
        for name, value in row.values.items():
            examples = held.setdefault(name, [])
            if value not in (None, ""):
                lists.setdefault(name, _is_list(value))
            shown = short(value)
            if shown and shown not in examples and len(examples) < EXAMPLES:
                examples.append(shown)
    return tuple(Column(name, tuple(examples), lists.get(name, False)) for name, examples in held.items())


def guessed_in(columns: Sequence[Column]) -> dict[str, str]:
    """Which of these columns are likely to be what a file is scored by."""
    by_key = {_key(column.name): column for column in reversed(columns)}  # of two alike, the first
    found: dict[str, str] = {}
    for wanted, names in USUAL.items():
        if column := next((by_key[name] for name in names if name in by_key), None):
            found["documents" if wanted == "document" and column.lists else wanted] = column.name
    return found


def _first_rows(source: str | Path) -> Iterator[Row]:
    if is_plain(str(source)):
        return iter(())
    return itertools.islice(read_rows(source, lambda error: None), ROWS)


def _key(name: str) -> str:
    return re.sub(r"[\s_-]", "", normalise(name))


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and re.match(r'\s*\[\s*["{\]]', value) is not None)


def short(value: Any, longest: int = SHOWN) -> str:
    """A value as text on one line, with an end where it is long.

    >>> short("a\\nb"), short(["一"]), short("abcdef", 4)
    ('a b', '["一"]', 'abc…')
    """
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    text = " ".join(text[: 4 * longest].split())  # a cell may be a book
    return text if len(text) <= longest else text[: longest - 1] + "…"
