"""How the best scores lie: when the policy began against lately, beside its threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.decide import Policy
from tamis.observe.drift.baseline import Baseline
from tamis.observe.lifecycle.states import Standing
from tamis.observe.store import Store, Which

BINS = 40
MOST = 20_000  # decisions of either side, the newest
LEAST = 30  # decisions below which a distribution says nothing
ENDS = (0.25, 99.75)  # percentiles between which bins lie; what is beyond counts in the outermost


def distributions(
    store: Store, now: Standing, policy: Policy | None, *, since: float, until: float
) -> Mapping[str, Any]:
    """Best scores of the active policy's first decisions and of those of a time, in the same bins, as JSON values.

    Args:
        store: where both are kept.
        now: where policies stand.
        policy: that decides.
        since: from which on; what belongs to the baseline does not count again.
        until: before which.
    """
    kept = store.baseline(now.active or "everything")
    first, late = np.zeros(0), since
    if kept is not None and kept["since"] == (now.fresh or 0.0):  # one from before an alarm was answered is no measure
        first = Baseline.from_json(kept["baseline"]).sample.best
        first, late = first[~np.isnan(first)], math.nextafter(float(kept["until"]), math.inf)
    last = _best(store, now, max(since, late, now.fresh or 0.0), until)
    threshold = policy.thresholds.default if policy is not None else None
    told: dict[str, Any] = {
        "baseline": first.size,
        "period": last.size,
        "threshold": threshold if threshold is not None and math.isfinite(threshold) else None,
        "below": float((last < threshold).mean()) if threshold is not None and last.size else None,
        "edges": [],
        "shares": {},
    }
    sides = {name: values for name, values in (("baseline", first), ("period", last)) if values.size >= LEAST}
    if sides:
        edges = _edges(np.concatenate([*sides.values()]))
        told["edges"] = [float(f"{edge:.6g}") for edge in edges]
        told["shares"] = {name: _shares(values, edges) for name, values in sides.items()}
    return told


def _best(store: Store, now: Standing, since: float, until: float) -> Floats:
    return store.best(MOST, Which(since, until, now.active, "")) if since < until else np.zeros(0)


def _edges(scores: Floats) -> Floats:
    low, high = np.percentile(scores, ENDS)
    if not high > low:
        low, high = low - 0.5, low + 0.5
    return np.linspace(low, high, BINS + 1)


def _shares(scores: Floats, edges: Floats) -> list[float]:
    counts, _ = np.histogram(np.clip(scores, edges[0], edges[-1]), edges)
    return [float(f"{share:.5g}") for share in counts / scores.size]
