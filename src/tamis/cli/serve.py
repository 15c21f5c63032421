"""``tamis serve``: models behind HTTP, in the dialects that clients of rerank services speak."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tamis.cli import show
from tamis.cli.options import USUAL, Chosen, FirstStage, Model, choosing

if TYPE_CHECKING:
    from tamis.serve.added import Added
    from tamis.serve.app import Settings
    from tamis.serve.config import Configuration
    from tamis.serve.service import Service
    from tamis.workbench.face import Workbench
    from tamis.workbench.options import WorkbenchOptions

VARIABLE = "TAMIS_API_KEYS"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
GIVEN = "given"  # the name of the policy that the command line names
STORE = "observe.db"  # in the workbench's own folder


@choosing(Model, None, passages=True)
def command(
    host: Annotated[str | None, typer.Option(help="Address to listen at; 127.0.0.1 otherwise.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen at; 8000 otherwise.")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="tamis.toml: several models, policies, keys, limits.")
    ] = None,
    index: Annotated[
        str | None, typer.Option(metavar="DIR|URL", help="An index folder or a collection's URL, for /v1/search.")
    ] = None,
    recall: FirstStage = None,
    chosen: Chosen = USUAL,
    calibration: Annotated[
        str | None, typer.Option(metavar="FILE|default", help="Scores are probabilities by this calibration.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="What decides on /v1/search and /v1/decide.")] = (
        None
    ),
    llm: Annotated[
        str | None, typer.Option(metavar="URL", help="OpenAI-compatible server that writes the answers of /v1/ask.")
    ] = None,
    llm_model: Annotated[str | None, typer.Option("--llm-model", help="The model's name at that server.")] = None,
    rewrite: Annotated[
        str | None,
        typer.Option(metavar="URL", help="OpenAI-compatible server that rewrites queries; rules do otherwise."),
    ] = None,
    rewrite_model: Annotated[str | None, typer.Option("--rewrite-model", help="The model's name at that server.")] = (
        None
    ),
    encoder: Annotated[str | None, typer.Option(help="What /v1/embeddings asks; e5-small otherwise.")] = None,
    observe: Annotated[
        str | None,
        typer.Option(metavar="STORE", help="Keep decisions and feedback: an SQLite file, or postgresql://..."),
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="N/UNIT", help="Requests that a key may make, such as 600/minute.")
    ] = None,
    workbench: Annotated[
        bool | None,
        typer.Option("--workbench/--no-workbench", help="The web page at /; it needs tamis[ui].", show_default=False),
    ] = None,
    open_to_all: Annotated[
        bool, typer.Option("--open", help="Listen at an address that others can reach, though there are no keys.")
    ] = False,
) -> None:
    """Answer over HTTP: rerank requests of Cohere, Jina, Voyage, vLLM, infinity and TEI clients, search, decisions.

    Scores are sigmoids of logits; with --calibration, or a policy that has one, probabilities. Keys come from
    TAMIS_API_KEYS: KEY or NAME=KEY, separated by commas. SIGHUP reads FILE again. Needs tamis[serve].

    Example: tamis serve --port 8000 --calibration default --index ./law
    """
    given = tables(
        {
            "serve": {"host": host, "port": port, "rate": rate, "open": open_to_all or None},
            "models": model_table(chosen, calibration, config),
            "index": {"path": searched(index), "recall": recall},
            "policies": {GIVEN: full(policy)},
            "policy": policy and GIVEN,
            "llm": {"url": llm, "model": llm_model},
            "rewrite": {"url": rewrite, "model": rewrite_model},
            "encoder": encoder,
            "observe": {"store": store(observe)},
            "workbench": {"on": workbench},
        }
    )
    listen(config, given)


def listen(config: Path | None, given: dict[str, Any]) -> None:
    """Answer until told to stop.

    Args:
        config: tamis.toml; None for none.
        given: tables as the file has them, which win.
    """
    from tamis.extras import available
    from tamis.serve.added import Added
    from tamis.serve.app import Settings, application
    from tamis.serve.build import exchange, service
    from tamis.serve.draining import Draining
    from tamis.serve.keys import Keys
    from tamis.serve.lib import uvicorn

    beside = config.parent if config else Path()
    told = _configured(config, given)
    listening = told.serve
    named = [key.strip() for key in os.environ.get(VARIABLE, "").split(",") if key.strip()]
    keys = Keys.of([*listening.keys, *named])
    if not (keys or listening.open or private(listening.host)):
        where = f"{listening.host} can be reached by others"
        raise typer.BadParameter(f"{where}: set {VARIABLE}, or say --open", param_hint="--host")
    hosts = () if keys or listening.open else (*LOOPBACK, listening.host)
    settings = Settings(keys, listening.owners, listening.rate, hosts, listening.origins)
    added = Added(told.workbench.home(listening.port, beside), partial(_configured, config, given), beside)
    asked = given.get("workbench", {}).get("on", False)
    shown = told.workbench.on and (asked or available("gradio"))  # asked for, its absence is an error
    if shown:
        running = service(_observed(added.configuration(), added.folder), beside, kept=added.policies)
    else:
        running = service(told, beside)

    async def reload() -> list[str]:
        return await added.reload(running) if shown else await exchange(running, _configured(config, given), beside)

    address = f"http://{listening.host}:{listening.port}"
    show.say(f"{running.models.default} at {address}: POST /v2/rerank; all paths: GET /openapi.json")
    face = _face(running, added, settings, told.workbench) if shown else None
    show.say(f"workbench: {address}/" if face else 'workbench: none; it needs pip install "tamis[ui]"')
    app = application(running, settings, reload=reload, face=face)
    made = uvicorn.Config(
        app, host=listening.host, port=listening.port, log_level="warning", access_log=False, lifespan="on",
        timeout_graceful_shutdown=listening.stopping, timeout_keep_alive=listening.idle,
    )  # fmt: skip
    server = Draining(made, app, listening.draining)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once it has stopped
        server.run()
    if not server.started:
        raise typer.Exit(1)


def _observed(told: Configuration, home: Path) -> Configuration:
    """The configuration with a store beside what else the workbench keeps, where none is named."""
    if told.observe.store:
        return told
    home.mkdir(0o700, parents=True, exist_ok=True)
    return replace(told, observe=replace(told.observe, store=str(home / STORE)))


def _face(running: Service, added: Added, settings: Settings, options: WorkbenchOptions) -> Workbench:
    """The web page; without keys whoever sees it may exchange models and policies."""
    from tamis.workbench.face import Workbench

    return Workbench(
        running,
        added,
        options,
        keys=settings.keys,
        may_exchange=lambda holder: not settings.keys or holder in settings.owners,
    )


def private(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> private("127.0.0.1"), private("localhost"), private("0.0.0.0"), private("example.org")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _configured(config: Path | None, given: dict[str, Any]) -> Configuration:
    from tamis.serve.config import configuration

    return configuration(config, os.environ, given)


def model_table(chosen: Chosen, calibration: str | None, config: Path | None) -> dict[str, Any]:
    """The table of the model that the command line names; of the shipped one where only its options are given."""
    own = {
        "calibration": calibration if calibration in (None, "default") else full(Path(calibration)),
        **{name: value for name, value in chosen.options().items() if value not in (None, "auto")},
    }
    own = {name: value for name, value in own.items() if value is not None}
    if chosen.given is None and not own:
        return {}
    if chosen.given is None and config is not None:
        raise typer.BadParameter(f"{', '.join(own)}: say --model too, or write it into {config}")
    spec = str(Path(chosen.model).resolve()) if chosen.model.startswith(".") else chosen.model
    return {Path(spec).name: {"model": spec, **own}}


def full(path: Path | None) -> str | None:
    """A path of the command line is one from the working folder, not from the file's."""
    return None if path is None else str(path.resolve())


def searched(where: str | None) -> str | None:
    """An index that the command line names; a folder is one from the working folder, and a URL one of an engine."""
    from tamis.recall.engines import is_url

    return where if where is None or is_url(where) else full(Path(where))


def store(where: str | None) -> str | None:
    """A store that the command line names; a file is one from the working folder."""
    return where if where is None or "://" in where else full(Path(where))


def tables(given: dict[str, Any]) -> dict[str, Any]:
    """What was given of tables, nothing else."""
    kept = {
        name: {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value
        for name, value in given.items()
    }
    return {name: value for name, value in kept.items() if value not in (None, {})}
