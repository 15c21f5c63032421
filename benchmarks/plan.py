"""What ``tamis plan`` says of servers beside what they do: throughput and p95, measured and planned.

    scripts/bench plan [--rounds 3] [--seconds 12] [--only NAME ...]

A round measures the profile anew (``tamis plan --measure``, on other texts than the tests) and then each scenario, so
that both see the same machine. tamis-mini, one thread a replica; the client shares the cores. What the machine gives is
measured before each scenario: the processor time that a busy process a core gets (all cores, where nobody else works).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import numpy as np
from e5source import documents
from load import Asking, asked, free_port, process, tamis_serve

from tamis.recall import Index
from tamis.scale.plan import Fleet, Profile, Simulated, Traffic, simulate
from tamis.scale.plan.measure import measured
from tamis.serve.queue import length

CORES = os.cpu_count() or 1
MANY = 24  # different requests
HELD = 300  # documents of the index
WITHIN = 0.2


@dataclass(frozen=True, slots=True)
class Scenario:
    """So many replicas are asked about so many documents of so many words, or search."""

    name: str
    replicas: int
    documents: int
    words: int
    connections: int = 8
    search: bool = False
    share: float = 0.0  # of the planned throughput that comes at random; 0 for connections that ask again at once


SCENARIOS = (
    Scenario("1 replica, 100 short documents", 1, 100, 20),
    Scenario("2 replicas, 100 short documents", 2, 100, 20),
    Scenario("1 replica, 100 longer documents", 1, 100, 60),
    Scenario("1 replica, 20 documents", 1, 20, 40),
    Scenario("1 replica, search + rerank 100", 1, 100, 0, search=True),
    Scenario("1 replica, random arrivals", 1, 30, 30, share=0.6),
)


class Texts:
    """Running words of the demo's abstracts: the first half for profiles, the other for what is tested."""

    def __init__(self) -> None:
        whole = documents("abstracts", 1_000)
        self.measured, self._tested = whole[:500], " ".join(whole[500:]).split()
        self._rng = np.random.default_rng(1)

    def text(self, words: int) -> str:
        start = int(self._rng.integers(len(self._tested) - words))
        return " ".join(self._tested[start : start + words])

    def bodies(self, one: Scenario) -> list[dict[str, object]]:
        if one.search:
            return [{"query": self.text(9), "depth": one.documents} for _ in range(MANY)]
        lengths = self._rng.integers(one.words // 2, one.words * 3 // 2 + 1, (MANY, one.documents))
        return [{"query": self.text(9), "documents": [self.text(int(n)) for n in row]} for row in lengths]


def shapes(one: Scenario, bodies: Sequence[dict[str, object]], held: float) -> list[tuple[int, float]]:
    """Pairs and tokens a pair of each request; of the index's documents as they are on average."""
    if one.search:
        return [(one.documents, held)]
    found = [body["documents"] for body in bodies]
    return [(len(each), sum(map(length, each)) / len(each)) for each in found if isinstance(each, list)]


def spin(seconds: float) -> float:
    """Processor seconds that a process got that did nothing but use it."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass
    return time.process_time()


def given_cores(seconds: float = 1.5) -> float:
    """How many cores this machine gives now to a process for each of its cores."""
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        pool.map(spin, [0.1] * CORES, chunksize=1)
        return sum(pool.map(busy, [seconds] * CORES, chunksize=1)) / seconds


def busy(seconds: float) -> float:
    """The same, of this call alone."""
    before = time.process_time()
    return spin(seconds) - before


def planned(
    one: Scenario, profile: Profile, asked_: list[tuple[int, float]], cores: float, times: list[float] | None = None
) -> Simulated:
    fleet = Fleet(one.replicas, cores)
    connections = None if times else one.connections * one.replicas
    return simulate(profile, fleet, Traffic(asked_, search=one.search, connections=connections, times=times))


def comes(rate: float, seconds: float) -> list[float]:
    """Random times at so many a second."""
    draw, found = random.Random(0), [0.0]
    while found[-1] < seconds:
        found.append(found[-1] + draw.expovariate(rate))
    return found[1:-1]


def at_once(one: Scenario, ports: Sequence[int], bodies: Sequence[object], seconds: float) -> tuple[float, float]:
    """Answers a second, and p95, of connections to all replicas that ask again as soon as they are answered."""
    path = "/v1/search" if one.search else "/v2/rerank"
    with ThreadPoolExecutor(one.replicas) as pool:
        each = [
            pool.submit(asked, Asking(port, path, bodies, connections=one.connections, seconds=seconds))
            for port in ports[: one.replicas]
        ]
        found = [future.result() for future in each]
    assert all({*outcome.statuses} == {200} for outcome in found), [outcome.statuses for outcome in found]
    waits = [wait for outcome in found for wait in outcome.waits]
    return sum(len(one.waits) / one.seconds for one in found), float(np.percentile(waits, 95))


def at_random(port: int, bodies: Sequence[object], times: Sequence[float]) -> tuple[float, float]:
    """Answers a second, and p95, of requests that come at given times."""
    waits, threads = list[float](), list[threading.Thread]()
    limits = httpx.Limits(max_connections=200)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, limits=limits) as client:

        def ask(body: object) -> None:
            began = time.perf_counter()
            assert client.post("/v2/rerank", json=body).status_code == 200
            waits.append(time.perf_counter() - began)

        begin = time.perf_counter()
        for at, due in enumerate(times):
            time.sleep(max(0.0, begin + due - time.perf_counter()))
            threads.append(threading.Thread(target=ask, args=(bodies[at % len(bodies)],)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        return len(waits) / (time.perf_counter() - begin), float(np.percentile(waits, 95))


def round_(
    given: argparse.Namespace, texts: Texts, ports: Sequence[int], held: float, rows: dict[str, list[tuple[float, ...]]]
) -> None:
    url = f"http://127.0.0.1:{ports[0]}"
    profile = measured(url, search=True, rounds=2, texts=texts.measured)
    print(f"  {profile.scoring}, recall {profile.recall and profile.recall.pair:g} s; {profile.source}", flush=True)
    for one in SCENARIOS:
        if given.only and one.name not in given.only:
            continue
        bodies = texts.bodies(one)
        sizes = shapes(one, bodies, held)
        cores = given_cores()
        plan = planned(one, profile, sizes, cores)
        if one.share:
            times = comes(one.share * plan.throughput, 5 * given.seconds)
            seen, plan = at_random(ports[0], bodies, times), planned(one, profile, sizes, cores, times)
        else:
            seen = at_once(one, ports, bodies, given.seconds)
        rows.setdefault(one.name, []).append((*seen, plan.throughput, plan.p95))
        print(
            f"  {one.name:34} measured {seen[0]:6.2f}/s p95 {seen[1]:6.2f} s   "
            f"planned {plan.throughput:6.2f}/s p95 {plan.p95:6.2f} s   {plan.throughput / seen[0]:5.2f}   "
            f"(of {CORES} cores {cores:.2f})",
            flush=True,
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=12.0)
    options.add_argument("--only", nargs="*", default=[])
    given, began, texts = options.parse_args(), time.perf_counter(), Texts()
    os.environ |= {"TAMIS_THREADS": "1", "OMP_NUM_THREADS": "1"}
    rows: dict[str, list[tuple[float, ...]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kept = [{"id": str(at), "text": texts.text(int(20 + at % 21))} for at in range(HELD)]
        Index.build(kept, folder / "index", encoder="e5-small")
        held = sum(length(str(one["text"])) for one in kept) / HELD
        ports = [free_port(), free_port()]
        for port in ports:
            command = tamis_serve(port, "--no-workbench", "--index", str(folder / "index"))
            stack.enter_context(process(command, port, "/ready"))
        for turn in range(given.rounds):
            print(f"round {turn + 1}")
            round_(given, texts, ports, held, rows)
    print(f"medians of {given.rounds} rounds, planned over measured; expected within {WITHIN:.0%}:")
    for name, found in rows.items():
        share = median(plan / seen for seen, _, plan, _ in found)
        late = median(plan / seen for _, seen, _, plan in found)
        verdict = "PASSED" if abs(share - 1) <= WITHIN else "FAILED"
        print(f"  {name:34} throughput {share:5.2f}   {verdict}   (p95 {late:5.2f})")
    print(f"({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
