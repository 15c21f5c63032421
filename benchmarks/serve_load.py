"""tamis serve under load, beside the library without a server; and beside a peer on the same weights.

    scripts/bench serve throughput [--rounds 5] [--seconds 10]   16 connections, 100 short documents a request
    scripts/bench serve checked [--requests 20000]               every answer's order is checked
    scripts/bench serve overload                                 ten times as many connections as the queue holds
    scripts/bench serve steady [--minutes 10]                    p99 and memory, minute by minute
    scripts/bench serve observing [--rounds 5]                   every decision kept, beside none kept
    scripts/bench serve peer [--rounds 5]                        sentence-transformers behind FastAPI, mixed lengths

The client is a process of its own and shares the machine's cores with the server.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from e5source import documents
from load import Asking, asked, free_port, memory, pairs_a_second, process, tamis_serve
from workloads import bert, tokenizer_of, workload

import tamis
from tamis.score.threads import threads
from tamis.serve.queue import length

MANY = 64  # different requests
DOCUMENTS = 100
CONNECTIONS = 16


def requests(count: int = MANY, size: int = DOCUMENTS, least: int = 15, most: int = 45) -> list[dict[str, object]]:
    """Bodies of short documents, so many words each; no two documents are alike."""
    rng = np.random.default_rng(0)
    words = " ".join(documents("abstracts", 600)).split()

    def text(length: int) -> str:
        start = int(rng.integers(0, len(words) - length))
        return " ".join(words[start : start + length])

    return [
        {
            "query": text(9),
            "documents": [text(int(n)) for n in rng.integers(least, most + 1, size)],
            "model": "tamis-mini",
        }
        for _ in range(count)
    ]


def pairs(body: dict[str, object]) -> list[tuple[tamis.Query, tamis.Document]]:
    query, texts = tamis.Query(str(body["query"])), body["documents"]
    assert isinstance(texts, list)
    return [(query, tamis.Document(str(at), text)) for at, text in enumerate(texts)]


def throughput(given: argparse.Namespace) -> None:
    bodies, scorer, port = requests(), tamis.load_scorer("tamis-mini"), free_port()
    offline = itertools.cycle([pairs(body) for body in bodies])
    found: dict[str, list[float]] = {"library": [], "server": []}
    print(f"{DOCUMENTS} documents a request, {CONNECTIONS} connections, {threads()} threads, pairs a second")
    with process(tamis_serve(port), port):
        for turn in range(given.rounds + 1):
            alone = pairs_a_second(lambda: len(scorer.score(next(offline))), given.seconds)
            outcome = asked(Asking(port, "/v2/rerank", bodies, connections=CONNECTIONS, seconds=given.seconds))
            served = len(outcome.waits) * DOCUMENTS / outcome.seconds
            if turn:
                found["library"].append(alone)
                found["server"].append(served)
                print(f"  library {alone:7.0f}   server {served:7.0f}   {served / alone:5.2f}")
    shares = [served / alone for alone, served in zip(found["library"], found["server"], strict=True)]
    print(f"  median: server {median(shares):.1%} of the library (from {min(shares):.1%} to {max(shares):.1%})")


def checked(given: argparse.Namespace) -> None:
    bodies, scorer, port = requests(500, 4, 4, 12), tamis.load_scorer("tamis-mini"), free_port()
    orders = [np.argsort(-scorer.score(pairs(body)), kind="stable").tolist() for body in bodies]
    with process(tamis_serve(port), port):
        outcome = asked(Asking(port, "/v2/rerank", bodies, orders, connections=CONNECTIONS, requests=given.requests))
    print(
        f"{len(outcome.waits)} answers in {outcome.seconds:.0f} s, {outcome.wrong} in a wrong order; {outcome.statuses}"
    )


def overload(given: argparse.Namespace) -> None:
    """The queue's bound is set so low that ten times as many connections ask as it holds requests."""
    bodies, port = requests(), free_port()
    holds = 16  # requests
    tokens = int(np.mean([sum(length(pair[1].text) for pair in pairs(body)) for body in bodies]))
    with process(tamis_serve(port), port, TAMIS_QUEUE__WAITING=str(holds * tokens)):
        one = asked(Asking(port, "/v2/rerank", bodies, connections=1, requests=40))
        usual = asked(Asking(port, "/v2/rerank", bodies, connections=CONNECTIONS, seconds=20))
        many = asked(Asking(port, "/v2/rerank", bodies, connections=10 * holds, seconds=40, pause=0.2))
    single = median(one.waits)
    bound = 2 * single * (holds + 1)  # as many as wait, and the one that is worked on
    print(f"alone {single:.3f} s a request; the queue holds {holds}")
    for connections, outcome in ((CONNECTIONS, usual), (10 * holds, many)):
        rate = len(outcome.waits) * DOCUMENTS / outcome.seconds
        print(f"{connections:4} connections: p99 {outcome.share(99):.2f} s, {rate:.0f} pairs/s, {outcome.statuses}")
    print(f"bound of p99: 2 x {holds + 1} x {single:.3f} s = {bound:.2f} s")
    print(f"refusals came within {np.percentile(many.refusals or [0], 99):.3f} s (p99)")


