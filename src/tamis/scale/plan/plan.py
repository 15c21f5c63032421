"""From what is needed to machines and money: every number with the assumption that it came from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from tamis.errors import NotFoundError
from tamis.scale.plan.capacity import Capacity, capacity
from tamis.scale.plan.figures import Figure, Sized, figures, money
from tamis.scale.plan.fleet import Fleet
from tamis.scale.plan.needs import Needs
from tamis.scale.plan.profile import Profile
from tamis.scale.plan.shards import Shards, shards
from tamis.scale.plan.tables import DEVICES, INDEXES
from tamis.serve.queue import Limits

CELL = 4  # replicas that are simulated together: more behave alike
DOUBLED = 1.9  # how much faster two threads score than one
ELSEWHERE = 65_536  # tokens together where a GPU scores


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load needs.

    Attributes:
        needs: the load.
        profile: what the work was taken to cost.
        reachable: whether the target can be kept at all with such replicas.
        replicas: of the server; of them ``needs.spare`` are spare. 0 where the target cannot be kept.
        threads: processors that each scores with.
        taken: what one replica takes.
        index: how the index is cut; None where there is none.
        machines: for the replicas, and for all copies of all shards.
        money: a month.
        figures: all of this line by line, with the reasons.
    """

    needs: Needs
    profile: Profile
    reachable: bool
    replicas: int
    threads: int
    taken: Capacity
    index: Shards | None
    machines: tuple[int, int]
    money: float
    figures: tuple[Figure, ...]

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "reachable": self.reachable, "replicas": self.replicas, "threads": self.threads,
            "machines": {"replicas": self.machines[0], "index": self.machines[1]}, "money_a_month": self.money,
            "replica": _finite(asdict(self.taken)), "index": None if self.index is None else asdict(self.index),
            "figures": [asdict(figure) for figure in self.figures], "needs": asdict(self.needs),
            "profile": self.profile.as_json(),
        }  # fmt: skip


def plan(needs: Needs, profile: Profile) -> Plan:
    """The least that keeps the target at the peak.

    Args:
        needs: the load.
        profile: what the work takes; of scoring on a CPU, by one thread.

    Raises:
        NotFoundError: a row that is not in the tables.

    >>> from tamis.scale.plan.tables import known
    >>> found = plan(Needs(peak=200, candidates=50, target=0.5), known("bge-reranker-base", "l4"))
    >>> found.reachable, found.replicas > found.needs.spare
    (True, True)
    """
    if profile.device not in DEVICES:
        raise NotFoundError(f"no device {profile.device!r:.60} in the tables: expected one of {', '.join(DEVICES)}")
    if needs.documents and needs.index not in INDEXES:
        raise NotFoundError(f"no index {needs.index!r:.60} in the tables: expected one of {', '.join(INDEXES)}")
    index = shards(needs, INDEXES[needs.index]) if needs.documents else None
    left = needs.target - (index.within if index else 0.0)
    threads, taken = _replica(needs, profile, left)
    reachable = taken.rate > 0
    replicas = math.ceil(needs.busiest / taken.rate) + needs.spare if reachable else 0
    own = _on_cpu(profile)
    a_machine = max(1, int(needs.cores // threads)) if own else 1  # an accelerator each
    if own and profile.memory:
        a_machine = max(1, min(a_machine, int(needs.memory * needs.full // profile.memory)))
    machines = (math.ceil(replicas / a_machine), index.count * index.copies if index else 0)
    sized = Sized(needs, faster(profile, threads), replicas, threads, taken, index, machines, left)
    total = sum(money(sized).values()) if reachable else 0.0
    return Plan(needs, profile, reachable, replicas, threads, taken, index, machines, total, tuple(figures(sized)))


def faster(profile: Profile, threads: int) -> Profile:
    """The profile of scoring with so many threads; what is not done on this CPU is as it was.

    >>> from tamis.scale.plan.costs import Cost
    >>> faster(Profile("m", Cost(token=0.0019)), 2).scoring
    Cost(batch=0.0, pair=0.0, token=0.001)
    """
    if threads == 1 or not _on_cpu(profile):
        return profile
    by, cost = DOUBLED ** math.log2(threads), profile.scoring
    scoring = replace(cost, batch=cost.batch / by, pair=cost.pair / by, token=cost.token / by)
    return replace(profile, scoring=scoring, busy=profile.busy * threads)


def _on_cpu(profile: Profile) -> bool:
    return profile.busy > 0


def _replica(needs: Needs, profile: Profile, target: float) -> tuple[int, Capacity]:
    """How many threads a replica scores with, and what it takes: the most queries a processor within the target."""
    shapes = [(needs.candidates, needs.tokens)]

    def taken(threads: int, *, rough: bool = False) -> Capacity:
        made, fleet = faster(profile, threads), _cell(needs, profile, threads)
        return capacity(made, fleet, shapes, target=target, percent=needs.percent, load=needs.load, rough=rough)

    choices = _choices(needs, profile)
    rates = [taken(threads, rough=True).rate / threads for threads in choices] if len(choices) > 1 else [1.0]
    best = choices[rates.index(max(rates))] if max(rates) else choices[-1]
    return best, taken(best)


def _choices(needs: Needs, profile: Profile) -> list[int]:
    """Threads worth trying: one, two, four, as far as a machine has cores."""
    if not _on_cpu(profile):
        return [1]
    if needs.threads is not None:
        return [needs.threads]
    return [2**power for power in range(needs.cores.bit_length()) if 2**power <= needs.cores]


def _cell(needs: Needs, profile: Profile, threads: int) -> Fleet:
    """Some replicas, a machine each with one processor beside those of scoring: for the loop, which is little."""
    together = needs.together or (Limits().together if _on_cpu(profile) else ELSEWHERE)
    rough = profile.scoring(needs.candidates, needs.candidates * needs.tokens)
    count = max(1, min(CELL, math.ceil(needs.busiest * rough)))
    limits = Limits(waiting=max(400_000, 10 * together), together=together)
    return Fleet(count, threads + 1.0 if _on_cpu(profile) else 1.0, machines=count, limits=limits)


def _finite(found: Any) -> Any:
    """The same, with None for numbers that JSON has not."""
    if isinstance(found, dict):
        return {name: _finite(value) for name, value in found.items()}
    return None if isinstance(found, float) and not math.isfinite(found) else found
