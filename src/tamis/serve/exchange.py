"""What all paths share of HTTP: the statuses they may answer with, and what happens when a client goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from tamis.errors import BusyError
from tamis.serve.lib import HTTPException, JSONResponse, RequestValidationError, fastapi, pydantic
from tamis.serve.problems import (
    ELSEWHERE,
    FORBIDDEN,
    GONE,
    INVALID,
    PROBLEMS,
    TOO_LARGE,
    UNKNOWN,
    Problem,
    problem,
    told,
)

Found = TypeVar("Found")


class Told(pydantic.BaseModel):
    """The body of every answer that is none: a sentence, under the names that the dialects know."""

    message: str
    detail: str
    error: str | dict[str, str | int | None]
    error_type: str


def responses(*rows: Problem) -> dict[int | str, dict[str, Any]]:
    """Statuses, as OpenAPI describes them."""
    return {row.status: {"description": row.kind, "model": Told} for row in rows}


REFUSALS = responses(*PROBLEMS.values(), INVALID, TOO_LARGE, UNKNOWN, FORBIDDEN, ELSEWHERE)  # what any path may answer
SEEN = responses(UNKNOWN, FORBIDDEN, ELSEWHERE, PROBLEMS[BusyError])  # those that only show something


async def unless_gone(request: fastapi.Request, work: Awaitable[Found]) -> Found:
    """The work's result; the work is given up when the client goes.

    Raises:
        HTTPException: the client has gone.
    """
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise HTTPException(GONE.status, "the client has gone")
        return working.result()
    finally:
        working.cancel()
        watching.cancel()


async def _gone(request: fastapi.Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def refused(request: fastapi.Request, error: Exception) -> JSONResponse:
    """The answer to an error that tamis raises on purpose."""
    row = problem(error)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, BusyError) else None
    return JSONResponse(told(str(error), row, request.url.path), row.status, headers)


async def invalid(request: fastapi.Request, error: Exception) -> JSONResponse:
    """The answer to a request that is not of the form."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    message = f"{place}: {first['msg']}"
    if "json" not in (kind := request.headers.get("content-type", "")):
        message = f"expected the header content-type: application/json, got {kind or 'none'!r}; {message}"
    return JSONResponse(told(message, INVALID, request.url.path), INVALID.status)


async def other(request: fastapi.Request, error: Exception) -> JSONResponse:
    """The answer to a path or method that is not there."""
    assert isinstance(error, HTTPException)
    row = Problem(error.status_code, "http")
    return JSONResponse(told(str(error.detail), row, request.url.path), error.status_code, error.headers)


async def failed(request: fastapi.Request, error: Exception) -> JSONResponse:
    """The answer to a fault of ours; the log has the place, the answer nothing of the request."""
    row = problem(error)
    return JSONResponse(told("the server has failed: its log says where", row, request.url.path), row.status)
