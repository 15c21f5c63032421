"""``/v1/feedback``: what users did with what they were shown."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from tamis.errors import NotFoundError
from tamis.serve.dialects.call import Amount, Few, Field, Position
from tamis.serve.exchange import REFUSALS
from tamis.serve.lib import fastapi, pydantic
from tamis.serve.service import Service

Name = Annotated[str, pydantic.StringConstraints(strict=True, min_length=1, max_length=200)]


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


Moment = Annotated[pydantic.AwareDatetime, pydantic.BeforeValidator(as_text), pydantic.AfterValidator(in_utc)]


class FeedbackEvent(Few):
    """One thing that a user did; names only, never a text."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    kind: Literal["click", "skip", "dwell", "rating", "conversion"]
    document: Name = Field(description="Its id.")
    request: Name | None = Field(None, description="The id that the answer with the document carried.")
    query: Name | None = Field(None, description="A name of the query, where there is no request.")
    position: Position | None = Field(None, description="Where it was shown, from 1.")
    value: Amount | None = Field(None, description="Seconds of a dwell, the grade of a rating.")
    user: Name | None = Field(None, description="A name of the user or session, best a hashed one.")
    at: Moment | None = Field(None, description="When it happened; now otherwise.")
    event: Name | None = Field(None, description="A name of the event: what is sent twice counts once.")


class FeedbackRequest(Few):
    """One event, or several."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    events: Annotated[list[FeedbackEvent], Field(min_length=1, max_length=10_000, fail_fast=True)]


class FeedbackAnswer(pydantic.BaseModel):
    """The names of the events that are on the disk now."""

    events: list[str]


def router(service: Service) -> fastapi.APIRouter:
    """The path that takes feedback."""
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["feedback"])

    @paths.post("/v1/feedback", operation_id="feedback")
    async def feedback(body: FeedbackRequest | FeedbackEvent) -> FeedbackAnswer:
        """Keep events; they are on the disk when this answers."""
        if service.feedback is None:
            raise NotFoundError("this server keeps no feedback: start it with --feedback FILE")
        events = body.events if isinstance(body, FeedbackRequest) else [body]
        now = datetime.now(UTC)
        written: list[dict[str, Any]] = [
            {**event.model_dump(mode="json", exclude_none=True), "event": event.event or uuid.uuid4().hex,
             "at": (event.at or now).isoformat(), "received": now.isoformat()}
            for event in events
        ]  # fmt: skip
        await service.feedback.add(written)
        return FeedbackAnswer(events=[event["event"] for event in written])

    return paths
