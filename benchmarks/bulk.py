"""``tamis bulk`` beside the library: pairs a second a core, Ray's start, a worker killed, digests.

    python benchmarks/bulk.py [PAIRS] [--slices 2] [--without-ray] [--folder DIR]

212,992 pairs without an argument, in two slices of whole blocks. On each slice the contenders take turns: the library
in one process of one thread, two such processes at once (two cores share a memory bus, and perhaps a power budget),
``tamis bulk`` with two worker processes, and with two of Ray's actors. The library's figure is the time within
``scored`` alone: no start, no model loaded, no row read, nothing written. That of bulk is all from the second part to
the last (by then both workers score, and the first blocks are done), and, apart, all of the run, start included.

Pairs are 32 queries by 32 documents, each with each, of texts recombined from the demo's abstracts, four such to a
block; so the library, which is given all at once, and a worker, which is given a block, read each text as often. Then
the first slice again with a worker killed by its pid in the midst of a block, on processes and on Ray: counts and
digests.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from e5source import documents
from report import Report

from tamis import Document, Query, load_scorer
from tamis.pipeline import scored
from tamis.scale import Model, bulk

SIDE = 32  # queries, and documents, of a group
GROUP = SIDE**2
BLOCK = 4 * GROUP  # that of tamis bulk where nothing is told
WORDS = {"query": (4, 10), "document": (15, 40)}
WORKERS = 2
TARGET = 0.85
LEAST = 8  # blocks of a slice
ONE_THREAD = {"OMP_NUM_THREADS": "1", "TAMIS_THREADS": "1"}


def pairs(count: int) -> Iterator[dict[str, Any]]:
    """So many rows: groups in which every query meets every document; texts are runs of the abstracts' words."""
    words = " ".join(documents("abstracts", 600)).split()
    rng = np.random.default_rng(0)

    def text(kind: str) -> str:
        start, length = int(rng.integers(0, len(words) - 50)), int(rng.integers(*WORDS[kind]))
        return " ".join(words[start : start + length])

    for group in range(-(-count // GROUP)):
        queries, found = ([text(kind) for _ in range(SIDE)] for kind in ("query", "document"))
        for at in range(min(GROUP, count - group * GROUP)):
            yield {"id": group * GROUP + at, "query": queries[at % SIDE], "document": found[at // SIDE]}


def library(path: str) -> None:
    """What a process of the library alone does; it prints the seconds of scoring and the number of pairs."""
    with Path(path).open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    asked = {row["query"]: Query(row["query"]) for row in rows}
    found = [(asked[row["query"]], Document(str(at), row["document"])) for at, row in enumerate(rows)]
    scorer = load_scorer("tamis-mini")
    scorer.score(found[:32])
    began = time.perf_counter()
    scored(scorer, found)
    print(json.dumps({"seconds": time.perf_counter() - began, "pairs": len(found)}))


def in_processes(paths: Sequence[Path]) -> float:
    """Pairs a second a core of the library, one process a path, all at once."""
    command = [sys.executable, __file__, "--library"]
    env = os.environ | ONE_THREAD
    running = [subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, text=True, env=env) for path in paths]
    found = [json.loads(process.communicate()[0]) for process in running]
    return float(np.mean([each["pairs"] / each["seconds"] for each in found]))


@dataclass
class Killing:
    """Has a worker killed after the third part, in the midst of a block.

    Attributes:
        pattern: what stands in its command.
        parts: that were told of.
        killed: its pid.
    """

    pattern: str
    parts: int = -1
    killed: int = 0

    def __call__(self, done: int, total: int | None) -> None:
        self.parts += total is not None
        if self.parts >= 3 and not self.killed:
            self.killed = victim(self.pattern)
            threading.Timer(0.2, os.kill, (self.killed, signal.SIGKILL)).start()


def rate(folder: Path) -> float:
    """Pairs a second a core from the second part to the last, by their times: Ray tells of several at once."""
    times = sorted(path.stat().st_mtime_ns * 1e-9 for path in folder.glob("part-*"))
    return BLOCK * (len(times) - 2) / (times[-1] - times[1]) / WORKERS


def victim(pattern: str) -> int:
    """The pid of a process below this one that has the pattern in its command."""
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if re.search(pattern, command) and os.getpid() in above(int(folder.name)):
                return int(folder.name)
    raise RuntimeError(f"no process {pattern!r} to kill")


def above(pid: int) -> Iterator[int]:
    """The pids of a process's parent and of those above it."""
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        yield pid


KINDS = {"processes": (None, r"tamis\.scale\.worker import main"), "ray": ("local", r"^ray::\S*MapWorker")}


def run(kind: str, source: Path, output: Path, progress: Killing | None = None) -> dict[str, Any]:
    """One run of bulk."""
    return bulk(source, output, model=Model(), block=BLOCK, workers=WORKERS, ray=KINDS[kind][0], progress=progress)


def written(path: Path, rows: Sequence[str]) -> Path:
    path.write_text("".join(rows), encoding="utf-8")
    return path


def compare(report: Report, rows: Sequence[str], place: Path, kinds: Sequence[str], at: int) -> dict[str, float]:
    """One slice, all contenders in turn."""
    whole = written(place / f"{at}.jsonl", rows)
    middle = len(rows) // 2
    halves = [written(place / f"{at}-{n}.jsonl", part) for n, part in enumerate((rows[:middle], rows[middle:]))]
    found = {"library, one process": in_processes([whole]), "library, two at once": in_processes(halves)}
    digests = set()
    for kind in kinds:
        counts = run(kind, whole, place / f"{kind}-{at}")
        digests.add(counts["digest"])
        found |= {f"bulk, {kind}": rate(place / f"{kind}-{at}"), f"{kind}: start s": counts["start_seconds"]}
        found[f"{kind}: whole run, start included"] = counts["pairs"] / counts["seconds"] / WORKERS
        assert counts["pairs"] == len(rows), counts
    report.promise("bulk", f"slice {at}: different digests", len(digests), 1, most=True)
    return found


def with_a_kill(report: Report, rows: int, place: Path, kinds: Sequence[str]) -> None:
    """The first slice again, with a worker killed."""
    expected = run(kinds[0], place / "0.jsonl", place / f"{kinds[0]}-0")  # all there: it only counts
    for kind in kinds:
        killing = Killing(KINDS[kind][1])
        counts = run(kind, place / "0.jsonl", place / f"{kind}-killed", killing)
        lost, other = rows - counts["pairs"], int(counts["digest"] != expected["digest"])
        report.say(f"  {kind}: killed worker {killing.killed}; {counts['pairs']} pairs, {counts['seconds']:.0f} s")
        report.promise("bulk", f"{kind}, a worker killed: pairs lost or doubled", abs(lost), 0, most=True)
        report.promise("bulk", f"{kind}, a worker killed: other digest", other, 0, most=True)


def main() -> None:
    """Everything; exits with 1 where a target is missed."""
    options = argparse.ArgumentParser()
    options.add_argument("pairs", nargs="?", type=int, default=212_992)
    options.add_argument("--slices", type=int, default=2)
    options.add_argument("--without-ray", action="store_true")
    options.add_argument("--library", help=argparse.SUPPRESS)
    options.add_argument("--folder", help="where files go; else a temporary folder")
    given = options.parse_args()
    if given.library:
        library(given.library)
        return
    os.environ |= ONE_THREAD
    kinds = ["processes"] if given.without_ray else ["processes", "ray"]
    if given.pairs < LEAST * given.slices * BLOCK:
        options.error(f"expected at least {LEAST * BLOCK} pairs a slice, so that there is something between the ends")
    report, began = Report(), time.perf_counter()
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        rows = [json.dumps(row) + "\n" for row in pairs(given.pairs)]
        size = -(-len(rows) // given.slices // BLOCK) * BLOCK
        slices = [rows[start : start + size] for start in range(0, len(rows), size)]
        found = [compare(report, part, Path(place), kinds, at) for at, part in enumerate(slices)]
        with_a_kill(report, len(slices[0]), Path(place), kinds)
    tell(report, found, kinds)
    report.say(f"{given.pairs} pairs, {time.perf_counter() - began:.0f} s in all")
    sys.exit(any(not kept["reached"] for name, kept in report.kept["bulk"].items() if name.startswith("target")))


def tell(report: Report, found: Sequence[dict[str, float]], kinds: Sequence[str]) -> None:
    """The table, slice by slice, and the ratios by their medians."""
    report.say("\npairs a second a core (start: seconds), a column a slice; beside them the ratio to the library's")
    base = {name: [each[name] for each in found] for name in ("library, one process", "library, two at once")}
    for name in found[0]:
        values = [each[name] for each in found]
        ratios = [f"{np.median(np.divide(values, than)):.3f}" for than in base.values()]
        cells = " ".join(f"{value:9.1f}" for value in values)
        report.say(f"  {name:40} {cells}   {'' if name.endswith(' s') else ' '.join(ratios)}")
    for kind in kinds:
        values = [each[f"bulk, {kind}"] for each in found]
        for than, rates in base.items():
            report.promise("bulk", f"{kind} to {than}, a core", float(np.median(np.divide(values, rates))), TARGET)


if __name__ == "__main__":
    main()
