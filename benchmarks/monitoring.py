"""``ThresholdMonitor`` beside the founding recipe, where nothing changes and where something does.

    python benchmarks/monitoring.py [RUNS]

W6, nothing changes: 5,000 visits a run; queries of ten documents, those whose score reaches the threshold are shown,
place k is looked at with probability 1 / k and clicked with .8 or .1 as it is relevant or not. The threshold begins at
.70.
W11, satisfaction falls: sessions of one document, clicked with .35, after 3,000 sessions with .25; 4,000 more.

The founding recipe keeps satisfaction (.7 clicks + .3 time), acts after five falling values in a row, and averages a
click rate and a session time that it never stored: "as found". "Repaired" stores both and is else the same.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

import numpy as np

from tamis.recipes import ThresholdMonitor

MEANS, SPREADS = np.array([3.0, 0.3, -2.5]), np.array([1.5, 1.2, 1.5])
CLICK, SKIP = "点击", "跳过"


class Founding:
    """The recipe of the founding document, from its description."""

    def __init__(self, threshold: float, *, repaired: bool) -> None:
        self.threshold, self.repaired, self.triggers, self.moves = threshold, repaired, 0, 0
        self._kept: list[tuple[float, float, float]] = []

    def monitor_performance(self, feedback: dict[str, object]) -> None:
        actions = list(feedback["user_actions"])  # type: ignore[call-overload]
        seconds = float(feedback["session_time"])  # type: ignore[arg-type]
        clicks, skips = actions.count(CLICK), actions.count(SKIP)
        rate = clicks / (clicks + skips) if clicks + skips else 0.5
        satisfaction = 0.7 * rate + 0.3 * max(0.0, 1 - seconds / 120) if clicks + skips else 0.5
        self._kept = [*self._kept[-4:], (satisfaction, rate, seconds)]
        values = [one[0] for one in self._kept]
        if len(values) == 5 and all(a > b for a, b in itertools.pairwise(values)):
            self.triggers += 1
            self._adjust()

    def _adjust(self) -> None:
        # As found, the history has no click rate and no session time: their defaults are averaged.
        rate = np.mean([one[1] for one in self._kept]) if self.repaired else 0.5
        seconds = np.mean([one[2] for one in self._kept]) if self.repaired else 60.0
        wanted = self.threshold + (0.05 if rate < 0.3 else 0.0) - (0.03 if seconds > 90 else 0.0)
        wanted = float(np.clip(wanted, 0.1, 0.9))
        if abs(wanted - self.threshold) > 0.02:
            self.threshold, self.moves = wanted, self.moves + 1


def visits(run: int, count: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.random.Generator]]:
    """Queries of W2, key as in the world's description: logits best first, and what is relevant."""
    drawn = np.random.default_rng([count, run, 7])
    has = drawn.random(count) < 0.7
    relevant = np.where(has, 0.2 / 0.7, 0.0)
    u = drawn.random((count, 10))
    grade = np.where(u < relevant[:, None], 0, np.where(u < (relevant + (1 - relevant) * 0.375)[:, None], 1, 2))
    own, each = drawn.standard_normal((count, 1)), drawn.standard_normal((count, 10))
    scores = MEANS[grade] + own + np.sqrt(SPREADS**2 - 1.0)[grade] * each
    rng = np.random.default_rng([run, 5])
    for z, g in zip(scores, grade, strict=True):
        order = np.argsort(-z)
        yield z[order], g[order] == 0, rng


def quiet(monitor: Founding | ThresholdMonitor, run: int, count: int = 5000) -> tuple[float, float]:
    """W6 under a monitor; the recall of its threshold over the first and over the last fifth."""
    found = []
    for z, relevant, rng in visits(run, count):
        shown = 1 / (1 + np.exp(-z)) >= monitor.threshold
        places = np.arange(1, int(shown.sum()) + 1)
        clicks = (rng.random(places.size) < 1 / places) & (
            rng.random(places.size) < np.where(relevant[shown], 0.8, 0.1)
        )
        seconds = float(rng.lognormal(3.7, 0.8))
        actions = [CLICK if click else SKIP for click in clicks]
        monitor.monitor_performance({"returned_docs": actions, "user_actions": actions, "session_time": seconds})
        found.append((int((shown & relevant).sum()), int(relevant.sum())))
    part = count // 5
    first, last = np.sum(found[:part], axis=0), np.sum(found[-part:], axis=0)
    return float(first[0] / first[1]), float(last[0] / last[1])


def shifted(monitor: Founding | ThresholdMonitor, run: int) -> tuple[int | None, float]:
    """W11 under a monitor: after how many sessions since the change it moved or proposed something; its threshold."""
    rng = np.random.default_rng([run, 6])
    clicks = [*(rng.random(3000) < 0.35), *(rng.random(4000) < 0.25)]
    when = None
    for at, click in enumerate(clicks):
        before = monitor.threshold
        action = CLICK if click else SKIP
        made = monitor.monitor_performance({"returned_docs": ["a"], "user_actions": [action], "session_time": 60.0})
        if when is None and (made is not None or monitor.threshold != before):
            when = at - 3000
    return when, monitor.threshold


def table(heads: list[str], rows: list[list[str]]) -> None:
    """Print a table in Markdown."""
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def main(runs: int = 40) -> None:
    """Print both worlds, a row a monitor."""
    kinds = {
        "founding, as found": lambda: Founding(0.7, repaired=False),
        "founding, repaired": lambda: Founding(0.7, repaired=True),
        "ThresholdMonitor": lambda: ThresholdMonitor(0.7),
    }
    rows = []
    for name, make in kinds.items():
        monitors = [make() for _ in range(runs)]
        recalls = np.array([quiet(monitor, run) for run, monitor in enumerate(monitors)])
        ends = [monitor.threshold for monitor in monitors]
        proposed = [bool(getattr(monitor, "proposals", [])) for monitor in monitors]
        rows.append(
            [name, f"{np.mean(ends):.3f}", f"{np.mean([end >= 0.9 for end in ends]):.0%}", f"{np.mean(proposed):.1%}",
             f"{recalls[:, 0].mean():.2f}", f"{recalls[:, 1].mean():.2f}"]
        )  # fmt: skip
    print(f"W6, nothing changes, {runs} runs of 5,000 visits, threshold .70 in the beginning")
    table(["monitor", "threshold at the end", "at .9", "runs that propose", "recall, first", "recall, last"], rows)
    rows = []
    for name, make in kinds.items():
        found = [shifted(make(), run) for run in range(runs)]
        early = np.mean([at is not None and at < 0 for at, _ in found])
        late = [at for at, _ in found if at is not None and at >= 0]
        soon = sum(at < 1500 for at in late) / runs
        delay = f"{np.median(late):,.0f}" if late else ""
        rows.append([name, f"{early:.0%}", f"{soon:.0%}", delay, f"{np.mean([end for _, end in found]):.3f}"])
    print(f"\nW11, clicks fall from .35 to .25 after 3,000 sessions, {runs} runs")
    table(["monitor", "before the change", "within 1,500", "median delay", "threshold at the end"], rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
