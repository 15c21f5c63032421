"""What is observed, as numbers for Prometheus: where the watch stands, and what this process has kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tamis.observe.status import Status
from tamis.serve.lib import CounterMetricFamily, GaugeMetricFamily
from tamis.serve.lineup import short
from tamis.serve.observing import Observing

TAKING_PART = ("active", "canary", "shadow")  # others' figures do not change, and would be ever more
EVERYTHING = "everything"  # what the policy that shows everything is called


class Gauges:
    """Numbers of a server that observes, asked of it when Prometheus asks.

    Gauges are of the whole store, as of the last look, and the same in all replicas; counters are of this process.

    Args:
        observing: the server's.
    """

    def __init__(self, observing: Observing) -> None:
        self._observing = observing

    def collect(self) -> Iterator[Any]:
        """The families of numbers."""
        yield from self._counters()
        if (status := self._observing.status) is not None:
            yield from _standing(status)
            yield from _shares(status)
            yield from _look(status)

    def _counters(self) -> Iterator[Any]:
        seen = self._observing
        decided = CounterMetricFamily("tamis_decisions", "Decisions recorded.", labels=["policy", "arm"])
        for (policy, arm), count in sorted(seen.decided.items()):
            decided.add_metric([seen.name(policy) or EVERYTHING, arm], count)
        told = CounterMetricFamily("tamis_events", "Events acknowledged.", labels=["kind"])
        for kind, count in sorted(seen.told.items()):
            told.add_metric([kind], count)
        yield decided
        yield told
        yield CounterMetricFamily("tamis_dropped_decisions", "Decisions that could not be kept.", value=seen.dropped)


def _standing(status: Status) -> Iterator[Any]:
    yield GaugeMetricFamily("tamis_watch_alarm", "1 while an alarm stands.", value=status.standing.alarm is not None)
    if status.promise.holds is not None:
        yield GaugeMetricFamily("tamis_promise_holds", "1 while the promise holds.", value=status.promise.holds)
    if status.satisfaction is not None:
        yield GaugeMetricFamily(
            "tamis_satisfaction", "Mean satisfaction of sessions, 0 to 1.", value=status.satisfaction.mean
        )
    yield GaugeMetricFamily("tamis_canary_share", "The canary's share of the traffic.", value=status.standing.share)


def _shares(status: Status) -> Iterator[Any]:
    """By policy and arm: how often nothing is shown, and how precise what is shown should be."""
    labels = ["policy", "arm"]
    empty = GaugeMetricFamily("tamis_empty_share", "Share of decisions that show nothing.", labels=labels)
    expected = GaugeMetricFamily("tamis_expected_precision", "Mean probability of what is shown.", labels=labels)
    for (policy, arm), rows in sorted(_grouped(status).items()):
        decisions = sum(row["decisions"] for row in rows)
        name = status.standing.names.get(policy) or short(policy) or EVERYTHING
        empty.add_metric([name, arm], sum(row["empty"] for row in rows) / decisions)
        known = [row for row in rows if row["expected"] is not None]
        if weight := sum(row["decisions"] for row in known):
            expected.add_metric([name, arm], sum(row["expected"] * row["decisions"] for row in known) / weight)
    yield empty
    yield expected


def _grouped(status: Status) -> Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in status.counts:
        if row["decisions"] and status.standing.states.get(row["policy"]) in TAKING_PART:
            found[row["policy"], row["arm"]].append(row)
    return found


def _look(status: Status) -> Iterator[Any]:
    """How far each measure of the last look has moved from where the policy began."""
    moved = GaugeMetricFamily("tamis_score_shift", "Effect sizes of the last look.", labels=["measure"])
    for measure, size in effects(status.standing.look or {}).items():
        moved.add_metric([measure], size)
    yield moved


def effects(look: Mapping[str, Any]) -> dict[str, float]:
    """The effect size of each measure of a look at all decisions, segments aside.

    >>> effects({"findings": [{"measure": "ks", "segment": "", "effect": 0.2}, {"segment": "zh"}]})
    {'ks': 0.2}
    """
    return {str(one["measure"]): float(one["effect"]) for one in look.get("findings", ()) if not one["segment"]}
