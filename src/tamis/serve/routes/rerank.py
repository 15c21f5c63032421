"""``/rerank`` in every dialect, ``/score``, ``/v1/embeddings``: texts in, numbers out."""

from __future__ import annotations

from tamis.serve.dialects import EmbeddingsRequest, InfinityRequest, PairsRequest, RerankRequest
from tamis.serve.dialects.call import Request
from tamis.serve.exchange import REFUSALS, unless_gone
from tamis.serve.journal import Journal
from tamis.serve.lib import JSONResponse, Response, fastapi
from tamis.serve.service import Service

SCALE = "x-tamis-scale"  # what the scores are: probability, sigmoid or logit
POLICY = "x-tamis-policy"


def router(service: Service, journal: Journal) -> fastapi.APIRouter:
    """The paths that other servers have, too."""
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["dialects"])

    @paths.post("/rerank", operation_id="rerank")
    @paths.post("/v1/rerank", operation_id="rerank_v1")
    @paths.post("/v2/rerank", operation_id="rerank_v2")
    async def rerank(request: fastapi.Request, body: RerankRequest) -> Response:
        """Documents, best first, in the dialect in which they were sent."""
        return await ranked(request, body.root)

    @paths.post("/infinity/rerank", operation_id="rerank_infinity")
    async def rerank_infinity(request: fastapi.Request, body: InfinityRequest) -> Response:
        """The same for clients that want documents repeated as plain texts."""
        return await ranked(request, body)

    async def ranked(request: fastapi.Request, body: Request) -> Response:
        found = await unless_gone(request, service.rerank(body.call(), request.state.id))
        journal.pairs.labels(found.model).inc(len(found.items))
        return JSONResponse(body.answer(found), headers=said(found.scale, found.policy))

    @paths.post("/score", operation_id="score")
    @paths.post("/v1/score", operation_id="score_v1")
    async def score(request: fastapi.Request, body: PairsRequest) -> Response:
        """A score a pair, in the pairs' order."""
        work = service.score(body.read(), body.model or "", "logit" if body.raw else "share")
        found = await unless_gone(request, work)
        journal.pairs.labels(found.model).inc(len(found.scores))
        answer = body.answer(request.state.id, found.model, found.scores, found.tokens)
        return JSONResponse(answer, headers=said(found.shown.scale, found.shown.policy))

    @paths.post("/v1/embeddings", operation_id="embeddings")
    async def embeddings(request: fastapi.Request, body: EmbeddingsRequest) -> Response:
        """A unit vector a text, in the texts' order."""
        name, vectors = await unless_gone(request, service.embed(body.texts(), body.kind))
        return JSONResponse(body.answer(name, vectors))

    return paths


def said(scale: str, policy: str) -> dict[str, str]:
    """The headers that say what the scores of an answer are."""
    return {SCALE: scale, **({POLICY: policy} if policy else {})}
