"""How quick the workbench is, and whether it grows: a real browser, a real server, one machine.

    python benchmarks/workbench.py        # two minutes on two cores

- from opening the page to its first paint, and until it can be used, cold and warm; beside an empty page of the server;
- a comparison of 20 documents, from the click until it stands in the page; beside the same request to /v1/decide;
- the server's memory over 200 comparisons.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.browser import Browser, found

COMPARISONS, WARM, EVERY = 200, 20, 50
WORDS = ["goods", "return", "postage", "seven", "days", "buyer", "shop", "pays", "faulty", "order", "parcel", "refund"]


def documents(seed: int) -> list[str]:
    """Twenty documents of some length, other ones each time."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 40)) + f" {seed} {at}." for at in range(20)]


class Desk:
    """The workbench's page of comparisons, in a browser."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address

    def opened(self) -> tuple[float, float]:
        """Milliseconds until the page was first painted, and until its button was there."""
        start = time.perf_counter()
        self.browser.visit(f"{self.address}/workbench/en/")
        self.browser.until("!!document.querySelector('#compare-run')")
        usable = time.perf_counter() - start
        self.browser.until("performance.getEntriesByName('first-contentful-paint').length > 0")
        painted = self.browser.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        return painted, 1e3 * usable

    def compared(self, seed: int) -> float:
        """Milliseconds from the click until the comparison of these documents stands in the page."""
        self.browser.write("#compare-documents textarea", "\n".join(documents(seed)))
        self.browser.run(
            "window.done = new Promise(resolve => { const shown = document.querySelector('#compare-shown');"
            f"window.seen = new MutationObserver(() => shown.innerText.includes(' {seed} 19.') &&"
            " resolve(performance.now())); window.seen.observe(shown, {subtree: true, childList: true}); }); 1"
        )
        self.browser.run("window.began = performance.now(); document.querySelector('#compare-run').click(); 1")
        return self.browser.run("window.done.then(at => (window.seen.disconnect(), at - window.began))")


def decided(client: httpx.Client, seed: int) -> float:
    """Milliseconds of the same documents asked of the API."""
    start = time.perf_counter()
    asked = {"query": "who pays the postage when I return something", "documents": documents(seed)}
    client.post("/v1/decide", json=asked).raise_for_status()
    return 1e3 * (time.perf_counter() - start)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(Path(folder)), indent=1))


def measured(folder: Path) -> dict[str, object]:
    """All figures."""
    port = 8765
    command = [sys.executable, "-m", "tamis", "serve", "--workbench", "--port", str(port), "--calibration", "default"]
    environ = {**os.environ, "TAMIS_WORKBENCH__FOLDER": str(folder / "desk")}
    start = time.perf_counter()
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environ, stderr=log)
    address, figures = f"http://127.0.0.1:{port}", {}
    try:
        with httpx.Client(base_url=address, timeout=60) as client, Browser(found(), folder / "profile") as browser:
            figures["API ready, s"] = until(lambda: client.get("/ready").status_code == 200, start)
            figures["workbench ready, s"] = until(lambda: client.get("/workbench/en/").status_code == 200, start)
            browser.window(1280, 900)
            desk = Desk(browser, address)
            browser.visit(f"{address}/health")
            cold, warm = desk.opened(), [desk.opened() for _ in range(5)]
            figures["first paint, ms"] = {"cold": cold[0], "warm": float(np.median([paint for paint, _ in warm]))}
            figures["usable, ms"] = {"cold": cold[1], "warm": float(np.median([usable for _, usable in warm]))}
            for seed in range(WARM):
                desk.compared(seed), decided(client, 10_000 + seed)
            memory, took = {WARM: resident(server.pid)}, []
            for at in range(COMPARISONS):
                took.append((desk.compared(100 + at), decided(client, 20_000 + at)))
                if (at + 1) % EVERY == 0:
                    memory[WARM + at + 1] = resident(server.pid)
            figures["comparison of 20 documents, ms"] = spread([page for page, _ in took])
            figures["the same by /v1/decide, ms"] = spread([api for _, api in took])
            figures["memory after so many comparisons, MB"] = memory
            figures["browser heap, MB"] = browser.run("performance.memory.usedJSHeapSize") / 1e6
    finally:
        server.terminate()
        server.wait(60)
    return figures


def until(true: object, start: float) -> float:
    """Seconds from the start until something is true."""
    while True:
        try:
            if true():
                return time.perf_counter() - start
        except httpx.TransportError:
            time.sleep(0.02)


def resident(pid: int) -> float:
    """Megabytes that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1e3


def spread(values: list[float]) -> dict[str, float]:
    return {"median": float(np.median(values)), "p95": float(np.quantile(values, 0.95)), "most": float(max(values))}


if __name__ == "__main__":
    main()
