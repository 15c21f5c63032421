"""``tamis ui``: the workbench in the browser, by one word."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from tamis.cli import serve
from tamis.cli.options import USUAL, Chosen, Model, choosing

SOON = 2.0  # seconds until the server listens; the page itself waits for what is still loading


@choosing(Model, None, passages=True)
def command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8000,
    index: Annotated[
        str | None, typer.Option(metavar="DIR|URL", help="An index folder, or a collection's URL.")
    ] = None,
    chosen: Chosen = USUAL,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="The policy that decides.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
) -> None:
    """Open the workbench: see why, try it, decide. It is `tamis serve` on this machine, with a browser.

    Needs tamis[ui].

    Example: tamis ui --index ./law
    """
    if browser:
        opening = threading.Timer(SOON, webbrowser.open, [f"http://127.0.0.1:{port}/"])
        opening.daemon = True
        opening.start()
    serve.listen(
        None,
        serve.tables(
            {
                "serve": {"port": port},
                "models": serve.model_table(chosen, _usual(chosen), None),
                "index": {"path": serve.searched(index)},
                "policies": {serve.GIVEN: serve.full(policy)},
                "policy": policy and serve.GIVEN,
                "workbench": {"on": True},
            }
        ),
    )


def _usual(chosen: Chosen) -> str | None:
    """The shipped model shows probabilities; other models have no calibration until one was fitted."""
    return "default" if chosen.given in (None, "tamis-mini") else None
