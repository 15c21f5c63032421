"""The documents of an index: streamed in, kept as JSON lines on disk, read back one at a time."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Vectors, as_documents
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

    def rows(self, chosen: Positions) -> Iterator[NDArray[Kept]]:
        """Many rows, one after the other; quicker than to ask for each."""
        ends = self.start[chosen + 1].tolist()
        for start, end in zip(self.start[chosen].tolist(), ends, strict=True):
            yield self.values[start:end]


@dataclass(frozen=True, slots=True)
class Segment:
    """Documents that were written at once; arrays are mapped from files, so only what is read is in memory."""

    lines: Ragged[np.uint8]
    ids: Ragged[np.uint8]
    tokens: Ragged[np.int32]
    vectors: Vectors | None


class Corpus:
    """The documents of all segments by position; ``order`` holds the positions that can be found, by id."""

    def __init__(self, segments: Sequence[Segment], order: Positions) -> None:
        self.segments, self.order = tuple(segments), order
        self.starts = np.cumsum([0, *(len(segment.ids) for segment in segments)]).tolist()

    def __len__(self) -> int:
        """Positions, those of deleted documents included."""
        return int(self.starts[-1])

    def locate(self, position: int) -> tuple[Segment, int]:
        """The segment that holds a position, and where in it."""
        at = bisect_right(self.starts, position) - 1
        return self.segments[at], position - self.starts[at]

    def id(self, position: int) -> bytes:
        """The document's id as it is sorted: in UTF-8, which keeps the order of code points."""
        segment, at = self.locate(position)
        return segment.ids[at].tobytes()

    def document(self, position: int) -> Document:
        """Read one document."""
        segment, at = self.locate(position)
        row = json.loads(segment.lines[at].tobytes())
        return Document(id_text(self.id(position)), row["text"], row.get("title", ""), row.get("fields", {}))

    def find(self, doc_id: str) -> int | None:
        """The position of a document, or None."""
        wanted = id_bytes(doc_id)
        at = bisect_left(self.order, wanted, key=lambda position: self.id(int(position)))
        if at < len(self.order) and self.id(position := int(self.order[at])) == wanted:
            return position
        return None

    def vectors(self, positions: Positions) -> Vectors:
        """Vectors of some documents, shape ``(len(positions), dimension)``."""
        segment_of = np.searchsorted(self.starts, positions, side="right") - 1
        rows = [self.segments[s].vectors for s in range(len(self.segments))]
        width = next((part.shape[1] for part in rows if part is not None), 0)
        found = np.empty((len(positions), width), dtype=np.float32)
        for s in np.unique(segment_of):
            here, part = segment_of == s, rows[s]
            assert part is not None  # the snapshot refuses dense search where there are no vectors
            found[here] = part[positions[here] - self.starts[s]]
        return found


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
        InputError: id, title or text is no string, or a field holds what JSON cannot.

    >>> line(Document("d1", "筛"))
    b'{"id": "d1", "text": "\xe7\xad\x9b"}\n'
    """
    row: dict[str, Any] = {"id": document.id, "text": document.text}
    if document.title:
        row["title"] = document.title
    if document.fields:
        row["fields"] = dict(document.fields)
    if not all(isinstance(value, str) for value in (document.id, document.text, document.title)):
        raise InputError(f"document {document.id!r:.80}: id, title and text must be strings, got {document!r:.200}")
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
        InputError: a single document was passed, or an item is none.

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
            yield from as_documents([named])
        except InputError as error:
            raise InputError(f"item {at - first} of the documents: {error}") from error


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
