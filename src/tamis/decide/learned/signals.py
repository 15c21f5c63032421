"""Signals beside the score: keyword match, freshness, authority, the user's history, as numbers of a candidate."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np

from tamis.core import Candidate, Document, FieldValue, Floats, Query, Ranking
from tamis.decide.policies.forms import NOT_STORED, Form, keep, number, read, text
from tamis.decide.rules.fields import DAY, as_text, moment
from tamis.errors import InputError
from tamis.text import segment

Scale: TypeAlias = Literal["log", "linear"]

SCALES: Mapping[Scale, Callable[[float], float]] = MappingProxyType(
    {"log": lambda x: math.copysign(math.log1p(abs(x)), x), "linear": lambda x: x}
)


@dataclass(frozen=True, slots=True)
class Signal(Form, ABC):
    """A number for each candidate of a query, higher where more speaks for it.

    A new signal is a subclass with ``name``, ``label``, ``values``, and a line in ``SIGNALS``.
    """

    @property
    def label(self) -> str:
        """The name of the feature: the signal's name with what distinguishes it from others of its kind."""
        return self.name

    @abstractmethod
    def values(self, query: Query, candidates: Sequence[Candidate]) -> Floats:
        """One finite number a candidate, shape ``(len(candidates),)``."""


@dataclass(frozen=True, slots=True)
class KeywordMatch(Signal):
    """The share of the query's distinct search tokens that the document holds, in [0, 1].

    >>> found = KeywordMatch().values(Query("drum sieve"), [Candidate(Document("a", "A sieve."), 0.0)])
    >>> found.tolist()
    [0.5]
    """

    name: ClassVar[str] = "keyword_match"

    def values(self, query: Query, candidates: Sequence[Candidate]) -> Floats:
        """Shares; all 0 for a query without tokens."""
        wanted = set(segment(query.text))
        found = [len(wanted.intersection(segment(candidate.doc.full_text))) for candidate in candidates]
        return np.array(found, dtype=np.float64) / max(len(wanted), 1)


@dataclass(frozen=True, slots=True)
class Freshness(Signal):
    """Halves with every half-life of the document's age: 1 for today's, in (0, 1]; what is dated ahead counts as new.

    Attributes:
        field: the document's field with its date: ISO 8601, or unix seconds.
        half_life_days: age at which the value is a half, in days.
        missing: the value of a document without a readable date.
        today: the moment from which ages count; now where it is None. Not part of the written form.

    >>> signal = Freshness("on", 30, today=date(2026, 11, 21))
    >>> dated = [Document("a", "x", fields={"on": "2026-10-22"}), Document("b", "x")]
    >>> signal.values(Query("q"), [Candidate(doc, 0.0) for doc in dated]).tolist()
    [0.5, 0.5]
    """

    name: ClassVar[str] = "freshness"
    field: str
    half_life_days: float
    missing: float = 0.5
    today: date | None = dataclasses.field(default=None, compare=False, metadata=NOT_STORED)

    def __post_init__(self) -> None:
        """Check the fields."""
        keep(
            self,
            field=text(self.field, "freshness: field"),
            half_life_days=number(self.half_life_days, "freshness: half_life_days", least=1e-9),
            missing=number(self.missing, "freshness: missing", least=0, most=1),
        )
        if self.today is not None and not isinstance(self.today, date):
            raise InputError(f"freshness: today must be a date or None, got {self.today!r:.60}")

    @property
    def label(self) -> str:
        """Such as ``freshness(on, 30 days, missing 0.5)``."""
        return f"freshness({self.field}, {self.half_life_days!r} days, missing {self.missing!r})"

    def values(self, query: Query, candidates: Sequence[Candidate]) -> Floats:
        """Decayed ages."""
        now = datetime.now(UTC).timestamp() if self.today is None else moment(self.today.isoformat())
        made = np.array(
            [math.nan if (at := moment(c.doc.fields.get(self.field))) is None else at for c in candidates],
            dtype=np.float64,
        )
        ages = np.maximum((now or 0.0) - made, 0.0) / DAY
        return np.where(np.isnan(made), self.missing, 0.5 ** (ages / self.half_life_days))


