"""``/v1/policies`` and ``/v1/models``: what decides and what scores here, and how the owner exchanges them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tamis.serve.dialects.call import Field, Text
from tamis.serve.exchange import REFUSALS
from tamis.serve.lib import fastapi, pydantic
from tamis.serve.service import Service

Reload = Callable[[], Awaitable[list[str]]]


class ActivateRequest(pydantic.BaseModel):
    """The policy that shall decide."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: Text = Field(description='A name of GET /v1/policies, or "none".')


def router(service: Service, owner: Callable[..., None], reload: Reload | None) -> fastapi.APIRouter:
    """The paths that show and exchange.

    Args:
        service: what is shown.
        owner: refuses requests of those who may not exchange anything.
        reload: reads the configuration again; None where there is none.
    """
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["policies and models"])
    owned = [fastapi.Depends(owner)]

    @paths.get("/v1/policies", operation_id="policies")
    async def policies() -> dict[str, Any]:
        """The policies, and which one is active."""
        return {"active": service.policies.active or None, "policies": service.policies.described()}

    @paths.put("/v1/policies/active", operation_id="activate_policy", dependencies=owned)
    async def activate(request: fastapi.Request, body: ActivateRequest) -> dict[str, Any]:
        """Let another policy decide from now on, until the configuration asks for something else."""
        await service.activate(body.name, request.state.holder or "http")
        return {"active": service.policies.active or None}

    @paths.get("/v1/models", operation_id="models")
    async def models() -> dict[str, Any]:
        """The models, as OpenAI's client lists them."""
        rows = [
            {"object": "model", "id": name, "owned_by": "tamis", **row} for name, row in service.described().items()
        ]
        return {"object": "list", "data": rows}

    @paths.post("/v1/reload", operation_id="reload", dependencies=owned)
    async def reread() -> dict[str, Any]:
        """Read the configuration again, and exchange the models and policies that have changed; no request is lost."""
        return {"exchanged": await reload() if reload else []}

    return paths
