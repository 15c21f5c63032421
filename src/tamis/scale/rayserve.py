"""``tamis serve`` on Ray Serve: the same application in replicas that Ray starts, watches, and adds or takes away.

serve run tamis.scale.rayserve:build config=/etc/tamis/tamis.toml replicas=3
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tamis.errors import InputError
from tamis.extras import require

if TYPE_CHECKING:
    from fastapi import FastAPI

ONGOING = 200  # requests that Ray sends to one replica at a time: its own queue refuses what is too much
WAITING = 4.0  # requests under way in a replica on average, beyond which Ray adds one, where it may
KNOWN = ("config", "replicas", "most", "cpus", "gpus")


def build(given: Mapping[str, str]) -> Any:
    """The Ray Serve application that ``serve run`` and a Serve config file name; options are texts.

    Args:
        given: ``config``: a tamis.toml that every node has; ``replicas``: 1 otherwise; ``most``: replicas that Ray may
            add up to; ``cpus``, ``gpus``: of one replica.

    Raises:
        InputError: an option that is not known, or is no number.
        MissingExtraError: Ray Serve is not installed.
    """
    if unknown := given.keys() - set(KNOWN):
        raise InputError(f"{sorted(unknown)[0]!r} is not known: expected {', '.join(KNOWN)}")
    config = Path(given["config"]) if given.get("config") else None
    try:
        replicas, most = int(given.get("replicas", 1)), int(given.get("most", 0))
        cpus, gpus = float(given.get("cpus", 1)), float(given.get("gpus", 0))
    except ValueError as error:
        raise InputError(f"expected numbers for replicas, most, cpus and gpus: {error}") from error
    return deployed(config, replicas=replicas, most=most, cpus=cpus, gpus=gpus)


def deployed(
    config: Path | None = None, *, replicas: int = 1, most: int = 0, cpus: float = 1.0, gpus: float = 0.0
) -> Any:
    """A Ray Serve application for ``ray.serve.run``.

    Args:
        config: tamis.toml, which every node has at this place; relative paths in it are from its folder.
        replicas: how many; with ``most`` at least so many.
        most: Ray adds replicas up to so many while requests wait; 0 keeps the number.
        cpus, gpus: that Ray sets aside for one replica; the model scores with so many threads.

    Raises:
        InputError: fewer than one replica, or ``most`` below it.
        MissingExtraError: Ray Serve is not installed.
    """
    if replicas < 1 or (most and most < replicas):
        raise InputError(f"expected at least one replica and most of at least replicas, got {replicas} and {most}")
    require("aiohttp_cors")  # which Ray's extra for serving brings, and Ray by itself does not
    serve = require("ray.serve")
    path = None if config is None else config.resolve()

    def made() -> FastAPI:  # runs in the replica
        return asgi(path)

    scaled: dict[str, Any] = {"num_replicas": replicas}
    if most:
        bounds = {"min_replicas": replicas, "max_replicas": most, "target_ongoing_requests": WAITING}
        scaled = {"autoscaling_config": bounds}
    threads = str(max(1, int(cpus)))
    own = {"num_cpus": cpus, "num_gpus": gpus, "runtime_env": {"env_vars": {"TAMIS_THREADS": threads}}}
    options = {"name": "tamis", "max_ongoing_requests": ONGOING, "ray_actor_options": own, **scaled}
    return serve.deployment(**options)(serve.ingress(made)()).bind()


def asgi(config: Path | None) -> FastAPI:
    """The application of ``tamis serve``, as a configuration and the environment tell it, without the workbench.

    Raises:
        TamisError: as in ``tamis.serve.build.service``.
    """
    from tamis.serve.app import Settings, application
    from tamis.serve.build import exchange, service
    from tamis.serve.config import configuration
    from tamis.serve.keys import Keys

    beside = config.parent if config else Path()
    told = configuration(config, os.environ)
    named = [key.strip() for key in os.environ.get("TAMIS_API_KEYS", "").split(",") if key.strip()]
    keys = Keys.of([*told.serve.keys, *named])
    hosts = () if keys or told.serve.open else ("127.0.0.1", "::1", "localhost")
    running = service(told, beside)

    async def reload() -> list[str]:
        return await exchange(running, configuration(config, os.environ), beside)

    settings = Settings(keys, told.serve.owners, told.serve.rate, hosts, told.serve.origins)
    return application(running, settings, reload=reload)
