"""``/v1/rewrite``: a query as it can stand alone and in other words, each change with its reason."""

from __future__ import annotations

from typing import Annotated, Any

from tamis.core import Query
from tamis.rewrite import told
from tamis.serve.dialects.call import Asked, Few, Field, Plain
from tamis.serve.exchange import REFUSALS, unless_gone
from tamis.serve.lib import JSONResponse, Response, fastapi, pydantic
from tamis.serve.routes.search import LONGEST, Turns
from tamis.serve.service import Service

MOST = 20  # texts that may be asked for
Wanted = Annotated[int, Field(ge=1, le=MOST), Plain]


class RewriteRequest(Few):
    """A query after what was said before it."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    query: Annotated[Asked, Field(max_length=LONGEST)]
    history: Turns = Field(default_factory=list)
    variants: Wanted | None = Field(None, description="Texts to search with, at most; as configured otherwise.")


def router(service: Service) -> fastapi.APIRouter:
    """The path that rewrites."""
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["decisions"])

    @paths.post("/v1/rewrite", operation_id="rewrite", response_model=dict[str, Any])
    async def rewrite(request: fastapi.Request, body: RewriteRequest) -> Response:
        """The query as it can stand alone, then in other words: what was changed, and why."""
        query = Query(body.query, history=tuple(body.history))
        found = await unless_gone(request, service.rewritten(query))
        return JSONResponse({"id": request.state.id, **told(body.query, found[: body.variants])})

    return paths
