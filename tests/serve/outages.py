"""What can happen to replicas, a scenario a function; each says what it saw, for tests and for benchmarks."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx

from tamis.decide import Policy, Thresholds
from tamis.recall import Index
from tamis.score import load_scorer

from .cluster import Kept, Load

TEXTS = ["A tamis sieves soup.", "Rain fell on the hills.", "今天下雨。", "Soup is strained through a drum sieve."]
ASKED = {"query": "what sieves soup?", "documents": TEXTS[:3]}
SOON = 30.0  # seconds after which something has not come about


def configured(folder, store, **observe):
    """A configuration with an index, a policy that shows nothing and one that shows everything."""
    folder = Path(folder)
    Index.build([{"id": f"d{at}", "text": text} for at, text in enumerate(TEXTS, 1)], folder / "index", encoder=None)
    strict = Policy(Thresholds(50.0), scorer=load_scorer("tamis-mini").fingerprint, stage="tamis-mini")
    strict.save(folder / "strict.json")
    replace(strict, thresholds=Thresholds(-50.0)).save(folder / "loose.json")
    rows = {"store": store, "kept_first": True, **observe}
    told = "".join(f"{name} = {json.dumps(value)}\n" for name, value in rows.items())
    (folder / "tamis.toml").write_text(
        'policy = "loose"\nencoder = ""\n[serve]\ndraining = 1.5\n[index]\npath = "./index"\n'
        f'[policies]\nstrict = "strict.json"\nloose = "loose.json"\n[observe]\n{told}'
    )
    return folder / "tamis.toml"


def exchanged(url, running, name):
    """Put a policy in charge through the balancer; seconds after the answer until each replica decides by it."""
    shows = {"strict": 0, "loose": len(ASKED["documents"])}[name]
    found = {}

    def follow(one, begin):
        while len(one.client.post("/v1/decide", json=ASKED).json()["results"]) != shows:
            if time.monotonic() - begin > SOON:
                break
            time.sleep(0.02)
        found[one.port] = time.monotonic() - begin

    answer = httpx.put(f"{url}/v1/policies/active", json={"name": name}, timeout=30)
    assert answer.status_code == 200, answer.text
    begin = time.monotonic()
    threads = [threading.Thread(target=follow, args=(one, begin)) for one in running]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[one.port] for one in running]


def rolled_back(url, running):
    """Roll back through the balancer from the strict policy to the one before; as ``exchanged``."""
    answer = httpx.post(f"{url}/v1/watch/rollback", json={"reason": "shows nothing"}, timeout=30)
    assert answer.status_code == 200, answer.text
    begin, found = time.monotonic(), []
    left = [*running]
    while left and time.monotonic() - begin < SOON:
        for one in [*left]:
            if len(one.client.post("/v1/decide", json=ASKED).json()["results"]):
                found.append(time.monotonic() - begin)
                left.remove(one)
        time.sleep(0.02)
    return found + [SOON] * len(left)


def killed(url, running, store, seconds=4.0, clients=6):
    """SIGKILL one of them under load, and begin it again; the load, and what the store holds of it."""
    with Load(url, clients) as load:
        time.sleep(seconds / 2)
        running[1].end(signal.SIGKILL)
        time.sleep(seconds)
        running[1].start().until_ready()
        time.sleep(seconds / 2)
    return load, Kept.of(store, load)


def rolled(url, running, store, clients=6):
    """End and begin all of them by turns under load; the load, the store's count, and what each replica said meanwhile.

    Of each: whether ``/ready`` said no while requests were still answered.
    """
    said = []
    with Load(url, clients) as load:
        time.sleep(1)
        for one in running:
            said.append(left(one))
            one.start().until_ready()
            time.sleep(0.5)
    return load, Kept.of(store, load), said


def left(one):
    """Whether a replica that is told to end says that it is not ready, and still answers."""
    one.process.send_signal(signal.SIGTERM)
    seen, began = False, time.monotonic()
    while one.process.poll() is None and time.monotonic() - began < SOON:
        with contextlib.suppress(httpx.TransportError):
            answered = one.client.post("/v1/decide", json=ASKED)
            closes = answered.headers.get("connection") == "close"
            seen = seen or (one.status("/ready") == 503 and answered.status_code == 200 and closes)
        time.sleep(0.05)
    one.process.wait(60)
    return seen


def cut_off(wire, one, seconds=4.0):
    """Cut a replica off its store for some seconds: statuses meanwhile, and seconds until it keeps what it is told."""
    statuses = {path: {} for path in ("/v1/decide", "/v1/feedback", "/rerank", "/ready")}

    def ask(path, at):
        bodies = {"/v1/feedback": {"kind": "click", "document": "d1", "event": f"cut-{one.port}-{at}"}}
        began = time.monotonic()
        answer = one.client.get(path) if path == "/ready" else one.client.post(path, json=bodies.get(path, ASKED))
        return answer.status_code, time.monotonic() - began

    assert ask("/v1/feedback", -1)[0] == 200
    wire.cut()
    end, at, slowest = time.monotonic() + seconds, 0, 0.0
    while time.monotonic() < end:
        for path, seen in statuses.items():
            at += 1
            status, took = ask(path, at)
            seen[status], slowest = seen.get(status, 0) + 1, max(slowest, took)
        time.sleep(0.05)
    wire.mend()
    began = time.monotonic()
    while (status := ask("/v1/feedback", -2)[0]) != 200 and time.monotonic() - began < SOON:
        time.sleep(0.02)
    return statuses, slowest, time.monotonic() - began if status == 200 else SOON
