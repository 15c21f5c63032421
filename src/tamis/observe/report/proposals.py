"""Proposals with what speaks for them: from clicks, from the policy's own calibration, and from what was logged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.decide import Policy
from tamis.errors import InputError, NotFoundError, PolicyError
from tamis.observe.clicks import ClickCalibration
from tamis.observe.events import Decided
from tamis.observe.lifecycle.advice import Advice
from tamis.observe.lifecycle.bounds import Bounds
from tamis.observe.report.verdict import Line, named, short
from tamis.observe.store import Entry
from tamis.observe.watch import Watch

MOST = 3  # proposals that a page shows, the newest
POINTS = 81  # points of a curve
COMMON = (0.5, 99.5)  # percentiles of scores between which curves are drawn
TALLIES = ("queries", "both", "only_old", "only_new", "changed", "emptied", "filled")


def proposals(watch: Watch, entries: Sequence[Entry], since: float, logged: Sequence[Decided]) -> list[dict[str, Any]]:
    """The proposals that are open, and those made since a time; the newest first, as JSON values.

    Args:
        watch: over the store.
        entries: the whole ledger.
        since: seconds since 1970.
        logged: late decisions, whose scores say where curves are of interest.
    """
    now = watch.lifecycle.standing()
    made = {one.policy: one for one in entries if one.act == "propose"}
    late = [one for one in reversed([*made.values()]) if one.at >= since or now.states.get(one.policy) != "retired"]
    found = []
    for one in late[:MOST]:
        evidence = now.evidence.get(one.policy) or {}
        policy = watch.lifecycle.policy(one.policy)
        found.append({
            "name": named(one.policy, now),
            "digest": short(one.policy),
            "state": now.states.get(one.policy, ""),
            "actor": one.actor,
            "at": one.at,
            "threshold": _finite(policy.thresholds.default if policy else None),
            "evidence": {name: value for name, value in evidence.items() if name != "calibration"} or None,
            "curve": curve(evidence.get("calibration"), policy, logged),
            "replay": _replayed(watch, one.policy),
        })  # fmt: skip
    return found


def advised(watch: Watch, logged: Sequence[Decided]) -> dict[str, Any]:
    """What clicks say of the active policy's threshold now, as JSON values; proposes nothing."""
    policy = watch.lifecycle.policy(watch.lifecycle.standing().active)
    found = watch.advise()
    told = found.as_json()
    line = advice_line(found, watch.options.bounds)
    told["line"] = {"key": line.key, "values": line.values}
    told["curve"] = curve(told.pop("calibration"), policy, logged)
    return told


def advice_line(found: Advice, bounds: Bounds) -> Line:
    """Why nothing or something is proposed, as the key of a sentence and its numbers."""
    values = {"sessions": found.sessions, "now": found.now, "threshold": found.threshold, "needed": bounds.sessions}
    return Line(f"advice.{found.code}", values)


def curve(calibration: object, policy: Policy | None, logged: Sequence[Decided]) -> dict[str, Any] | None:
    """From scores to relevance as clicks tell it, with its band, beside the policy's own calibration.

    Args:
        calibration: of clicks, as JSON values.
        policy: whose calibration stands beside; it may have none.
        logged: decisions whose scores say from where to where.
    """
    scores = np.array([item.score for decided in logged for item in decided.items])
    if calibration is None or not scores.size:
        return None
    try:
        fitted = ClickCalibration.from_json(calibration)
    except InputError:  # an older tamis wrote it
        return None
    low, high = np.percentile(scores, COMMON)
    grid = np.linspace(low, high, POINTS) if high > low else np.array([low - 1, low + 1])
    below, above = fitted.interval(grid)
    own = None if policy is None or policy.calibration is None or policy.offsets is not None else policy.calibration
    return {
        "scores": rounded(grid),
        "clicks": rounded(fitted.probability(grid)),
        "low": rounded(below),
        "high": rounded(above),
        "own": None if own is None else rounded(own.calibrator(grid)),
    }


def rounded(values: Floats) -> list[float]:
    """Numbers with the digits that a picture shows."""
    return [float(f"{value:.5g}") for value in values.tolist()]


def _replayed(watch: Watch, digest: str) -> Mapping[str, int] | None:
    """What a policy would have changed; None where that cannot be told from scores."""
    try:
        change = watch.replay(digest)
    except (InputError, NotFoundError, PolicyError):
        return None
    return {name: getattr(change, name) for name in TALLIES}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