def steady(given: argparse.Namespace) -> None:
    bodies, port = requests(), free_port()
    with process(tamis_serve(port), port) as server:
        for minute in range(given.minutes + 1):
            outcome = asked(Asking(port, "/v2/rerank", bodies, connections=CONNECTIONS, seconds=60 if minute else 10))
            rate, held = len(outcome.waits) * DOCUMENTS / outcome.seconds, memory(server.pid)
            waits = f"p50 {outcome.share(50):.2f} s  p99 {outcome.share(99):.2f} s"
            print(f"  minute {minute:2}: {waits}  {rate:6.0f} pairs/s  {held:5.0f} MB  {outcome.statuses}", flush=True)


def observing(given: argparse.Namespace) -> None:
    """What it costs to keep every decision: a server with a store beside one without, the same requests in turn."""
    plain, kept = free_port(), free_port()
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as running:
        running.enter_context(process(tamis_serve(plain), plain))
        running.enter_context(process(tamis_serve(kept, "--observe", f"{made}/observe.db"), kept))
        for size in (DOCUMENTS, 4):
            bodies, ratios, waits = requests(size=size), [], {plain: [0.0], kept: [0.0]}
            for turn in range(given.rounds + 1):
                rates = {}
                for port in (plain, kept) if turn % 2 else (kept, plain):
                    outcome = asked(Asking(port, "/v1/decide", bodies, connections=CONNECTIONS, seconds=given.seconds))
                    assert set(outcome.statuses) == {200}, outcome.statuses
                    rates[port] = len(outcome.waits) / outcome.seconds
                    waits[port].append(outcome.share(99))
                if turn:
                    ratios.append(rates[kept] / rates[plain])
                    print(
                        f"  {size:4} documents: {rates[plain]:7.1f} a second, observed {rates[kept]:7.1f}", flush=True
                    )
            late = " and ".join(f"{1e3 * median(each[2:]):.0f}" for each in waits.values())
            spread = f"from {min(ratios):.1%} to {max(ratios):.1%}"
            print(f"  median: observed {median(ratios):.1%} of not observed ({spread}); p99 {late} ms")


def peer(given: argparse.Namespace) -> None:
    """The same weights behind tamis and behind sentence-transformers in a plain FastAPI application."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "minilm"
        folder.mkdir()
        bert(folder, 6, 384, 12)
        tokenizer = tokenizer_of(folder)
        loads = [workload("mixed", tokenizer, seed=seed) for seed in range(16)]
        bodies = [{"query": load.query, "documents": list(load.documents)} for load in loads]
        ours, theirs, tuned = free_port(), free_port(), free_port()
        script = str(Path(__file__).with_name("peer_server.py"))
        commands = {
            "sentence-transformers, batch 32 (its default)": (
                [sys.executable, script, str(folder), str(theirs), "32"],
                theirs,
            ),
            "sentence-transformers, batch 4": ([sys.executable, script, str(folder), str(tuned), "4"], tuned),
            "tamis, the same weights": (tamis_serve(ours, "--model", str(folder)), ours),
        }
        rates: dict[str, list[float]] = {name: [] for name in commands}
        with contextlib.ExitStack() as running:
            for command, port in commands.values():
                running.enter_context(process(command, port))
            for turn in range(given.rounds + 1):
                for name, (_, port) in commands.items():
                    outcome = asked(Asking(port, "/rerank", bodies, connections=CONNECTIONS, requests=16))
                    if turn:
                        rates[name].append(len(outcome.waits) * DOCUMENTS / outcome.seconds)
                        print(f"  {name:48}{rates[name][-1]:8.1f} pairs/s", flush=True)
        first = median(next(iter(rates.values())))
        for name, each in rates.items():
            print(f"  {name:48}{median(each):8.1f} pairs/s {median(each) / first:6.2f} x")


SECTIONS = {each.__name__: each for each in (throughput, checked, overload, steady, observing, peer)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("section", choices=SECTIONS)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--minutes", type=int, default=10)
    options.add_argument("--requests", type=int, default=20_000)
    given = options.parse_args()
    began = time.perf_counter()
    SECTIONS[given.section](given)
    print(f"({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
