"""Drift: false alarms and delays of tests, detectors and looks, each beside its baselines, in the worlds W5, W9, W11.

    scripts/bench drift [SECTION ...]      levels, queries, streams, looks; all in about fifteen minutes

Worlds and keys are those of tests/calibrate/worlds.py. Baselines: scipy's tests, the usual rules for the stability
index (0.1 and 0.25), river's ADWIN and Page-Hinkley. Needs ``pip install scipy river``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from river import drift as river
from scipy.stats import cramervonmises_2samp, ks_2samp

from tamis.observe import Decided
from tamis.observe.drift import (
    ADWIN,
    MEASURES,
    Baseline,
    LookOptions,
    MeanShift,
    PageHinkley,
    cvm,
    ks,
    look,
    psi,
    shift,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.calibrate import worlds
from tests.observe.drift.decided import clustered

Floats: TypeAlias = NDArray[np.float64]
Make: TypeAlias = Callable[[], Any]

RUNS = 500  # of W9
STREAMS = 200  # of W11, and of streams without a change
LEVEL = 0.05


def row(name: str, values: Iterable[object]) -> None:
    print(f"  {name:44}" + "".join(f"{value:>12}" for value in values), flush=True)


def per_cent(value: float) -> str:
    return f"{100 * value:.1f} %"


def unchanged(count: int, run: int) -> tuple[Floats, Floats]:
    """W9: two samples of W1."""
    rng = np.random.default_rng([count, run, 4])
    drawn = []
    for _ in range(2):
        grades = rng.choice(3, size=count, p=worlds.SHARES)
        drawn.append(worlds.MEANS[grades] + worlds.SPREADS[grades] * rng.standard_normal(count))
    return drawn[0], drawn[1]


def saturated(values: Floats) -> Floats:
    """Nine values are left of all scores."""
    return np.clip(np.round(2 * values) / 2, -2, 2)


TESTS: dict[str, Callable[[Floats, Floats], float]] = {
    "tamis KS": lambda a, b: ks(a, b).p_value,
    "scipy ks_2samp": lambda a, b: float(ks_2samp(a, b, method="asymp").pvalue),
    "tamis CvM": lambda a, b: cvm(a, b).p_value,
    "scipy cramervonmises_2samp": lambda a, b: float(cramervonmises_2samp(a, b, method="asymptotic").pvalue),
    "tamis PSI with its null": lambda a, b: psi(a, b).p_value,
}


def levels() -> None:
    """False alarms at 5 % where nothing changed."""
    sizes = (100, 300, 1000, 2000, 10_000)
    print(f"\nlevels: share of {RUNS} runs of W9 (nothing changed) with p <= {LEVEL}, by the size of both samples")
    row("", sizes)
    found: dict[str, list[str]] = {name: [] for name in (*TESTS, "rule: PSI > 0.1", "rule: PSI > 0.25")}
    for count in sizes:
        samples = [unchanged(count, run) for run in range(RUNS)]
        for name, test in TESTS.items():
            found[name].append(per_cent(np.mean([test(a, b) <= LEVEL for a, b in samples])))
        index = np.array([psi(a, b, rounds=1).statistic for a, b in samples])
        found["rule: PSI > 0.1"].append(per_cent((index > 0.1).mean()))
        found["rule: PSI > 0.25"].append(per_cent((index > 0.25).mean()))
    for name, cells in found.items():
        row(name, cells)
    print("\nlevels with ties: the same scores, of which nine values are left")
    row("", sizes[:3])
    for name, test in TESTS.items():
        cells = []
        for count in sizes[:3]:
            pairs = (unchanged(count, run) for run in range(200))
            cells.append(per_cent(np.mean([test(saturated(a), saturated(b)) <= LEVEL for a, b in pairs])))
        row(name, cells)


def queries() -> None:
    """False alarms where a query's candidates go together."""
    print(
        "\nqueries: share of 300 runs of W2 (tau2 = 1.3, nothing changed) with p <= 0.05; pairs taken for independent"
    )
    print("beside whole queries permuted, by queries in both samples")
    sizes = (50, 200)
    row("", sizes)
    found: dict[str, list[str]] = {f"{name}, {how}": [] for name in MEASURES for how in ("pairs", "whole queries")}
    for count in sizes:
        p: dict[str, list[bool]] = {name: [] for name in found}
        for run in range(300):
            a, b = (worlds.clustered(count, 2 * run + late, 1.3) for late in (0, 1))
            for name, measure in MEASURES.items():
                groups = (a.groups, b.groups)
                whole = shift(measure, a.scores, b.scores, groups=groups, rounds=199)
                p[f"{name}, pairs"].append(shift(measure, a.scores, b.scores).p_value <= LEVEL)
                p[f"{name}, whole queries"].append(whole.p_value <= LEVEL)
        for name, alarms in p.items():
            found[name].append(per_cent(np.mean(alarms)))
    for name, cells in found.items():
        row(name, cells)


