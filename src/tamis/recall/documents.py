"""Documents on their way into an index and out of it: streamed, checked, written as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, as_documents
from tamis.errors import InputError

Source: TypeAlias = Iterable[str | Document | Mapping[str, Any]]
Positions: TypeAlias = NDArray[np.int64]
Kept = TypeVar("Kept", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Ragged(Generic[Kept]):
    """Rows of different lengths, laid end to end: row ``i`` is ``values[start[i]:start[i + 1]]``."""

    values: NDArray[Kept]
    start: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, at: int) -> NDArray[Kept]:
        return self.values[self.start[at] : self.start[at + 1]]

    def slice(self, first: int, last: int) -> NDArray[Kept]:
        """Rows ``first`` to ``last`` (not included), end to end."""
        return self.values[self.start[first] : self.start[last]]


def id_bytes(doc_id: str) -> bytes:
    r"""An id as bytes that sort as the text does; lone surrogates survive.

    >>> id_text(id_bytes("筛\ud800")) == "筛\ud800"
    True
    """
    return doc_id.encode("utf-8", "surrogatepass")


def id_text(data: bytes) -> str:
    """The inverse of ``id_bytes``."""
    return data.decode("utf-8", "surrogatepass")


def line(document: Document) -> bytes:
    r"""A document as one JSON line.

    Raises:
        InputError: a field holds what JSON cannot.

    >>> line(Document("d1", "筛"))
    b'{"id": "d1", "text": "\xe7\xad\x9b"}\n'
    """
    row: dict[str, Any] = {"id": document.id, "text": document.text}
    if document.title:
        row["title"] = document.title
    if document.fields:
        row["fields"] = dict(document.fields)
    try:
        try:
            return json.dumps(row, ensure_ascii=False).encode() + b"\n"
        except UnicodeEncodeError:  # a lone surrogate, which only an escape can carry
            return json.dumps(row).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise InputError(f"document {document.id!r:.80}: a field holds what JSON cannot ({error})") from error


def stream(documents: Source, first: int) -> Iterator[Document]:
    """Documents one at a time; one without an id is named by its position, counted from ``first``.

    Raises:
        InputError: a single document was passed, an item is none, or its id, title or text is no string.

    >>> [document.id for document in stream(["a tamis", {"text": "a sieve"}], 7)]
    ['7', '8']
    """
    if isinstance(documents, (str, Mapping, Document)):
        as_documents(documents)  # raises, and says what to do
    for at, item in enumerate(documents, first):
        named: Any = item
        if isinstance(item, str):
            named = Document(str(at), item)
        elif isinstance(item, Mapping) and "id" not in item:
            named = {**item, "id": str(at)}
        try:
            (document,) = as_documents([named])
        except InputError as error:
            raise InputError(f"item {at - first} of the documents: {error}") from error
        if not all(isinstance(value, str) for value in (document.id, document.text, document.title)):
            raise InputError(f"document {document.id!r:.80}: id, title and text must be strings, got {document!r:.200}")
        yield document


def blocks(documents: Iterable[Document], count: int, characters: int) -> Iterator[list[Document]]:
    """Documents in lists of at most ``count``, cut earlier where they hold many characters.

    >>> [len(block) for block in blocks([Document("a", "x" * 9), Document("b", ""), Document("c", "")], 2, 5)]
    [1, 2]
    """
    block: list[Document] = []
    size = 0
    for document in documents:
        block.append(document)
        size += len(document.full_text)
        if len(block) == count or size >= characters:
            yield block
            block, size = [], 0
    if block:
        yield block
