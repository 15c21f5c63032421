"""The columns of a file, and which of them are likely to hold queries and documents."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    """A column of a file: its name, and a few values that it holds, as text."""

    name: str
    examples: tuple[str, ...] = ()


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
    held: dict[str, list[str]] = {}
    for row in _first_rows(source):
        for name, value in row.values.items():
            examples = held.setdefault(name, [])
            shown = _shown(value)
            if shown and shown not in examples and len(examples) < EXAMPLES:
                examples.append(shown)
    return tuple(Column(name, tuple(examples)) for name, examples in held.items())


def guessed_columns(source: str | Path) -> dict[str, str]:
    """Which columns are likely to be ``query``, ``document`` or ``documents``, ``id`` and ``title``, by their names.

    English and Chinese names are known. A column whose values are lists is ``documents``. What no column is likely to
    be is left out; people look at the guess before a file is scored.

    Raises:
        DataError: the file cannot be read.
        MissingExtraError: it is a workbook, and the package that reads these is not installed.
    """
    rows = list(_first_rows(source))
    columns = list(dict.fromkeys(name for row in rows for name in row.values))
    by_key = {_key(name): name for name in reversed(columns)}  # of two alike, the first
    found = {
        wanted: by_key[name]
        for wanted, names in USUAL.items()
        if (name := next((name for name in names if name in by_key), None))
    }
    if "document" not in found:
        return found
    held = next((value for row in rows if (value := row.values.get(found["document"])) not in (None, "")), "")
    wanted = "documents" if _is_list(held) else "document"
    return {wanted if name == "document" else name: column for name, column in found.items()}


def _first_rows(source: str | Path) -> Iterator[Row]:
    if is_plain(str(source)):
        return iter(())
    return itertools.islice(read_rows(source, lambda error: None), ROWS)


def _key(name: str) -> str:
    return re.sub(r"[\s_-]", "", normalise(name))


def _is_list(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, str) and re.match(r'\s*\[\s*["{\]]', value) is not None)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
