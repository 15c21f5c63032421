"""``/v1/search`` and ``/v1/decide``: from a query to what is good enough to show, and why the rest is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from tamis.core import Decision, Document, Query, Ranking, as_documents
from tamis.serve.dialects.call import Asked, Count, Few, Field, Flag, Name, Plain, Several, Text
from tamis.serve.exchange import REFUSALS, unless_gone
from tamis.serve.lib import Response, fastapi, pydantic
from tamis.serve.service import Choice, Service
from tamis.serve.where import Where
from tamis.serve.writing import json_answer

Most = Annotated[int, Field(ge=1, le=1_000), Plain]
TURNS, LONGEST = 50, 20_000  # of a conversation, and characters of one turn
Turn = Annotated[Text, Field(max_length=LONGEST)]
Turns = Annotated[
    Several[Turn], Field(max_length=TURNS, description="What was said before, oldest first; read where rewriting is.")
]
Scalar = pydantic.StrictStr | pydantic.StrictBool | pydantic.StrictInt | pydantic.FiniteFloat | None


class Asking(Few):
    """What all of tamis' own requests have; a field that is not known is refused."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    query: Asked
    instruction: Text | None = Field(None, description="What counts as relevant, for models that read instructions.")
    model: Text | None = Field(None, description="A model of this server, or an alias; the default otherwise.")
    policy: Text | None = Field(None, description='What decides; the active policy otherwise, "none" shows everything.')
    priority: Count | None = Field(None, description="0 is worked on first.")
    history: Turns = Field(default_factory=list)
    user: Name | None = Field(
        None, description="A name of the user or session: one user stays with one policy while a canary runs."
    )
    k: Most | None = Field(None, description="Results that are shown; all that the policy accepts otherwise.")
    rewrite: Flag = Field(False, description="Ask as the conversation means it; a search also asks in other words.")

    def asked(self) -> Query:
        """The query."""
        return Query(self.query, instruction=self.instruction or "", history=tuple(self.history))

    def choice(self) -> Choice:
        """Which model and policy."""
        return Choice(self.model or "", self.policy or "")


class Searching(Asking):
    """What requests to the index have.

    Attributes:
        where: a filter.
    """

    depth: Most = Field(100, description="Candidates that are recalled and reranked.")
    where: Where = None

    def asked(self) -> Query:
        """The query."""
        return replace(super().asked(), where=self.where)


class SearchRequest(Searching):
    """A search of this server's index."""

    k: Most = Field(10, description="Results that are shown.")


class DecideDocument(Few):
    """A document; fields beside these are for rules of policies."""

    model_config = pydantic.ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Scalar] = Field(init=False)

    id: Text | None = Field(None, description="Its position where none is given; no two may be alike.")
    title: Text = ""
    text: Text


class DecideRequest(Asking):
    """Documents to be decided upon."""

    documents: Several[Text | DecideDocument] = Field(min_length=1, description="Texts, or objects with a text.")

    def read(self) -> list[Document]:
        """The documents.

        Raises:
            InputError: two have one id.
        """
        return as_documents(one if isinstance(one, str) else one.model_dump() for one in self.documents)


async def decided(service: Service, request: fastapi.Request, body: Asking, ranking: Ranking) -> Decision:
    """What to show of candidates, as a request asks for it, recorded under the request's id."""
    return await service.decide(
        ranking, body.choice(), k=body.k, priority=body.priority or 0, request=request.state.id, user=body.user or ""
    )


def router(service: Service) -> fastapi.APIRouter:
    """The paths that decide."""
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["decisions"])

    @paths.post("/v1/search", operation_id="search", response_model=dict[str, Any])
    async def search(request: fastapi.Request, body: SearchRequest) -> Response:
        """Documents of the index that are good enough to show, best first, and why the others are not."""

        async def work() -> Response:
            ranking = await service.recalled(body.asked(), max(body.depth, body.k), rewrite=body.rewrite)
            found = await decided(service, request, body, ranking)
            return json_answer(request, found, ranking)

        return await unless_gone(request, work())

    @paths.post("/v1/decide", operation_id="decide", response_model=dict[str, Any])
    async def decide(request: fastapi.Request, body: DecideRequest) -> Response:
        """Which of the given documents are good enough to show, best first, and why the others are not."""

        async def work() -> Response:
            ranking = service.given(body.asked(), body.read())
            if body.rewrite:
                ranking = replace(ranking, query=(await service.rewritten(ranking.query))[0].query)
            found = await decided(service, request, body, ranking)
            return json_answer(request, found, ranking)

        return await unless_gone(request, work())

    return paths
