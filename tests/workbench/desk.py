"""A server with the workbench, as a process, and what tests do on its pages."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from ..browser import Browser
from ..serve.servers import process

SHOTS = os.environ.get("TAMIS_SCREENSHOTS", "")  # a folder that keeps the pictures


@contextlib.contextmanager
def serving(folder: Path, *arguments, **environ):
    """The process and the address of a server whose workbench keeps its things in this folder, and is made."""
    given = {"TAMIS_WORKBENCH__FOLDER": str(folder), "OMP_NUM_THREADS": "1", "TAMIS_THREADS": "1", **environ}
    usual = () if "--config" in arguments else ("--calibration", "default")
    with process("--workbench", *usual, *arguments, **given) as (started, client, _):
        client.get("/workbench/login", timeout=60)
        yield started, str(client.base_url).rstrip("/")


def show(browser: Browser, tab: str) -> None:
    """Go to a tab; on a phone those that have no room wait behind a button, without names of their own."""
    from tamis.workbench.words import LANGUAGES, said

    titles = [said(f"{tab}.tab", language) for language in LANGUAGES]
    button = (
        f"(document.querySelector('#tabs button[data-tab-id={tab}]') || [...document.querySelectorAll("
        f"'#tabs .overflow-dropdown button')].find(e => {titles}.includes(e.textContent.trim())))"
    )
    browser.until(f"!!{button}")
    browser.run(f"{button}.click()")
    browser.until(f"![null, undefined].includes(document.querySelector('#tab-{tab}')?.offsetParent)")
    time.sleep(0.3)  # Gradio's own scripts settle


def shot(browser: Browser, name: str) -> None:
    """Keep a picture, where somebody wants them."""
    if SHOTS:
        width, height = browser.run("[innerWidth, document.documentElement.scrollHeight]")
        browser.window(width, height, phone=width < 600)  # frames are only drawn where the window shows them
        time.sleep(1.5)  # what fades in has done so
        browser.picture(Path(SHOTS) / f"{name}.png")
        browser.window(width, 900, phone=width < 600)
