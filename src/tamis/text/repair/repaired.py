"""What a repair is: one change of a document, listed; and a repaired document, which can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

from tamis.core import Document
from tamis.errors import InputError
from tamis.text.repair.known import Known

Field: TypeAlias = Literal["title", "text"]
FIELDS: tuple[Field, ...] = ("title", "text")


@dataclass(frozen=True, slots=True)
class Fault:
    """A faulty place of a field, characters ``start`` to ``end``, and what should stand there."""

    field: Field
    start: int
    end: int
    after: str


class Mends(Protocol):
    """One kind of repair: finds the faults of a document, in order, without overlaps in a field."""

    @property
    def name(self) -> str: ...
    def faults(self, document: Document, known: Known) -> list[Fault]: ...


@dataclass(frozen=True, slots=True)
class Repair:
    """One change: at character ``start`` of a field, ``before`` became ``after``.

    Attributes:
        kind: name of the kind of repair.
        field: ``"title"`` or ``"text"``.
        start: position from 0 in the field as the repairs before this one left it.
    """

    kind: str
    field: Field
    start: int
    before: str
    after: str

    @classmethod
    def from_json(cls, value: Any) -> Repair:
        """A repair from ``[kind, field, start, before, after]``.

        Raises:
            InputError: it is something else.
        """
        types = (str, str, int, str, str)
        if not isinstance(value, list) or len(value) != len(types) or not all(map(isinstance, value, types)):
            raise InputError(f"expected a repair [kind, field, start, before, after], got {value!r:.80}")
        if value[1] not in FIELDS:
            raise InputError(f"expected a repair of 'title' or 'text', got field {value[1]!r}")
        return cls(*value)

    def as_json(self) -> list[Any]:
        """The repair as ``[kind, field, start, before, after]``."""
        return [self.kind, self.field, self.start, self.before, self.after]


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired document and its repairs, in the order in which they were made.

    >>> done = Repaired(Document("d", "a sieve"), (Repair("lines", "text", 1, "\\n", " "),))
    >>> done.undo().text
    'a\\nsieve'
    """

    document: Document
    repairs: tuple[Repair, ...] = ()

    def undo(self) -> Document:
        """The document as it was, character for character.

        Raises:
            InputError: the document is not the one that these repairs made.
        """
        texts: dict[Field, str] = {"title": self.document.title, "text": self.document.text}
        for run in reversed(list(_runs(self.repairs))):
            texts[run[0].field] = self._without(run, texts[run[0].field])
        if (texts["title"], texts["text"]) == (self.document.title, self.document.text):
            return self.document
        return replace(self.document, title=texts["title"], text=texts["text"])

    def _without(self, run: Sequence[Repair], text: str) -> str:
        parts, read = [], 0
        for repair in run:
            end = repair.start + len(repair.after)
            if repair.start < 0 or text[repair.start : end] != repair.after:
                raise InputError(
                    f"document {self.document.id!r} is not as its repairs left it: expected {repair.after!r:.60} at "
                    f"character {repair.start} of its {repair.field}, got {text[repair.start : end]!r:.60}"
                )
            parts += [text[read : repair.start], repair.before]
            read = end
        return "".join([*parts, text[read:]])


def _runs(repairs: Iterable[Repair]) -> Iterator[list[Repair]]:
    """Repairs of a field from left to right, whose places hold in the text after all of them: undone in one pass."""
    run: list[Repair] = []
    for repair in repairs:
        if run and (repair.field != run[-1].field or repair.start < run[-1].start + len(run[-1].after)):
            yield run
            run = []
        run.append(repair)
    if run:
        yield run


def mended(document: Document, kind: str, faults: Iterable[Fault]) -> Repaired:
    """The document with its faults of one kind mended; each field is put together once.

    >>> mended(Document("d", "a\\nsieve"), "lines", [Fault("text", 1, 2, " ")]).repairs[0].as_json()
    ['lines', 'text', 1, '\\n', ' ']
    """
    texts: Mapping[Field, str] = {"title": document.title, "text": document.text}
    parts: dict[Field, list[str]] = {"title": [], "text": []}
    read: dict[Field, int] = dict.fromkeys(FIELDS, 0)
    made: dict[Field, int] = dict.fromkeys(FIELDS, 0)
    repairs = []
    for fault in faults:
        text = texts[fault.field]
        kept = text[read[fault.field] : fault.start]
        made[fault.field] += len(kept)
        repairs.append(Repair(kind, fault.field, made[fault.field], text[fault.start : fault.end], fault.after))
        parts[fault.field] += [kept, fault.after]
        made[fault.field] += len(fault.after)
        read[fault.field] = fault.end
    if not repairs:
        return Repaired(document)
    title, text = ("".join([*parts[field], texts[field][read[field] :]]) for field in FIELDS)
    return Repaired(replace(document, title=title, text=text), tuple(repairs))
