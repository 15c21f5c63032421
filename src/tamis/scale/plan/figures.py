"""The lines of a plan: each a number, its unit, and the assumption that it came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tamis.scale.plan.capacity import Capacity
from tamis.scale.plan.needs import Needs
from tamis.scale.plan.profile import Profile
from tamis.scale.plan.shards import Shards
from tamis.scale.plan.tables import DEVICES, INDEXES

HOURS = 730.0  # of a month
GIGA = 1e9
ADVICE = "fewer candidates, shorter documents, more threads, a smaller model first, or a faster device would help"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a plan, and why it is what it is."""

    name: str
    value: float
    unit: str
    because: str


@dataclass(frozen=True, slots=True)
class Sized:
    """What was worked out: the load, and how much of everything it takes; ``left`` is of the target, for scoring."""

    needs: Needs
    profile: Profile
    replicas: int
    threads: int
    taken: Capacity
    index: Shards | None
    machines: tuple[int, int]
    left: float


def money(sized: Sized) -> Mapping[str, float]:
    """A month of each thing."""
    needs, profile, index, replicas = sized.needs, sized.profile, sized.index, sized.replicas
    prices, card = needs.prices, DEVICES[profile.device].price
    cores = replicas * sized.threads
    found = {"processors": cores * prices.core * HOURS}
    found["memory"] = replicas * profile.memory / GIGA * prices.gigabyte * HOURS
    if not profile.busy:
        found["accelerators"] = replicas * (card if prices.card is None else prices.card) * HOURS
    if index is not None:
        parts = index.count * index.copies
        found["index processors"] = parts * math.ceil(index.cores) * prices.core * HOURS
        found["index memory"] = parts * index.memory / needs.full / GIGA * prices.gigabyte * HOURS
        found["index disk"] = parts * index.disk / GIGA * prices.disk
    return found


def figures(sized: Sized) -> list[Figure]:
    """All lines."""
    found = [*_of_work(sized), *(_of_index(sized, sized.index) if sized.index else ())]
    if not sized.replicas:
        left = max(sized.left, 0)
        why = f"one query alone takes {sized.taken.alone:.3g} s, and {left:.3g} s are left of the target"
        return [*found, Figure("replicas", 0, "", f"the target cannot be kept: {why}; {ADVICE}")]
    return [*found, *_of_replicas(sized), *_of_money(sized)]


def _of_work(sized: Sized) -> list[Figure]:
    needs, profile = sized.needs, sized.profile
    pairs, tokens = needs.candidates, needs.candidates * needs.tokens
    asked = f"{needs.peak:g} queries a second at the peak, {needs.cached:.0%} answered before, x {pairs} candidates"
    why = f"{pairs} pairs, {tokens:,.0f} tokens; {profile.source}; may be off by a factor of {profile.certainty:g}"
    if sized.threads > 1:
        why += f"; {sized.threads} threads, each doubling 1.9 times as fast (measured for two, assumed beyond)"
    return [
        Figure("pairs", needs.busiest * pairs, "a second", asked),
        Figure("scoring", profile.scoring(pairs, tokens), "s a query", why),
        Figure(
            "one replica, most",
            sized.taken.most,
            "queries/s",
            f"{sized.threads} thread(s), however late; simulated",
        ),
        Figure("idle", sized.taken.alone, "s", "a query that finds nobody before it; simulated"),
    ]


def _of_index(sized: Sized, index: Shards) -> list[Figure]:
    needs, row = sized.needs, INDEXES[sized.needs.index]
    each = row.memory(needs.dimensions)
    kind = f"{needs.index}, {needs.dimensions} dimensions"
    held = f"{needs.documents:,.0f} documents x {each:g} bytes ({kind}); {row.source}"
    asked = f"{needs.busiest * index.fan / index.count:.4g} queries/s on each x {index.seconds:.3g} s"
    most = f"at least {needs.copies}; {asked} on {needs.full:.0%} of {needs.cores} cores"
    grows = f"{index.documents:,.0f} documents; {row.source}, growing with the power {row.growth:g} from a million"
    tail = f"lognormal, p99 = {row.tail:g} x p50 (assumed)"
    slowest = (
        f"p{needs.percent} of the slowest of {index.fan} that are asked, of each the {index.each:.4%} quantile; {tail}"
    )
    return [
        Figure("index memory", needs.documents * each / GIGA, "GB", held),
        Figure(
            "index disk", needs.documents * (each + needs.text) / GIGA, "GB", f"and {needs.text:g} bytes of text each"
        ),
        Figure("shards", index.count, "", f"each fills at most {needs.full:.0%} of {needs.memory / GIGA:g} GB"),
        Figure("copies", index.copies, "of each shard", most),
        Figure("index machines", sized.machines[1], "", "one a copy of a shard"),
        Figure("recall, a shard", index.median, "s", grows),
        Figure("recall, all shards", index.within, "s", slowest),
        Figure("left for scoring", sized.left, "s", f"of the target {needs.target:g} s"),
    ]


def _of_replicas(sized: Sized) -> list[Figure]:
    needs, taken, profile = sized.needs, sized.taken, sized.profile
    seen, rate, replicas = taken.seen, taken.rate, sized.replicas
    dealt = f"p{needs.percent} within {sized.left:.3g} s; random arrivals, least connections, batches; simulated"
    few = max(1, math.ceil(needs.average / rate)) + needs.spare
    there = [("p50", seen.p50, "s"), ("p95", seen.p95, "s"), ("p99", seen.p99, "s"), ("shed", seen.shed, "of requests")]
    found = [
        Figure("one replica in time", rate, "queries/s", dealt),
        *(Figure(name, value, unit, "at that rate; simulated") for name, value, unit in there),
        Figure(
            "utilisation",
            seen.utilisation,
            "of a model's time",
            f"{rate / taken.most:.0%} of the most (at most {needs.load:.0%}), in smaller batches; simulated",
        ),
        Figure("replicas", replicas, "", f"{needs.busiest:g} / {rate:.4g}, and {needs.spare} spare to lose or restart"),
        Figure("replicas on average", few, "", f"{needs.average:g} queries/s over the day: where an autoscaler may go"),
        Figure("memory", replicas * profile.memory / GIGA, "GB", f"{profile.memory / GIGA:.2g} GB a replica"),
    ]
    if not profile.busy:
        return [*found, Figure("accelerators", replicas, profile.device, "one a replica")]
    loop = rate * profile.front(needs.candidates, needs.candidates * needs.tokens)
    return [
        *found,
        Figure(
            "cores", replicas * sized.threads, "", f"{sized.threads} a replica; its loop takes {loop:.1%} of one more"
        ),
        Figure("machines", sized.machines[0], "", f"of {needs.cores} cores and {needs.memory / GIGA:g} GB"),
    ]


def _of_money(sized: Sized) -> list[Figure]:
    prices, found = sized.needs.prices, money(sized)
    card = DEVICES[sized.profile.device].price if prices.card is None else prices.card
    said = {
        "processors": f"{prices.core:g} a core-hour",
        "memory": f"{prices.gigabyte:g} a GB-hour",
        "accelerators": f"{card:g} a card-hour",
        "disk": f"{prices.disk:g} a GB-month",
    }
    lines = [
        Figure(f"money: {name}", each, "a month", f"{said[name.split()[-1]]}, assumed or as given; {HOURS:g} hours")
        for name, each in found.items()
    ]
    return [*lines, Figure("money", sum(found.values()), "a month", "all of it, always on, at the peak's size")]
