"""A real headless Chromium, driven through its debugging pipe with the standard library alone."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def found() -> str | None:
    """The path of a browser: TAMIS_BROWSER, or the first that is installed."""
    return os.environ.get("TAMIS_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


class Navigated(RuntimeError):
    """The page was left while an expression was evaluated in it."""


class Browser:
    """One page in a browser process that ends with the block."""

    def __init__(self, binary: str, profile: Path) -> None:
        commands, self._out = os.pipe()
        self._in, answers = os.pipe()

        def place() -> None:  # the browser reads commands from file descriptor 3 and answers on 4
            one, two = os.dup(commands), os.dup(answers)
            os.dup2(one, 3)
            os.dup2(two, 4)

        self._process = subprocess.Popen(
            [binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "--window-size=1000,900", "about:blank"],
            close_fds=False, preexec_fn=place, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self._numbers, self._buffer, self._session = itertools.count(1), b"", None
        self.events: list[dict] = []
        target = next(t for t in self.send("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._in)
        os.close(self._out)

    def _read(self) -> dict:
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 20)
            if not part:
                raise RuntimeError("the browser has gone")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def send(self, method: str, **parameters) -> dict:
        """One command and its result; events that come meanwhile are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    navigated = "navigated" in answer["error"]["message"]
                    raise (Navigated if navigated else RuntimeError)(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path: Path) -> None:
        """Show a file and wait until it is loaded."""
        self.events.clear()
        self.send("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")

    def visit(self, url: str) -> None:
        """Show an address and wait until its document is read; what it asked for is told by ``requests``."""
        # What is left may be asking a server that has gone; what it still has to say is not of the page that comes.
        self.send("Page.navigate", url="about:blank")
        self.until("location.href === 'about:blank' && document.readyState === 'complete'")
        self.events.clear()
        self.send("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def window(self, width: int, height: int, *, phone: bool = False) -> None:
        """Make the window so large; a phone has touch and a pixel ratio of its own."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, mobile=phone,
            deviceScaleFactor=2 if phone else 1,
        )  # fmt: skip

    def click(self, selector: str) -> None:
        """Click the middle of the first element of a CSS selector, as a mouse does, once it stands still."""
        self.until(f"!!document.querySelector({selector!r})")
        before = None
        while (place := self._middle(selector)) != before:
            before = place
            time.sleep(0.03)  # what comes in above it moves it
        x, y = place
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def _middle(self, selector: str) -> list[float]:
        """Where the middle of an element is, once it is in sight."""
        return self.run(
            f"(e => (e.scrollIntoView({{block: 'center'}}), e = e.getBoundingClientRect(), "
            f"[e.x + e.width / 2, e.y + e.height / 2]))(document.querySelector({selector!r}))"
        )

    def write(self, selector: str, text: str) -> None:
        """Put text in the place of what stands in an input, as typing or an input method does."""
        self.click(selector)
        self.run(f"document.querySelector({selector!r}).select()")
        self.send("Input.insertText", text=text)

    def upload(self, selector: str, *paths: Path) -> None:
        """Give files to a file input."""
        self.until(f"!!document.querySelector({selector!r})")
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", files=[str(path) for path in paths], nodeId=node)

    def until(self, code: str, seconds: float = 30) -> None:
        """Wait until an expression in the page is true, also where the page loads itself again meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(Navigated):
                if self.run(code):
                    return
            time.sleep(0.05)
        raise TimeoutError(code)

    def run(self, code: str):
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def text(self, element: str) -> str:
        """The visible text of an element, by its id."""
        return self.run(f"document.getElementById({element!r}).innerText")

    def key(self, name: str) -> None:
        """Press and release a key, such as ArrowRight."""
        code = {"ArrowRight": 39, "ArrowLeft": 37, "Enter": 13, "Tab": 9, " ": 32}[name]
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if name == "Enter" and kind == "keyDown" else {}
            self.send("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, **text)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """A mouse event at a place of the window: mousePressed, mouseMoved, mouseReleased."""
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def scheme(self, name: str) -> None:
        """Prefer a light or a dark page."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def paper(self, path: Path) -> None:
        """The page as PDF."""
        Path(path).write_bytes(base64.b64decode(self.send("Page.printToPDF", printBackground=True)["data"]))

    def complaints(self) -> list[str]:
        """Errors and warnings that the page has caused, such as a breach of its security policy."""
        self.run("1")
        found = [e["params"] for e in self.events if e["method"] == "Log.entryAdded"]
        thrown = [e["params"] for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        return [str(entry["entry"]["text"]) for entry in found] + [str(entry) for entry in thrown]

    def requests(self) -> list[str]:
        """Every address that was asked for since the file was opened."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
