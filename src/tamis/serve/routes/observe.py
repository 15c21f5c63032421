"""``/v1/watch``: where what decides stands, and how owners move it on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from tamis.serve.dialects.call import Few, Field, Name, Plain, Text
from tamis.serve.exchange import REFUSALS
from tamis.serve.lib import JSONResponse, fastapi, pydantic
from tamis.serve.service import Service

FRESH = 5.0  # seconds for which one reading of the store answers all who ask
ENTRIES = 1_000  # of the ledger, that one answer tells
Share = Annotated[float, Field(gt=0, lt=1), Plain]
Reason = Annotated[Text, Field(max_length=2_000, description="Why, for the ledger.")]


class Act(Few):
    """What all acts may say."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    reason: Reason = ""


class ProposeRequest(Act):
    """A policy that shall become a candidate."""

    policy: Name | None = Field(None, description="A policy of this server; what clicks advise otherwise.")


class ApproveRequest(Act):
    """A policy that shall move on."""

    policy: Name = Field(description="Its name, or the beginning of its digest.")
    to: Literal["shadow", "canary", "active"] | None = Field(None, description="The stage; the next one otherwise.")
    share: Share | None = Field(None, description="Of the traffic, for a canary; as configured otherwise.")


class RetireRequest(Act):
    """A candidate, shadow or canary that shall go."""

    policy: Name = Field(description="Its name, or the beginning of its digest.")


def router(service: Service, owner: Callable[..., None]) -> fastapi.APIRouter:
    """The paths that show and move.

    Args:
        service: what is observed.
        owner: refuses requests of those who may not exchange anything.
    """
    paths = fastapi.APIRouter(responses=REFUSALS, tags=["observe"])
    _shown(paths, service)
    _moved(paths, service, [fastapi.Depends(owner)])
    return paths


def _shown(paths: fastapi.APIRouter, service: Service) -> None:
    """The paths that all may read."""

    @paths.get("/v1/watch", operation_id="watch", response_model=dict[str, Any])
    async def status() -> JSONResponse:
        """What decides, what it promises, what is on trial, some seconds old at most."""
        seen = service.watched()
        known = seen.status
        if known is None or time.time() - known.at > FRESH:
            known = await seen.run(seen.renew, tick=False)
        return answer(known.as_json())

    @paths.get("/v1/watch/ledger", operation_id="watch_ledger", response_model=dict[str, Any])
    async def ledger(after: Annotated[int, fastapi.Query(ge=0, le=2**53)] = 0) -> JSONResponse:
        """What was done with policies, by whom, in the order in which it was done."""
        seen = service.watched()
        entries = await seen.run(seen.watch.store.entries, after)
        told = [asdict(entry) for entry in entries[:ENTRIES]]
        return answer({"entries": told, "more": len(entries) > ENTRIES})

    @paths.get("/v1/watch/replay", operation_id="watch_replay", response_model=dict[str, Any])
    async def replay(policy: Annotated[Name, fastapi.Query(description="Its name or digest.")]) -> JSONResponse:
        """What a policy would have changed on the latest decisions."""
        seen = service.watched()
        return answer((await seen.run(seen.watch.replay, policy)).as_json())


def _moved(paths: fastapi.APIRouter, service: Service, owned: list[Any]) -> None:
    """The paths that only owners may ask."""

    @paths.post("/v1/watch/look", operation_id="watch_look", dependencies=owned, response_model=dict[str, Any])
    async def look() -> JSONResponse:
        """Look now at what was decided since the last look; null where that is too little."""
        seen = service.watched()
        found = await seen.act(seen.watch.look)
        return answer({"look": None if found is None else found.as_json()})

    @paths.post("/v1/watch/propose", operation_id="watch_propose", dependencies=owned, response_model=dict[str, Any])
    async def propose(request: fastapi.Request, body: ProposeRequest) -> JSONResponse:
        """Make a policy a candidate: one of this server, or one with the threshold that clicks advise."""
        seen = service.watched()
        if body.policy is not None:
            policy, evidence = service.policies.named(body.policy), {"reason": body.reason} if body.reason else {}
            work = seen.watch.lifecycle.propose
            digest = await seen.act(work, policy, actor=actor(request), name=body.policy, evidence=evidence)
            return answer({"policy": digest, "state": "candidate"})
        advice, made = await seen.act(seen.watch.propose, actor=actor(request))
        return answer({"policy": made or None, "state": "candidate" if made else None, "advice": advice.as_json()})

    @paths.post("/v1/watch/approve", operation_id="watch_approve", dependencies=owned, response_model=dict[str, Any])
    async def approve(request: fastapi.Request, body: ApproveRequest) -> JSONResponse:
        """Move a policy one stage on: candidate, shadow, canary, active; or to the stage that is named."""
        seen = service.watched()
        share = seen.watch.options.share if body.share is None else body.share
        work, digest = seen.watch.lifecycle.approve, await seen.run(seen.watch.lifecycle.found, body.policy)
        state = await seen.act(work, digest, actor=actor(request), to=body.to, share=share)
        return answer({"policy": digest, "state": state})

    @paths.post("/v1/watch/retire", operation_id="watch_retire", dependencies=owned, response_model=dict[str, Any])
    async def retire(request: fastapi.Request, body: RetireRequest) -> JSONResponse:
        """Take a candidate, shadow or canary out."""
        seen = service.watched()
        digest = await seen.run(seen.watch.lifecycle.found, body.policy)
        await seen.act(seen.watch.lifecycle.retire, digest, actor=actor(request), reason=body.reason)
        return answer({"policy": digest, "state": "retired"})

    @paths.post("/v1/watch/rollback", operation_id="watch_rollback", dependencies=owned, response_model=dict[str, Any])
    async def rollback(request: fastapi.Request, body: Act) -> JSONResponse:
        """Put what decided before in charge again, and retire what decides now."""
        seen = service.watched()
        digest = await seen.act(seen.watch.lifecycle.rollback, actor=actor(request), reason=body.reason)
        return answer({"policy": digest or None, "state": "active"})

    @paths.post(
        "/v1/watch/acknowledge", operation_id="watch_acknowledge", dependencies=owned, response_model=dict[str, Any]
    )
    async def acknowledge(request: fastapi.Request, body: Act) -> JSONResponse:
        """Answer the alarm that stands: looks begin anew."""
        seen = service.watched()
        await seen.act(seen.watch.lifecycle.acknowledge, actor=actor(request), reason=body.reason)
        return answer({"alarm": None})


def actor(request: fastapi.Request) -> str:
    """Who acts, for the ledger: the key's holder."""
    return request.state.holder or "http"


def answer(content: Mapping[str, Any]) -> JSONResponse:
    """An answer in JSON, which has no infinite numbers."""
    return JSONResponse(finite(content))


def finite(value: Any) -> Any:
    """The value with null for numbers that are not finite.

    >>> finite({"a": [1.5, float("inf")]})
    {'a': [1.5, None]}
    """
    if isinstance(value, Mapping):
        return {name: finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
