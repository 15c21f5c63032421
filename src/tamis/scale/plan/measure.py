"""Costs from a running server's own numbers: requests of several shapes, and ``/metrics`` before and after."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx
import numpy as np

from tamis.errors import InputError, RemoteError
from tamis.scale.plan.costs import Cost
from tamis.scale.plan.profile import Profile
from tamis.serve.queue import BYTES_A_TOKEN

SHAPES = ((1, 40), (10, 20), (40, 15), (100, 15), (20, 80), (100, 40), (50, 120), (100, 70))  # pairs, tokens each
LINE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)
STARTS = 300.0  # seconds that a server may take to be ready
WARM = 2  # requests that are not counted
SIGMA = 0.5  # of the lognormal lengths of documents
WORDS = "筛 drum 税 soup sieve 法 policy 保险 refund return 期限 tax claim 合同 notice weight search 试用 data index"

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Read:
    """A server's counters at one moment: seconds and how many; ``loop`` and ``process`` are processor seconds."""

    work: float
    batches: float
    worked: float
    searched: float
    searches: float
    loop: float
    process: float
    memory: float

    def __sub__(self, before: Read) -> Read:
        """What has come to the counters since; memory is as it is now."""
        names = [name for name in self.__slots__ if name != "memory"]
        return replace(self, **{name: getattr(self, name) - getattr(before, name) for name in names})


@contextlib.contextmanager
def server(arguments: Sequence[str]) -> Iterator[str]:
    """The URL of a ``tamis serve`` with these arguments on a free port of this machine, while the block runs.

    Raises:
        RemoteError: it ended before it was ready; with the last line that it said.
    """
    with socket.socket() as free, tempfile.TemporaryFile() as said:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [sys.executable, "-m", "tamis", "serve", "--no-workbench", "--port", str(port), *arguments]
        started = subprocess.Popen(command, stderr=said, env={**os.environ, "TAMIS_API_KEYS": ""})
        try:
            url = f"http://127.0.0.1:{port}"
            began = time.monotonic()
            while not _ready(url):
                if started.poll() is not None or time.monotonic() - began > STARTS:
                    said.seek(0)
                    last = said.read().decode(errors="replace").strip().splitlines()[-1:] or ["nothing"]
                    raise RemoteError(f"tamis serve was not ready; it said: {last[0]}")
                time.sleep(0.1)
            yield url
        finally:
            started.terminate()
            started.wait(60)


def measured(
    url: str,
    *,
    model: str = "",
    key: str = "",
    search: bool = False,
    rounds: int = 3,
    device: str = "cpu",
    texts: Sequence[str] = (),
    progress: Progress | None = None,
) -> Profile:
    """The profile of a server that nobody else asks meanwhile.

    Args:
        url: of a ``tamis serve`` that serves ``/metrics``.
        model: its name there; the default where empty.
        key: for the header, where the server asks for one.
        search: ask the index, too; the server must have one.
        rounds: how often each shape is asked.
        device: what scores: ``"cpu"`` here, a row of the table of devices elsewhere.
        texts: words of documents are drawn from these; from a few of ours otherwise.
        progress: told what is done of how much.

    Raises:
        RemoteError: the server cannot be reached, refuses, or has no such numbers.
    """
    with _client(url, key) as client:
        name = model or _get(client, "/info").json()["default"]
        words, rng = (" ".join(texts) or WORDS).split(), np.random.default_rng(7)
        rows: list[tuple[int, float, Read]] = []
        for turn in range(-WARM, rounds * len(SHAPES)):  # shapes in turn: what slows the machine slows all alike
            pairs, tokens = SHAPES[turn % len(SHAPES)]
            drawn = [_text(rng, words, each) for each in _lengths(rng, pairs, tokens)]
            body = {"query": _text(rng, words, 9), "documents": drawn, "model": name}
            spent = _spent(client, name, partial(_post, client, "/v2/rerank", body))
            if turn >= 0:
                rows.append((pairs, spent.worked, spent))
                if progress:
                    progress(turn + 1, rounds * len(SHAPES))
        recall = _recall(client, name, rng, words, rounds) if search else None
    return _profile(name, rows, recall, device)


