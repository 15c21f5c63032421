"""Training data on disk, as this room writes it: rows of the forms lists and pairs, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tamis.data import Example, atomic_write
from tamis.data.forms import form_named
from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Derived:
    """A query that nobody asked, made from a document that answers it.

    Attributes:
        query, document: texts.
        source: id of the document it was made from.
        origin: how the query was made, such as ``"title"``.
    """

    query: str
    document: str
    source: str
    origin: str


@contextmanager
def writing(path: Path) -> Iterator[IO[str]]:
    """A stream for rows, which become the file when the block ends without an error; see ``atomic_write``.

    It is opened before the work, so that a path that cannot be written is told at once.

    Raises:
        InputError: the name does not end in .jsonl, or the path cannot be written.
        StorageError: the disk refused.
    """
    if path.suffix != ".jsonl":
        raise InputError(f"{path}: expected a name that ends in .jsonl (tamis data convert makes other forms of it)")
    with atomic_write(path) as out:
        yield out


def write_lists(out: IO[str], examples: Iterable[Example]) -> None:
    """Write examples in the form lists, which carries everything."""
    form = form_named("lists")
    _write(out, (row for example in examples for row in form.rows(example)))


def write_pairs(out: IO[str], pairs: Iterable[Derived]) -> None:
    """Write pairs in the form pairs, with two columns more: ``source`` and ``origin``."""
    _write(out, map(_pair_row, pairs))


def _write(out: IO[str], rows: Iterable[Mapping[str, Any]]) -> None:
    out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _pair_row(pair: Derived) -> dict[str, Any]:
    """A row of the form pairs, with where it comes from."""
    return {
        "query": pair.query,
        "document": pair.document,
        "label": 1,
        "source": pair.source,
        "origin": pair.origin,
    }