def places(make: Make, values: Sequence[float]) -> list[int]:
    """Where a detector alarms; river's verb and ours are the same, and what it returns differs."""
    detector, found = make(), []
    for place, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(place)
    return found


def bernoulli(parts: Sequence[tuple[float, int]], key: Sequence[int]) -> list[float]:
    rng = np.random.default_rng(key)
    return np.concatenate([rng.random(count) < chance for chance, count in parts]).astype(float).tolist()


DETECTORS: dict[str, Make] = {
    "tamis ADWIN (0.02, the default)": ADWIN,
    "tamis ADWIN (0.002)": lambda: ADWIN(0.002),
    "river ADWIN (0.002, its default)": river.ADWIN,
    "tamis ADWIN (0.08)": lambda: ADWIN(0.08),
    "tamis Page-Hinkley (25, 0.05, the default)": PageHinkley,
    "tamis Page-Hinkley, fell (20, 0.05)": lambda: PageHinkley(20, way="fell"),
    "river Page-Hinkley (50, 0.005, its default)": river.PageHinkley,
    "tamis MeanShift (1000, the default)": MeanShift,
    "tamis MeanShift (2000)": lambda: MeanShift(2000),
    "tamis MeanShift (1000), error 0.9": lambda: MeanShift(error=0.9),
}


def streams() -> None:
    """W11: delay, and false alarms in streams without a change."""
    print(f"\nstreams: W11 (.35 x 3000, then .25 x 4000), {STREAMS} runs; and as many of 5000 values without a change")
    row("", ("early", "median", "90 %", "in 1500", "FA .35", "FA .5", "FA beta"))
    shifted = [bernoulli([(0.35, 3000), (0.25, 4000)], [run, 6]) for run in range(STREAMS)]
    still = [
        [bernoulli([(0.35, 5000)], [run, 5]) for run in range(STREAMS)],
        [bernoulli([(0.5, 5000)], [run, 55]) for run in range(STREAMS)],
        [np.random.default_rng([run, 56]).beta(2, 3, 5000).tolist() for run in range(STREAMS)],
    ]
    for name, make in DETECTORS.items():
        found = [places(make, values) for values in shifted]
        early = np.mean([any(place < 3000 for place in one) for one in found])
        delays = np.array([min((p - 2999 for p in one if p >= 3000), default=99_999) for one in found])
        alarms = [np.mean([bool(places(make, values)) for values in world]) for world in still]
        middle, late = np.quantile(delays, [0.5, 0.9])
        cells = (per_cent(early), f"{middle:.0f}", f"{late:.0f}", per_cent((delays <= 1500).mean()))
        row(name, (*cells, *map(per_cent, alarms)))


def looks() -> None:
    """Whole looks at windows of 200 decisions: false alarms over 20 looks, and how soon changes are found."""
    options, runs = LookOptions(), 40
    expected = options.false_alarms(20)
    print(
        f"\nlooks: windows of {options.window}, a baseline of {options.reference}, level {options.level}, {runs} runs"
    )
    alarms = []
    for run in range(runs):
        kept = Baseline.of(clustered(options.reference, run, 1.3))
        alarms.append([look(kept, clustered(200, 10_000 + 20 * run + n, 1.3), options).alarm for n in range(20)])
    table = np.array(alarms)
    print(f"  no change: {table.sum(1).mean():.3f} false alarms in 20 looks (bound {expected:g}), any in", end=" ")
    print(f"{per_cent(table.any(1).mean())} of runs; {per_cent(table.mean())} of {table.size} looks")
    row(f"found, of {runs // 2} runs, after so many decisions", (100, 200, 400, 1000))
    for name, change in CHANGES.items():
        cells = []
        for window, many in ((100, 1), (200, 1), (200, 2), (200, 5)):
            chosen = LookOptions(window=window)
            cells.append(per_cent(np.mean([_found(run, change, chosen, many) for run in range(runs // 2)])))
        row(name, cells)


CHANGES: dict[str, Callable[[Floats], Floats]] = {
    "W5: z' = 1.6 z - 1": worlds.swapped,
    "z' = z - 0.5": lambda z: z - 0.5,
    "z' = z - 1": lambda z: z - 1,
    "scores rounded to whole logits": np.round,
}


def _found(run: int, change: Callable[[Floats], Floats], options: LookOptions, many: int) -> bool:
    kept = Baseline.of(clustered(options.reference, run))
    windows: Iterable[list[Decided]] = (
        clustered(options.window, 20_000 + 20 * run + n, change=change) for n in range(many)
    )
    return any(look(kept, window, options).alarm for window in windows)


SECTIONS: dict[str, Callable[[], None]] = {"levels": levels, "queries": queries, "streams": streams, "looks": looks}

if __name__ == "__main__":
    for section in sys.argv[1:] or SECTIONS:
        if section not in SECTIONS:
            raise SystemExit(f"no section {section!r}: choose from {', '.join(SECTIONS)}")
        SECTIONS[section]()