@dataclass(frozen=True, slots=True)
class Authority(Signal):
    """A numeric field of the document, such as citations or visits, standardised: 0 at the center, 1 a spread above it.

    ``Authority.of(field, documents)`` measures center and spread on a collection. A document without a readable number
    gets 0, the center's value.

    Attributes:
        field: the document's field with the number.
        scale: "log" (``log(1 + x)``, mirrored below 0) for counts that span powers of ten, or "linear".
        center: mean of the scaled numbers.
        spread: their standard deviation.

    >>> documents = [Document(str(n), "x", fields={"visits": n}) for n in (0, 9, 99)]
    >>> signal = Authority.of("visits", documents)
    >>> signal.values(Query("q"), [Candidate(doc, 0.0) for doc in documents]).round(3).tolist()
    [-1.225, 0.0, 1.225]
    """

    name: ClassVar[str] = "authority"
    field: str
    scale: Scale = "log"
    center: float = 0.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        """Check the fields."""
        keep(
            self,
            field=text(self.field, "authority: field"),
            center=number(self.center, "authority: center"),
            spread=number(self.spread, "authority: spread", least=1e-300),
        )
        if self.scale not in SCALES:
            raise InputError(f"authority: scale must be one of {', '.join(SCALES)}, got {self.scale!r:.60}")

    @classmethod
    def of(cls, field: str, documents: Iterable[Document], scale: Scale = "log") -> Self:
        """Measure center and spread on documents.

        Raises:
            InputError: no document has a number in this field.
        """
        plain = cls(field, scale)
        found = np.array([plain._scaled(document) for document in documents], dtype=np.float64)
        found = found[np.isfinite(found)]
        if not found.size:
            raise InputError(f"authority: no document has a number in field {field!r}")
        spread = float(found.std())
        return cls(field, scale, float(found.mean()), spread if spread > 0 else 1.0)

    @property
    def label(self) -> str:
        """Such as ``authority(visits, log, 2.1, 1.3)``."""
        return f"authority({self.field}, {self.scale}, {self.center!r}, {self.spread!r})"

    def values(self, query: Query, candidates: Sequence[Candidate]) -> Floats:
        """Standardised numbers."""
        found = np.array([self._scaled(candidate.doc) for candidate in candidates], dtype=np.float64)
        return np.where(np.isnan(found), 0.0, (found - self.center) / self.spread)

    def _scaled(self, document: Document) -> float:
        value = _number(document.fields.get(self.field))
        return SCALES[self.scale](value) if math.isfinite(value) else math.nan


@dataclass(frozen=True, slots=True)
class History(Signal):
    """The share of these fields in which the document has a value that the user liked before, in [0, 1].

    What the user liked is passed when it is needed, ``history.of(liked)``, and is no part of the written form; without
    it all values are 0. The field ``"id"`` is the document's own id.

    Attributes:
        fields: fields that are compared, such as ``("category", "author")``.
        liked: what the user liked, by field.

    >>> history = History(("category", "author")).of({"category": ["soup"], "author": ["Escoffier"]})
    >>> document = Document("a", "x", fields={"category": "soup", "author": "Beeton"})
    >>> history.values(Query("q"), [Candidate(document, 0.0)]).tolist()
    [0.5]
    """

    name: ClassVar[str] = "history"
    fields: tuple[str, ...]
    liked: Mapping[str, frozenset[str]] = dataclasses.field(
        default_factory=dict, compare=False, repr=False, metadata=NOT_STORED
    )

    def __post_init__(self) -> None:
        """Check the fields."""
        if isinstance(self.fields, str) or not tuple(self.fields):
            raise InputError(f"history: fields must be a list of at least one field's name, got {self.fields!r:.60}")
        keep(self, fields=tuple(text(field, "history: each of fields") for field in self.fields))

    @property
    def label(self) -> str:
        """Such as ``history(category, author)``."""
        return f"history({', '.join(self.fields)})"

    def of(self, liked: Mapping[str, Collection[FieldValue]]) -> History:
        """The same signal for a user who liked these values, by field; other fields are ignored.

        Raises:
            InputError: the values of a field are one string instead of a list.
        """
        for field, values in liked.items():
            if isinstance(values, str):
                raise InputError(f"history: what is liked in {field!r} must be a list, got {values!r:.60}")
        known = {field: frozenset(map(as_text, liked[field])) for field in self.fields if field in liked}
        return dataclasses.replace(self, liked=MappingProxyType(known))

    def values(self, query: Query, candidates: Sequence[Candidate]) -> Floats:
        """Shares."""
        return np.array([self._share(candidate.doc) for candidate in candidates], dtype=np.float64)

    def _share(self, document: Document) -> float:
        has = {"id": document.id, **document.fields}
        hits = [
            as_text(has.get(field)) in self.liked.get(field, ()) for field in self.fields if has.get(field) is not None
        ]
        return sum(hits) / len(self.fields)


SIGNALS: Mapping[str, type[Signal]] = MappingProxyType(
    {kind.name: kind for kind in (KeywordMatch, Freshness, Authority, History)}
)


def signal_from_json(content: Any, where: str = "signal") -> Signal:
    """A signal from what its ``as_json`` gave.

    Raises:
        PolicyError: an unknown kind, a field that is missing, unknown or of a wrong value.

    >>> signal_from_json(KeywordMatch().as_json())
    KeywordMatch()
    """
    return read(content, SIGNALS, where)


def signal_values(signals: Sequence[Signal], rankings: Iterable[Ranking]) -> Floats:
    """Values of each signal for every candidate, ranking after ranking, shape ``(candidates, len(signals))``."""
    parts = [
        np.column_stack([np.zeros((len(ranking), 0)), *(s.values(ranking.query, ranking.items) for s in signals)])
        for ranking in rankings
    ]
    return np.concatenate([np.zeros((0, len(signals))), *parts])


def _number(value: FieldValue) -> float:
    try:
        return math.nan if value is None else float(value)
    except (ValueError, OverflowError):
        return math.nan
