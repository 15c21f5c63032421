"""What an engine must do to hold a collection: rows in, hits out; everything else is written once, in Collection."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from tamis.core import Document, Vectors
from tamis.errors import IndexMismatchError, IndexStoreError, InputError
from tamis.filters import Filter
from tamis.recall.manifest import EncoderRecord

FORMAT, VERSION = "tamis-collection", 1
EXACT = 2**53  # whole numbers up to here are the same as floating point
_NAMES = uuid.UUID("6f2f2f5e-7c1d-5a52-9d0e-74616d697321")  # of our own, so that no other program's ids are ours


@dataclass(frozen=True, slots=True)
class Made:
    """What made a collection's vectors and tokens; the engine keeps it beside them.

    >>> Made.read(Made(None, "abc").as_json(), "shelf") == Made(None, "abc")
    True
    """

    encoder: EncoderRecord | None
    segmenter: str

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    @classmethod
    def read(cls, told: Any, name: str) -> Made:
        """A record from JSON values.

        Raises:
            IndexStoreError: there is none, so tamis did not make the collection.
            IndexMismatchError: a newer version of tamis made it.
        """
        if not isinstance(told, Mapping) or told.get("format") != FORMAT:
            raise IndexStoreError(
                f"{name}: does not say what made it, so tamis did not: name another one, and make it with "
                "tamis index --docs FILE --to URL"
            )
        if not isinstance(version := told.get("version"), int) or version > VERSION:
            raise IndexMismatchError(
                f"{name}: format {version} was made by a newer tamis (this one reads up to {VERSION}): upgrade tamis"
            )
        encoder = told.get("encoder")
        return cls(EncoderRecord(**encoder) if encoder else None, str(told.get("segmenter")))


class Row(NamedTuple):
    """A document as an engine takes it: with its tokens' counts and, where there is an encoder, its vector."""

    document: Document
    tokens: Mapping[str, int]
    vector: Vectors | None

    @property
    def length(self) -> int:
        """Tokens of the document."""
        return sum(self.tokens.values())


@dataclass(frozen=True, slots=True)
class Ask:
    """One search.

    Attributes:
        tokens: the query's tokens, each with how often it stands there.
        vector: the query's vector, shape ``(dimension,)``.
        where: what the documents' fields must be.
        ids: only these documents; their hits need no document.
    """

    tokens: Mapping[str, int] = field(default_factory=dict)
    vector: Vectors | None = None
    where: Filter | None = None
    ids: tuple[str, ...] | None = None


class Hit(NamedTuple):
    """A document that was found, and its score; the document is None where ids were asked about."""

    id: str
    score: float
    document: Document | None


class Engine(Protocol):
    """Where a collection lies. Any number of threads may call it.

    ``words`` gives documents that share a token with the query, by BM25 as ``tamis.recall.bm25.Parameters`` states it;
    ``near`` gives documents by the cosine of their vectors. Both give one list an ask, best first, at most ``k`` each.
    Equal scores come in any order. Errors are RemoteError, IndexStoreError and InputError.

    Attributes:
        name: what messages call it; no user name, password or key.
        made: what made its vectors and tokens.
        most: the largest ``k``.
    """

    name: str
    made: Made
    most: int

    def put(self, rows: Sequence[Row]) -> None: ...
    def drop(self, ids: Sequence[str]) -> None: ...
    def get(self, ids: Sequence[str]) -> dict[str, Document]: ...
    def count(self) -> int: ...
    def words(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]: ...
    def near(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]: ...
    def close(self) -> None: ...


def key_of(doc_id: str) -> str:
    """A document's id as a UUID, for engines whose keys cannot be any text.

    >>> key_of("law-19") == key_of("law-19"), len(key_of("law-19"))
    (True, 36)
    """
    return str(uuid.uuid5(_NAMES, doc_id))


def absent(name: str) -> IndexStoreError:
    """What to raise where a collection is not there."""
    return IndexStoreError(f"{name} does not exist: make it with tamis index --docs FILE --to URL")


def storable(document: Document) -> Document:
    r"""The document as any engine can keep it; halves of a character in title and text become U+FFFD.

    Raises:
        InputError: an id or a field that not every engine could give back as it is.

    >>> storable(Document("d1", "cut \ud83d")).text
    'cut �'
    """
    what = f"document {document.id!r:.80}"
    if not all(isinstance(value, str) for value in (document.id, document.text, document.title)):
        raise InputError(f"{what}: id, title and text must be strings, got {document!r:.200}")
    if not document.id or not plain(document.id):
        raise InputError(f"{what}: an id must be a text of at least one character, without NUL and half characters")
    try:
        told = json.dumps(dict(document.fields), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}: a field holds what JSON cannot ({error})") from error
    if not plain(told) or "\\u0000" in told:
        raise InputError(f"{what}: a field holds NUL or half a character")
    if any(_wide(value) for value in document.fields.values()):
        raise InputError(f"{what}: a field holds a whole number that does not fit 64 bits: give it as a text")
    return replace(document, text=_whole(document.text), title=_whole(document.title))


def askable(where: Filter | None) -> Filter | None:
    """The filter, if its names and values are such as documents can have.

    Raises:
        InputError: one holds NUL, half a character, or what JSON cannot.
    """
    try:
        told = "" if where is None else json.dumps(where.as_json(), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"a filter holds what no document's field can have ({error})") from error
    if not plain(told) or "\\u0000" in told:
        raise InputError("a filter holds NUL or half a character, which no document's field can have")
    return where


def plain(text: str) -> bool:
    """Whether a text has neither NUL nor half a character, either of which some engine cannot keep."""
    return "\0" not in text and text.encode("utf-8", "ignore").decode() == text


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wide(value: object) -> bool:
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def number(value: object) -> bool:
    """Whether a value is compared as a number: true and false are none.

    >>> number(1), number(True), number("1")
    (True, False, False)
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
