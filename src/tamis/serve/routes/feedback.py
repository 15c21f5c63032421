"""``/v1/feedback``: what users did with what they were shown."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

from tamis.data.artefacts import canonical
from tamis.observe.events import Event
from tamis.serve.dialects.call import Amount, Few, Field, Name, Plain
from tamis.serve.exchange import REFUSALS
from tamis.serve.lib import fastapi, pydantic
from tamis.serve.service import Service

Place = Annotated[int, Field(ge=1, le=2**31 - 1), Plain]
Measure = Annotated[pydantic.FiniteFloat, Field(ge=0), Plain]


def as_text(value: object) -> object:
    """The value; a number is no time of day.

    Raises:
        ValueError: it is no text.
    """
    if not isinstance(value, str | None):
        raise ValueError(f"expected a time with its zone as text, such as 2026-11-23T09:30:00Z, got {value!r:.60}")
    return value


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC.

    Raises:
        ValueError: it is no date there: before the year 1, or after 9999.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("expected a time between the years 1 and 9999 in UTC") from None


Key = Annotated[str | None, fastapi.Header(max_length=200, description="What is sent again under it counts once.")]
Moment = Annotated[pydantic.AwareDatetime, pydantic.BeforeValidator(as_text), pydantic.AfterValidator(in_utc)]


class Happened(Few):
    """What all events have; names and numbers only, never a text."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    request: Name | None = Field(None, description="The id that the answer with the document carried.")
    query: Name | None = Field(None, description="A name of the query, where there is no request.")
    position: Place | None = Field(None, description="Where it was shown, from 1.")
    user: Name | None = Field(None, description="A name of the user or session, best a hashed one.")
    at: Moment | None = Field(None, description="When it happened; now otherwise.")
    event: Name | None = Field(None, description="A name of the event: what is sent twice counts once.")


class ClickEvent(Happened):
    """A document was opened, or passed over."""

    kind: Literal["click", "skip"]
    document: Name = Field(description="Its id.")
    value: Measure | None = None


class DwellEvent(Happened):
    """Somebody stayed on a document."""

    kind: Literal["dwell"]
    document: Name = Field(description="Its id.")
    value: Measure = Field(description="Seconds.")


class SessionEvent(Happened):
    """A session ended."""

    kind: Literal["session"]
    document: Name | None = None
    value: Measure = Field(description="Seconds from the answer to the last act.")


class RatingEvent(Happened):
    """A document was rated, or the whole answer."""

    kind: Literal["rating"]
    document: Name | None = Field(None, description="Its id; the whole answer is meant where none is given.")
    value: Amount = Field(description="The grade.")


class ConversionEvent(Happened):
    """What the search was for has come about."""

    kind: Literal["conversion"]
    document: Name | None = Field(None, description="The id of the document that led to it, where one did.")
    value: Measure | None = Field(None, description="What it is worth.")


FeedbackEvent = Annotated[
    ClickEvent | DwellEvent | SessionEvent | RatingEvent | ConversionEvent, Field(discriminator="kind")
]


class FeedbackRequest(Few):
    """Several events."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    events: Annotated[list[FeedbackEvent], Field(min_length=1, max_length=10_000, fail_fast=True)]


class FeedbackAnswer(pydantic.BaseModel):
    """The names of the events that are on the disk now."""

    events: list[str]


def which(body: Any) -> str:
    """Whether a body holds several events or is one."""
    return "several" if isinstance(body, dict) and "events" in body else "one"


Body = Annotated[
    Annotated[FeedbackRequest, pydantic.Tag("several")] | Annotated[FeedbackEvent, pydantic.Tag("one")],
    pydantic.Discriminator(which),
]


def router(service: Service) -> fastapi.APIRouter:
    """The path that takes feedback."""
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["feedback"])

    @paths.post("/v1/feedback", operation_id="feedback")
    async def feedback(request: fastapi.Request, body: Body, idempotency_key: Key = None) -> FeedbackAnswer:
        """Keep events; they are on the disk when this answers."""
        observing = service.watched()
        given = body.events if isinstance(body, FeedbackRequest) else [body]
        names = named(given, f"{request.state.holder} {idempotency_key}") if idempotency_key else [""] * len(given)
        events = [read(event, name) for event, name in zip(given, names, strict=True)]
        await observing.add(events)
        return FeedbackAnswer(events=[event.event for event in events])

    return paths


def named(given: Sequence[Happened], key: str) -> list[str]:
    """Names of events that have none of their own: the same whenever the same is sent under one key.

    What they say is part of the names, so that a key that is used for other events, too, loses none of them.
    """
    said = [canonical([key, at, event.model_dump(mode="json", exclude_none=True)]) for at, event in enumerate(given)]
    return [sha256(one.encode(errors="replace")).hexdigest()[:32] for one in said]


def read(given: Happened, name: str = "") -> Event:
    """An event as it is kept, under a name of its own; else under the given one, or one that nothing else has."""
    fields = given.model_dump(exclude_none=True)
    at = fields.pop("at", None) or datetime.now(UTC)
    return Event(**{"event": name or uuid.uuid4().hex, **fields, "at": at.timestamp()})
