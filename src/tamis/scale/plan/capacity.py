"""How much a replica takes before its answers come too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tamis.scale.plan.fleet import Fleet, Simulated, Traffic
from tamis.scale.plan.profile import Profile
from tamis.scale.plan.simulate import simulate

STEPS = 8  # halvings: the rate is found to a two-hundredth
FEW, SOME, MANY = 500, 1_200, 4_000  # requests that are followed
LESS = 0.97  # of a rate that did not hold when more requests were followed
SHED = 0.001  # share that may be refused


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a fleet takes.

    Attributes:
        rate: requests a second of one replica within the target; 0 where not even one alone is.
        most: requests a second of one replica when nobody minds waiting.
        alone: seconds of a request that finds the fleet idle.
        seen: the fleet at ``rate``; at nothing else where that is 0.
    """

    rate: float
    most: float
    alone: float
    seen: Simulated


def capacity(
    profile: Profile,
    fleet: Fleet,
    shapes: Sequence[tuple[int, float]],
    *,
    target: float,
    percent: int = 95,
    search: bool = False,
    load: float = 1.0,
    rough: bool = False,
) -> Capacity:
    """The greatest rate at which so many percent of the answers come within a target, and hardly any is refused.

    Args:
        profile: what the work takes.
        fleet: what answers; ``rate`` is of each of its replicas.
        shapes: pairs and tokens a pair of requests.
        target: seconds.
        percent: 50, 95 or 99.
        search: whether the index is asked first.
        load: share of the most that may be asked at all: the rest is for what no average knows.
        rough: follow fewer requests: enough to choose among fleets, too few to promise anything.

    >>> from tamis.scale.plan.costs import Cost
    >>> found = capacity(Profile("m", Cost(batch=0.1)), Fleet(), [(1, 5000)], target=0.3)
    >>> round(found.alone, 3), round(found.most, 1), 4 < found.rate < 6
    (0.1, 10.0, True)
    """

    def at(rate: float, requests: int, seed: int = 0) -> Simulated:
        traffic = Traffic(shapes, rate=rate * fleet.replicas, search=search)
        return simulate(profile, fleet, traffic, requests=requests, seed=seed)

    one = replace(fleet, replicas=1, machines=1)
    alone = simulate(profile, one, Traffic(shapes, connections=1, search=search), requests=50)
    full = simulate(profile, fleet, Traffic(shapes, connections=16 * fleet.replicas, search=search), requests=FEW)
    most = full.throughput / fleet.replicas
    if alone.at(percent) > target:
        return Capacity(0.0, most, alone.p50, alone)
    low, high = 0.0, most * load
    if _holds(at(high, FEW if rough else SOME), target, percent):
        low = high
    for _ in range(STEPS // 2 if rough else STEPS):
        rate = (low + high) / 2
        if low < high:
            low, high = (rate, high) if _holds(at(rate, FEW if rough else SOME), target, percent) else (low, rate)
    while low > most / 2**STEPS and not rough:  # near the most, queues fill slowly: a short run does not see it
        worst = max((at(low, MANY, seed) for seed in (1, 2)), key=lambda one: one.at(percent))
        if _holds(worst, target, percent):
            return Capacity(low, most, alone.p50, worst)
        low *= LESS
    return Capacity(low if rough else 0.0, most, alone.p50, alone)


def _holds(seen: Simulated, target: float, percent: int) -> bool:
    return seen.at(percent) <= target and seen.shed <= SHED
