"""Tables of contenders with their targets, printed as they come and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from timing import Found, ahead


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised of a contender: so many times as fast as another, or a share of the GEMM rate.

    Attributes:
        ours: beginning of the contender's name.
        than: beginning of the other's name; ``"tuned"`` is the fastest batch size of sentence-transformers, ``"GEMM"``
            the machine's rate.
        least: the ratio promised.
    """

    ours: str
    than: str
    least: float


@dataclass(slots=True)
class Report:
    """What has been measured, by section and table."""

    kept: dict[str, Any] = field(default_factory=dict)

    def say(self, line: str = "") -> None:
        print(line, flush=True)

    def keep(self, section: str, name: str, values: Any) -> None:
        self.kept.setdefault(section, {})[name] = values

    def absent(self, section: str, name: str, error: BaseException) -> None:
        """A contender that could not be loaded: said, kept, and not passed over."""
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        self.say(f"  NOT MEASURED {name}: {reason}")
        self.keep(section, f"not measured: {name}", reason)

    def promise(self, section: str, what: str, value: float, target: float, *, most: bool = False) -> None:
        """A figure beside its target, and whether it is reached."""
        reached = value <= target if most else value >= target
        sign = "<=" if most else ">="
        self.say(f"  {'reached' if reached else 'MISSED '}  {what}: {value:.4g} (target {sign} {target:g})")
        self.keep(section, f"target: {what}", {"value": value, "target": target, "most": most, "reached": reached})

    def table(
        self,
        section: str,
        title: str,
        found: Sequence[Found],
        rates: dict[str, float],
        units: int,
        targets: Sequence[Target],
    ) -> None:
        """Documents a second, ratios, operations, share of the GEMM rate, largest score difference to the first."""
        roof = max(rates.values())
        default, tuned = found[0], fastest(found, "sentence-transformers")
        self.say(f"\n{title}")
        said = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
        self.say(f"fp32 GEMM, GFLOP/s: {said}; per cent are of {roof:.0f}; spread of scores {default.scores.std():.2g}")
        self.say(f"  {'':42} {'docs/s':>8} {'x ST':>6} {'x tuned':>8} {'GFLOP':>8} {'% GEMM':>7} {'score diff':>10}")
        rows = {}
        for one in found:
            row = {
                "docs/s": units / one.median,
                "x default": ahead(one, default),
                "x tuned": ahead(one, tuned),
                "GFLOP": one.flops * 1e-9,
                "% GEMM": 100e-9 * one.flops / one.median / roof,
                "score difference": float(np.abs(one.scores - default.scores).max()),
            }
            cells = [f"{row['docs/s']:8.1f} {row['x default']:6.2f} {row['x tuned']:8.2f}"]
            cells.append(f"{row['GFLOP']:8.0f} {row['% GEMM']:7.0f}" if one.flops else f"{'':8} {'':7}")
            self.say(f"  {one.contender.name:42} {' '.join(cells)} {row['score difference']:10.1e}")
            rows[one.contender.name] = row
        self.keep(section, title, {"GEMM GFLOP/s": rates, "rows": rows})
        for target in targets:
            self._judge(section, title.split(":")[0], found, target, tuned, roof)
        worst = max((rows[f.contender.name]["score difference"] for f in found if f.contender.exact), default=0.0)
        self.promise(section, f"{title.split(':')[0]}: largest score difference in fp32", worst, 1e-5, most=True)

    def _judge(
        self, section: str, title: str, found: Sequence[Found], target: Target, tuned: Found, roof: float
    ) -> None:
        ours = starting(found, target.ours)
        if ours is None:
            return
        what = f"{title}: {ours.contender.name}"
        if target.than == "GEMM":
            share = 1e-9 * ours.flops / ours.median / roof
            self.promise(section, f"{what}, share of the GEMM rate", share, target.least)
            return
        than = tuned if target.than == "tuned" else starting(found, target.than)
        if than is not None:
            self.promise(section, f"{what}, x {than.contender.name}", ahead(ours, than), target.least)

    def write(self, file: Path) -> None:
        """Add what was measured to the file, section by section."""
        earlier = json.loads(file.read_text()) if file.exists() else {}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(earlier | self.kept, indent=1) + "\n")


def starting(found: Sequence[Found], name: str) -> Found | None:
    """The first contender whose name begins so."""
    return next((one for one in found if one.contender.name.startswith(name)), None)


def fastest(found: Sequence[Found], name: str) -> Found:
    """The fastest of the contenders whose names begin so; the first contender where none does."""
    return min((one for one in found if one.contender.name.startswith(name)), key=lambda f: f.median, default=found[0])
