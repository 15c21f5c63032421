"""The sections memory and cold: peak memory, process start to first score, installed size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import ours
import peers
from ours import ONNX
from packaging.requirements import Requirement
from report import Report
from workloads import bert, tokenizer_of, workload

import tamis
from tamis.score.threads import threads

ROUNDS = 5
MEMORY = {"tamis_onnx": 1000, "tamis_torch": 1000, "sentence_transformers": 1000, "flashrank": 100}
COLD = ("tamis_onnx", "tamis_torch", "sentence_transformers", "flashrank")
INSTALLED = {
    "tamis": ("tamis",),
    "tamis with torch": ("tamis", "torch", "safetensors"),
    "FlashRank": ("flashrank",),
    "sentence-transformers": ("sentence-transformers",),
}


def one_process(library: str, folder: Path, pairs: Path) -> dict[str, float]:
    """What ``one_process.py`` found, and the seconds from its start to its first score.

    Raises:
        RuntimeError: the process failed; with the last line it wrote.
    """
    worker = Path(__file__).with_name("one_process.py")
    start = time.time()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(worker), library, str(folder), str(pairs)],
        capture_output=True,
        text=True,
        env=os.environ | {"TAMIS_THREADS": str(threads()), "OMP_NUM_THREADS": str(threads())},
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or f"ended with {done.returncode}").splitlines()[-1])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found | {"cold s": found["first"] - start}


def minilm(report: Report, place: Path) -> dict[str, Path]:
    """MiniLM-L6's shape as each library wants its folder; without an export, tamis reads the plain ONNX file."""
    folder, cache = place / "model", place / "cache"
    folder.mkdir()
    cache.mkdir()
    bert(folder, 6, 384, 12)
    peers.export_plain(folder, place / "plain")
    peers.flashrank(place / "plain", cache)
    made = dict(ours.scorers(report, "export", {ONNX: lambda: ours.export(folder, place / "fp32")}))
    return {
        "tamis_onnx": made.get(ONNX, place / "plain"),
        "tamis_torch": folder,
        "sentence_transformers": folder,
        "flashrank": cache / peers.KNOWN[0],
    }


def memory(report: Report, place: Path) -> None:
    """Peak memory over what a loaded model holds, 1,000 documents of up to 512 tokens."""
    folders = minilm(report, place)
    report.say("\nmemory: MiniLM-L6's shape (weights 91 MB), documents of up to 512 tokens, MB of resident memory")
    report.say(f"  {'':26} {'documents':>9} {'loaded':>8} {'peak':>8} {'over':>8} {'docs/s':>8}")
    load = workload("full", tokenizer_of(folders["tamis_torch"]), max(MEMORY.values()))
    for library, count in MEMORY.items():
        pairs = written(place / "pairs.json", load.texts[:count])
        try:
            found = one_process(library, folders[library], pairs)
        except RuntimeError as error:
            report.absent("memory", library, error)
            continue
        over = found["peak MB"] - found["loaded MB"]
        cells = f"{found['loaded MB']:8.0f} {found['peak MB']:8.0f} {over:8.0f} {count / found['seconds']:8.1f}"
        report.say(f"  {library:26} {count:9} {cells}")
        report.keep("memory", library, found | {"documents": count, "over MB": over})
        if library.startswith("tamis"):
            report.promise("memory", f"{library}: MB over the loaded model", over, 500, most=True)


def cold(report: Report, place: Path) -> None:
    """Process start to first score, and what is installed for it."""
    folders = minilm(report, place)
    load = workload("FAQ", tokenizer_of(folders["tamis_torch"]), 1)
    pairs = written(place / "pairs.json", load.texts)
    times: dict[str, list[float]] = {library: [] for library in COLD}
    for _ in range(ROUNDS):
        for library in COLD:
            try:
                times[library].append(one_process(library, folders[library], pairs)["cold s"])
            except RuntimeError as error:
                if not times[library]:
                    report.absent("cold", library, error)
    report.say(f"\ncold: process start to first score, MiniLM-L6's shape, median of {ROUNDS}")
    for library, seconds in times.items():
        if seconds:
            report.say(f"  {library:26} {np.median(seconds):6.2f} s   {min(seconds):.2f} to {max(seconds):.2f}")
            report.keep("cold", library, seconds)
    if times["tamis_onnx"]:
        report.promise(
            "cold", "tamis_onnx: seconds to the first score", float(np.median(times["tamis_onnx"])), 1, most=True
        )
    sizes(report)


def sizes(report: Report) -> None:
    """Megabytes of each library with all it needs, from what their packages recorded (torch: the CPU build)."""
    report.say("  installed, with all that is needed:")
    for name, roots in INSTALLED.items():
        needed = closure(roots)
        total = sum(megabytes(package) for package in needed)
        report.say(f"  {name:26} {total:6.0f} MB in {len(needed)} packages")
        report.keep("cold", f"installed: {name}", {"MB": total, "packages": sorted(needed)})


def closure(roots: tuple[str, ...]) -> set[str]:
    """The packages that pip installs for these, without extras; those not installed here are left out."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.add(name)
        needs = [Requirement(line) for line in requires]
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def megabytes(package: str) -> float:
    if package == "tamis":  # may be installed in place
        return sum(file.stat().st_size for file in Path(tamis.__file__).parent.rglob("*") if file.is_file()) / 1e6
    paths = (Path(str(file.locate())) for file in distribution(package).files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def written(file: Path, pairs: Any) -> Path:
    file.write_text(json.dumps(pairs))
    return file
