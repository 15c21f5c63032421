"""The pairs among which are drawn those that people label: read from a file, scored if need be, kept in the folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Document, Floats, Progress, Query, Scorer, as_documents
from tamis.data import Row, Source, atomic_write, read_rows
from tamis.errors import DataError, InputError, PolicyError, StoppedError
from tamis.labels import QUERY_COLUMNS
from tamis.scoring.pieces import scored_in_pieces

NAMES = ("item", "id")  # columns that name a pair


@dataclass(frozen=True, slots=True)
class Item:
    """A pair that can be labelled.

    Attributes:
        id: its name in the project.
        query, document: the texts.
        query_id: the query's name, or its text where it has none.
        title: the document's.
        score: on the scorer's own scale; None until it is scored. Annotators are not shown it.
    """

    id: str
    query: str
    document: str
    query_id: str
    title: str = ""
    score: float | None = None

    def as_json(self) -> dict[str, str]:
        """What an annotator may see, which is all but the score: who knows it agrees with it."""
        return {"item": self.id, "query": self.query, "title": self.title, "document": self.document}


def read_pairs(source: Source, *, most: int | None = None) -> list[Item]:
    r"""The pairs of a file with ``query`` and ``document`` (or a list ``documents``), and what else they have.

    ``item`` or ``id`` names a pair (without it, the line does), ``query_id`` its query; ``title`` is the document's,
    and ``score`` (with lists, ``scores``) is what a scorer gave it. A pair that stands twice is taken once.

    Args:
        source: the file.
        most: pairs that it may hold; None for any number.

    Raises:
        DataError: a row cannot be used, two pairs share a name, some pairs have a score and others none, there is no
            pair, or there are too many; with file and line.

    >>> import io
    >>> read_pairs(io.StringIO('{"query": "sieve", "document": "A tamis sieves.", "score": 2}\n'))[0].score
    2.0
    """
    found: dict[tuple[str, str, str], Item] = {}
    names: set[str] = set()
    path = ""
    for row in read_rows(source):
        path = row.path
        for item in _items(row):
            if not item.query.strip() or not (item.document + item.title).strip():
                raise row.error("a pair takes a query and a document, and one of them is blank")
            if (key := (item.query, item.title, item.document)) in found:
                continue
            if item.id in names:
                raise row.error(f"another pair has the name {item.id!r} already: names must differ")
            if len(found) == most:
                raise row.error(f"holds more than {most:,} pairs: give a part of them")
            names.add(item.id)
            found[key] = item
    kept = list(found.values())
    if not kept:
        raise DataError("no pairs: expected rows with query and document", path=path)
    without = [item.id for item in kept if item.score is None]
    if without and len(without) < len(kept):
        raise DataError(f"pair {without[0]!r} has no score, others have: score all of them, or none", path=path)
    return kept


def has_scores(source: str | Path) -> bool:
    """Whether the pairs of a file have scores, by its first row.

    Raises:
        DataError: the file cannot be read, or has no row.
    """
    first = next(read_rows(source), None)
    if first is None:
        raise DataError("no pairs: expected rows with query and document", path=str(source))
    return any(first.values.get(column) not in (None, "") for column in ("score", "scores"))


def _items(row: Row) -> Iterator[Item]:
    query = row.text("query")
    query_id = next((row.name(column) for column in QUERY_COLUMNS[:2] if column in row), query.strip())
    if "documents" in row:
        yield from _listed(row, query, query_id)
        return
    name = next((row.name(column) for column in NAMES if column in row), str(row.line))
    score = row.number("score") if row.values.get("score") not in (None, "") else None
    yield Item(name, query, row.text("document"), query_id, row.text("title", ""), score)


def _listed(row: Row, query: str, query_id: str) -> Iterator[Item]:
    """The pairs of a row that lists documents; they are named by the row and their place."""
    try:
        documents = as_documents(row.elements("documents"))
    except InputError as error:
        raise row.error(str(error), "documents") from error
    scores = row.elements("scores") if "scores" in row else [None] * len(documents)
    if len(scores) != len(documents):
        raise row.error(f"expected {len(documents)} scores, one a document, got {len(scores)}", "scores")
    for place, (document, score) in enumerate(zip(documents, scores, strict=True)):
        number = None if score is None else Row(row.path, row.line, {"scores": score}).number("scores")
        yield Item(f"{row.line}.{place}", query, document.text, query_id, document.title, number)


def score_pairs(
    items: Sequence[Item],
    scorer: Scorer | None,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> list[Item]:
    """The pairs with their scores; those that have scores keep them.

    Raises:
        InputError: they have none, and there is no scorer.
        StoppedError: ``stop`` said so.
    """
    if items[0].score is not None:
        return list(items)
    if scorer is None:
        raise InputError("the pairs have no scores: say what shall score them (--model tamis-mini)")

    def tell(done: int, total: int | None) -> None:
        if progress is not None:
            progress(done, total)
        if stop is not None and stop():
            raise StoppedError("scoring was stopped: nothing was written")

    pairs = [(Query(item.query, id=item.query_id), Document(item.id, item.document, item.title)) for item in items]
    scores = scored_in_pieces(scorer, pairs, tell).tolist()
    return [replace(item, score=score) for item, score in zip(items, scores, strict=True)]


@dataclass(frozen=True, slots=True)
class Pool:
    """All pairs of a project, in the order of the file.

    Attributes:
        items: the pairs, all scored.
        places: the place of each pair, by its name.
        scores: shape ``(len(items),)``.
        digest: sixteen hex digits of what the file holds.
    """

    items: tuple[Item, ...]
    places: dict[str, int]
    scores: Floats
    digest: str

    @classmethod
    def of(cls, items: Sequence[Item]) -> Pool:
        """The pool of scored pairs."""
        scores = np.array([item.score for item in items], dtype=np.float64)
        written = hashlib.sha256("".join(_line(item) for item in items).encode())
        places = {item.id: place for place, item in enumerate(items)}
        return cls(tuple(items), places, scores, written.hexdigest()[:16])

    def __getitem__(self, name: str) -> Item:
        return self.items[self.places[name]]

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def save(self, path: Path) -> None:
        """Write the pool, a pair a line."""
        with atomic_write(path) as out:
            out.writelines(_line(item) for item in self.items)

    @classmethod
    def load(cls, path: Path, digest: str) -> Pool:
        """The pool of a file.

        Raises:
            DataError: it cannot be read.
            PolicyError: it is not the pool from which the pairs were drawn.
        """
        found = cls.of([_read(row) for row in read_rows(path)])
        if found.digest != digest:
            raise PolicyError(f"{path} was changed after pairs were drawn from it: take it back, or make a new project")
        return found


def _line(item: Item) -> str:
    values: dict[str, Any] = {"id": item.id, "query_id": item.query_id, "query": item.query, "title": item.title}
    return json.dumps({**values, "document": item.document, "score": item.score}, ensure_ascii=False) + "\n"


def _read(row: Row) -> Item:
    texts = (row.name("id"), row.text("query"), row.text("document"), row.name("query_id"), row.text("title"))
    return Item(*texts, score=row.number("score"))
