"""``/v1/ask``: an answer with checked citations, whole or as it is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from types import GeneratorType
from typing import Any

from tamis.answer import Answer, Generator
from tamis.core import Decision
from tamis.errors import TamisError
from tamis.serve.aside import Aside
from tamis.serve.dialects.call import Field, Flag
from tamis.serve.exchange import REFUSALS, unless_gone
from tamis.serve.lib import JSONResponse, Response, StreamingResponse, fastapi
from tamis.serve.problems import problem, told
from tamis.serve.routes.search import Most, Searching, decided
from tamis.serve.service import Choice, Service

STREAM = "text/event-stream"


class AskRequest(Searching):
    """A question to this server's index."""

    k: Most = Field(5, description="Passages to answer from.")
    stream: Flag = Field(False, description="Server-sent events: pieces of text, and last the checked answer.")

    def choice(self) -> Choice:
        """Which model and policy; an answer is never written from what a policy leaves out."""
        return replace(super().choice(), explore=False)


def router(service: Service) -> fastapi.APIRouter:
    """The path that answers."""
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["decisions"])

    written: dict[int | str, dict[str, Any]] = {200: {"content": {STREAM: {}}}}

    @paths.post("/v1/ask", operation_id="ask", response_model=dict[str, Any], responses=written)
    async def ask(request: fastapi.Request, body: AskRequest) -> Response:
        """An answer from what a policy accepts of the index, with citations; or that the answer is not known."""
        service.aside.check()
        generator = service.generator(body.choice(), body.k)

        async def found() -> Decision:
            ranking = await service.recalled(body.asked(), max(body.depth, body.k), rewrite=body.rewrite)
            return await decided(service, request, body, ranking)

        decision = await unless_gone(request, found())
        name: str = request.state.id
        if body.stream:
            return StreamingResponse(events(generator, decision, name, service.aside), media_type=STREAM)
        answer = await unless_gone(request, service.aside.run(generator.answer, decision))
        return JSONResponse({"id": name, **answer.as_json()})

    return paths


async def events(generator: Generator, decision: Decision, name: str, aside: Aside) -> AsyncIterator[str]:
    """An answer as server-sent events: ``{"text": ...}`` a piece, then one event ``answer``, or ``error``."""
    pieces = generator.stream(decision)
    coming = aside.begin(next, pieces, None)
    try:
        while (piece := await asyncio.wrap_future(coming)) is not None:
            if isinstance(piece, Answer):
                yield event({"id": name, **piece.as_json()}, "answer")
            else:
                yield event({"text": piece})
            coming = aside.begin(next, pieces, None)
    except TamisError as error:
        yield event(told(str(error), problem(error)), "error")
    finally:  # a client that has gone leaves a piece on its way: the model's connection is closed when that has come
        coming.add_done_callback(lambda _: _close(pieces))


def event(content: dict[str, Any], kind: str = "") -> str:
    r"""One server-sent event.

    >>> event({"text": "筛"})
    'data: {"text": "筛"}\n\n'
    """
    head = f"event: {kind}\n" if kind else ""
    return f"{head}data: {json.dumps(content, ensure_ascii=False)}\n\n"


def _close(pieces: Iterator[str | Answer]) -> None:
    if isinstance(pieces, GeneratorType):
        pieces.close()
