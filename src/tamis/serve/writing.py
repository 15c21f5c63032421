"""Decisions as tamis' own paths answer with them."""

from __future__ import annotations

from tamis.core import Decision, Ranking
from tamis.serve.lib import JSONResponse, fastapi


def json_answer(request: fastapi.Request, found: Decision, given: Ranking) -> JSONResponse:
    """A decision as ``tamis search --json`` prints it, with the request's id.

    Args:
        request: gives the id.
        found: the decision.
        given: the candidates before reranking, whose positions are told.
    """
    positions = {candidate.doc.id: at for at, candidate in enumerate(given)}
    scored_by = [*found.ranking.fingerprints][-1:]
    return JSONResponse({"id": request.state.id, **found.as_json(model="".join(scored_by), positions=positions)})
