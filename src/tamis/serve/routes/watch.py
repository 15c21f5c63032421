"""``/health``, ``/ready``, ``/metrics``, ``/info``: for those who watch the process."""

from __future__ import annotations

from typing import Any

from tamis import __version__
from tamis.serve.exchange import SEEN
from tamis.serve.journal import Journal
from tamis.serve.lib import JSONResponse, Response, fastapi
from tamis.serve.service import Service


def router(service: Service, journal: Journal) -> fastapi.APIRouter:
    """The paths that tell of the server itself."""
    paths = fastapi.APIRouter(tags=["watching"], responses=SEEN)

    @paths.get("/health", operation_id="health")
    async def health() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "ok"}

    @paths.get("/ready", operation_id="ready", responses={503: {"description": "not yet, or no more"}})
    async def ready(request: fastapi.Request) -> JSONResponse:
        """Whether requests are taken."""
        now: bool = request.app.state.ready
        return JSONResponse({"ready": now}, 200 if now else 503)

    @paths.get("/metrics", operation_id="metrics", response_class=fastapi.responses.PlainTextResponse)
    async def metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(journal.metrics(), media_type="text/plain; version=0.0.4")

    @paths.get("/info", operation_id="info")
    async def info() -> dict[str, Any]:
        """What answers here."""
        models = service.models
        return {"version": __version__, "default": models.default, "models": service.described()}

    return paths