def _profile(name: str, rows: Sequence[tuple[int, float, Read]], recall: Cost | None, device: str) -> Profile:
    pairs, tokens, spent = zip(*rows, strict=True)
    scoring = Cost.fit(pairs, tokens, [one.work for one in spent])
    front = Cost.fit(pairs, tokens, [max(one.loop, 1e-6) for one in spent])
    work, own = sum(one.work for one in spent), sum(one.process - one.loop for one in spent)
    busy = own / work if device == "cpu" else 0.0
    off = [abs(np.log(scoring(p, t) / one.work)) for p, t, one in rows]
    shares = f"the fit is within {np.exp(np.percentile(off, 90)) - 1:.0%} of nine tenths of {len(rows)} batches"
    source = f"measured on this machine {time.strftime('%Y-%m-%d')}; {shares}"
    return Profile(name, scoring, float(f"{busy:.3g}"), front, recall, spent[-1].memory, device, source, 1.2)


def _recall(client: httpx.Client, name: str, rng: np.random.Generator, words: Sequence[str], rounds: int) -> Cost:
    """Seconds of a search in the index; how much is saved by asking several together is not counted."""
    took = 0.0
    for turn in range(-WARM, 4 * rounds):
        body = {"query": _text(rng, words, 9), "depth": 100, "k": 10}
        spent = _spent(client, name, partial(_post, client, "/v1/search", body))
        took += spent.searched if turn >= 0 else 0.0
    return Cost(pair=float(f"{took / (4 * rounds):.3g}"))


def _spent(client: httpx.Client, name: str, ask: Callable[[], object]) -> Read:
    before = read(_get(client, "/metrics").text, name)
    ask()
    return read(_get(client, "/metrics").text, name) - before


def read(text: str, model: str) -> Read:
    """A server's counters, as ``/metrics`` has them.

    Raises:
        RemoteError: some are missing.
    """
    found = {(name, labels or ""): float(value) for name, labels, value in LINE.findall(text)}
    scores = f'queue="model:{model}"'

    def one(name: str, labels: str = "", missing: float | None = None) -> float:
        value = found.get((name, labels), missing)
        if value is None:
            raise RemoteError(
                f"/metrics has no {name}{{{labels}}}: expected a tamis serve of this version with {model!r}"
            )
        return value

    index = 'queue="index"'
    return Read(
        one("tamis_work_seconds_sum", scores), one("tamis_work_seconds_count", scores),
        one("tamis_worked_tokens_total", scores), one("tamis_work_seconds_sum", index, 0.0),
        one("tamis_work_seconds_count", index, 0.0), one("tamis_loop_cpu_seconds_total"),
        one("process_cpu_seconds_total"), one("process_resident_memory_bytes"),
    )  # fmt: skip


def _lengths(rng: np.random.Generator, pairs: int, tokens: float) -> list[int]:
    drawn = rng.lognormal(np.log(tokens) - SIGMA**2 / 2, SIGMA, pairs)
    return [max(1, round(float(one))) for one in drawn]


def _text(rng: np.random.Generator, words: Sequence[str], tokens: int) -> str:
    """Words of about so many tokens, from a place of chance on."""
    found, size, at = list[str](), 0, int(rng.integers(len(words)))
    while size < tokens * BYTES_A_TOKEN:
        found.append(word := words[at % len(words)] if len(words) > 1_000 else words[int(rng.integers(len(words)))])
        size, at = size + len(word.encode()) + 1, at + 1
    return " ".join(found)


def _client(url: str, key: str) -> httpx.Client:
    if not url.startswith(("http://", "https://")):
        raise InputError(f"--url: expected http:// or https://, got {url!r:.60}")
    return httpx.Client(base_url=url, timeout=300, headers={"authorization": f"Bearer {key}"} if key else {})


def _ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/ready", timeout=5).status_code == 200
    return False


def _get(client: httpx.Client, path: str) -> httpx.Response:
    return _checked(path, lambda: client.get(path))


def _post(client: httpx.Client, path: str, body: Any) -> httpx.Response:
    return _checked(path, lambda: client.post(path, json=body))


def _checked(path: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
    try:
        answer = ask()
    except httpx.TransportError as error:
        raise RemoteError(f"the server does not answer at {path}: {error}") from error
    if answer.status_code != 200:
        raise RemoteError(f"{path}: {answer.status_code} {answer.text[:200]}", status=answer.status_code)
    return answer
