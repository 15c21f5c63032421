"""Rules about a document's fields: its age, what may stand in a field, how many of one source."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import ClassVar, Literal, TypeAlias

from tamis.core import Candidate, Document, FieldValue, Query
from tamis.decide.policies.forms import NOT_STORED, count, keep, number, scalars, text
from tamis.decide.rules.base import Rule
from tamis.errors import InputError

Missing: TypeAlias = Literal["drop", "keep"]

DAY = 86400.0  # seconds
EARLIEST = 1e8  # unix seconds (March 1973); a smaller number is a year or a count, no moment
LATEST = 1e11  # unix seconds; a greater number counts milliseconds


@dataclass(frozen=True, slots=True)
class Fresh(Rule):
    """Drops documents older than ``days``.

    Attributes:
        field: the document's field with its date: ISO 8601 (``2026-11-21``, ``2026-11-21T08:00:00+08:00``; UTC where it
            names no zone) or unix seconds.
        days: the greatest age, in days of 24 hours; a day without a time counts from its beginning.
        missing: whether a document without a readable date is dropped or kept.
        today: the moment from which ages count; now where it is None. Not part of the written form.

    >>> from tamis import Document
    >>> rule = Fresh("on", 30, today=date(2026, 11, 21))
    >>> dated = [Document("a", "x", fields={"on": "2026-11-01"}), Document("b", "x", fields={"on": "2026-01-01"})]
    >>> rule.reasons([Candidate(doc, 1.0) for doc in dated], Query("q"))
    ['', '324 days old, at most 30 wanted']
    """

    name: ClassVar[str] = "fresh"
    field: str
    days: float
    missing: Missing = "drop"
    today: date | None = dataclasses.field(default=None, compare=False, metadata=NOT_STORED)

    def __post_init__(self) -> None:
        keep(self, field=text(self.field, "fresh: field"), days=number(self.days, "fresh: days", least=0))
        if self.missing not in ("drop", "keep"):
            raise InputError(f"fresh: missing must be 'drop' or 'keep', got {self.missing!r}")
        if self.today is not None and not isinstance(self.today, date):
            raise InputError(f"fresh: today must be a date or None, got {self.today!r}")

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: its age, or that it has no date."""
        now = datetime.now(UTC).timestamp() if self.today is None else _moment(self.today)
        return [self._reason(candidate.doc, now) for candidate in candidates]

    def _reason(self, doc: Document, now: float) -> str:
        value = doc.fields.get(self.field)
        made = moment(value)
        if made is None:
            what = f"no date in field {self.field!r}" if value in (None, "") else f"{value!r:.40} is no date"
            return what if self.missing == "drop" else ""
        age = (now - made) / DAY
        return f"{math.ceil(age)} days old, at most {self.days:g} wanted" if age > self.days else ""


@dataclass(frozen=True, slots=True)
class AllowField(Rule):
    """Keeps only documents whose field has one of the values, compared as text; those without the field go.

    >>> from tamis import Document
    >>> docs = [Document(lang, "x", fields={"lang": lang}) for lang in ("zh", "fr", None)]
    >>> AllowField("lang", ("zh", "en")).reasons([Candidate(doc, 1.0) for doc in docs], Query("q"))
    ['', "'fr' in field 'lang' is not allowed", "no value in field 'lang'"]
    """

    name: ClassVar[str] = "allow_field"
    field: str
    values: tuple[FieldValue, ...]

    def __post_init__(self) -> None:
        keep(self, field=text(self.field, "allow_field: field"), values=scalars(self.values, "allow_field: values"))

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: what stands in its field."""
        allowed = {as_text(value) for value in self.values}
        found = [candidate.doc.fields.get(self.field) for candidate in candidates]
        return ["" if as_text(value) in allowed else self._reason(value) for value in found]

    def _reason(self, value: FieldValue) -> str:
        if value is None:
            return f"no value in field {self.field!r}"
        return f"{value!r:.40} in field {self.field!r} is not allowed"


@dataclass(frozen=True, slots=True)
class DenyField(Rule):
    """Drops documents whose field has one of the values, compared as text; those without the field stay.

    >>> from tamis import Document
    >>> docs = [Document("a", "x", fields={"draft": True}), Document("b", "x")]
    >>> DenyField("draft", (True,)).reasons([Candidate(doc, 1.0) for doc in docs], Query("q"))
    ["True in field 'draft' is denied", '']
    """

    name: ClassVar[str] = "deny_field"
    field: str
    values: tuple[FieldValue, ...]

    def __post_init__(self) -> None:
        keep(self, field=text(self.field, "deny_field: field"), values=scalars(self.values, "deny_field: values"))

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: what stands in its field."""
        denied = {as_text(value) for value in self.values}
        found = [candidate.doc.fields.get(self.field) for candidate in candidates]
        return [
            f"{value!r:.40} in field {self.field!r} is denied" if as_text(value) in denied else "" for value in found
        ]


@dataclass(frozen=True, slots=True)
class MaxPerSource(Rule):
    """Keeps the ``most`` best-ranked documents of each value of a field; those without the field all stay.

    >>> from tamis import Document
    >>> docs = [Document(str(at), "x", fields={"site": "a"}) for at in range(3)]
    >>> MaxPerSource("site", 2).reasons([Candidate(doc, 1.0) for doc in docs], Query("q"))
    ['', '', "number 3 with 'a' in field 'site', at most 2 are shown"]
    """

    name: ClassVar[str] = "max_per_source"
    field: str
    most: int

    def __post_init__(self) -> None:
        keep(self, field=text(self.field, "max_per_source: field"), most=count(self.most, "max_per_source: most"))

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: how many of its source stand above it."""
        seen: Counter[str] = Counter()
        said = []
        for candidate in candidates:
            value = candidate.doc.fields.get(self.field)
            why = ""
            if value is not None:
                seen[as_text(value)] += 1
                if (place := seen[as_text(value)]) > self.most:
                    why = f"number {place} with {value!r:.40} in field {self.field!r}, at most {self.most} are shown"
            said.append(why)
        return said


def as_text(value: FieldValue) -> str:
    """A field's value as text, the same for what a table holds as text and JSON as a number or truth value.

    >>> as_text(2024.0), as_text("2024"), as_text(True), as_text(None)
    ('2024', '2024', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def moment(value: FieldValue) -> float | None:
    """Unix seconds of an ISO 8601 date or of unix seconds, written as number or text; None where it is neither.

    >>> moment("1970-01-02"), moment("1700000000"), moment(2024), moment("soon")
    (86400.0, 1700000000.0, None, None)
    """
    # Eight digits are a day of ISO 8601; more are seconds, though Python would read a date out of some of them.
    if isinstance(value, str) and (len(value.strip()) == 8 or not value.strip().isdigit()):
        try:
            return _moment(datetime.fromisoformat(value.strip()))
        except (ValueError, OverflowError):
            pass
    try:
        seconds = float(value) if not isinstance(value, bool | None) else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if EARLIEST <= seconds <= LATEST else None


def _moment(day: date) -> float:
    at = day if isinstance(day, datetime) else datetime.combine(day, time())
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
