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
    """Go to a tab."""
    from tamis.workbench.tabs import TABS

    at = list(TABS).index(tab)
    browser.until("document.querySelectorAll('#tabs button[role=tab]').length > 0")
    browser.run(f"document.querySelectorAll('#tabs button[role=tab]')[{at}].click()")
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
