"""Which segment a query or a document belongs to, so that each segment can have its own threshold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tamis.core import Candidate, Query
from tamis.decide.policies.forms import Form, count, keep, read, text
from tamis.decide.rules.fields import as_text
from tamis.errors import InputError
from tamis.text import detect


@dataclass(frozen=True, slots=True)
class Segmenter(Form, ABC):
    """Gives every candidate of a query the name of its segment."""

    key: ClassVar[str] = "by"

    @abstractmethod
    def segments(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """One name a candidate, in order; "" where it cannot be told."""


@dataclass(frozen=True, slots=True)
class ByLanguage(Segmenter):
    """The query's language: ``zh``, ``en``, ``mixed`` or ``other``.

    >>> from tamis import Document
    >>> ByLanguage().segments([Candidate(Document("a", "x"), 1.0)], Query("如何退货"))
    ['zh']
    """

    name: ClassVar[str] = "lang"

    def segments(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """The query's language, once a candidate."""
        return [detect(query.text)] * len(candidates)


@dataclass(frozen=True, slots=True)
class ByField(Segmenter):
    """What stands in a field of the document, as text.

    >>> from tamis import Document
    >>> ByField("source").segments([Candidate(Document("a", "x", fields={"source": "wiki"}), 1.0)], Query("q"))
    ['wiki']
    """

    name: ClassVar[str] = "field"
    field: str

    def __post_init__(self) -> None:
        keep(self, field=text(self.field, "by field: field"))

    def segments(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Each document's value."""
        return [as_text(candidate.doc.fields.get(self.field)) for candidate in candidates]


@dataclass(frozen=True, slots=True)
class ByLength(Segmenter):
    """The query's length in characters, blanks not counted, cut at rising ``edges``.

    >>> from tamis import Document
    >>> by = ByLength((10, 50))
    >>> [by.segments([Candidate(Document("a", "x"), 1.0)], Query("字" * n))[0] for n in (9, 10, 50)]
    ['below 10', '10 to 49', '50 and more']
    """

    name: ClassVar[str] = "length"
    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        if isinstance(self.edges, str | Mapping) or not hasattr(self.edges, "__iter__"):
            raise InputError(f"by length: edges must be a list of whole numbers, got {self.edges!r:.60}")
        edges = tuple(count(edge, "by length: each edge") for edge in self.edges)
        if not edges or list(edges) != sorted(set(edges)):
            raise InputError(f"by length: edges must be at least one and rise, got {list(edges)}")
        keep(self, edges=edges)

    def segments(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """The query's bin, once a candidate."""
        at = bisect_right(self.edges, len("".join(query.text.split())))
        if at == 0:
            found = f"below {self.edges[0]}"
        elif at == len(self.edges):
            found = f"{self.edges[-1]} and more"
        else:
            found = f"{self.edges[at - 1]} to {self.edges[at] - 1}"
        return [found] * len(candidates)


KINDS: tuple[type[Segmenter], ...] = (ByLanguage, ByField, ByLength)
SEGMENTERS: Mapping[str, type[Segmenter]] = {kind.name: kind for kind in KINDS}


def segmenter_from_json(value: object, where: str = "by") -> Segmenter:
    """A segmenter from what its ``as_json`` gave.

    Raises:
        PolicyError: an unknown kind, a field that is missing or unknown, or a value that the kind refuses.

    >>> segmenter_from_json({"by": "lang"})
    ByLanguage()
    """
    return read(value, SEGMENTERS, where)


def segmenter_named(text: str) -> Segmenter:
    """A segmenter as people name it: ``lang``, ``length:10,50`` or ``field:NAME``.

    Raises:
        InputError: it is none of these.

    >>> segmenter_named("length:10,50")
    ByLength(edges=(10, 50))
    """
    kind, _, rest = text.partition(":")
    made: dict[str, Callable[[], Segmenter]] = {
        "lang": ByLanguage,
        "field": lambda: ByField(rest),
        "length": lambda: ByLength(tuple(int(edge) for edge in rest.split(","))),
    }
    try:
        return made[kind]()
    except (KeyError, ValueError) as error:
        raise InputError(f"segments are told by lang, field:NAME or length:10,50, got {text!r:.60}") from error
