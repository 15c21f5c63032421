"""A small world that is observed: queries, scores, users who click, a drift in the middle, and people who act on it.

Queries and scores are W2 with tau2 = 1, clicks W6, of the worlds that calibration is measured on; the drift adds a
constant to every score, so that what the threshold promised is kept no more, and the calibration does not see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import NormalDist
from unittest import mock

import numpy as np

from tamis.calibrate import Calibration, Labelled, Platt
from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.decide.certificates.result import Issued
from tamis.observe.drift.options import LookOptions
from tamis.observe.events import Decided, Event, Placed
from tamis.observe.lifecycle.rollout import Rollout
from tamis.observe.options import WatchOptions
from tamis.observe.watch import Watch

DAY = 86_400.0
BEGIN = 20_000 * DAY  # a midnight
DAYS = 12
END = BEGIN + 11.6 * DAY
MEANS, SPREADS = np.array([3.0, 0.3, -2.5]), np.array([1.5, 1.2, 1.5])
SHARED = 1.0  # variance of scores that a query's documents share
LEAST, THRESHOLD = 0.9, 2.2796528  # the precision that is promised, and the logit where it lies
DRIFT, DRIFTS, ANSWERED, PROPOSED = 1.25, 3, 5, 9  # how far scores move, and the days on which things happen
STAGES = ("quiet", "alarm", "proposed", "canary")
OPTIONS = WatchOptions(looks=LookOptions(reference=500, window=200, rounds=199))
SCORER = "mini:1"


@dataclass(frozen=True)
class Named:
    """What people are called in this world, so that a test can call them worse."""

    policy: str = "catalogue"
    proposal: str = "stricter"
    actor: str = "ann"
    reason: str = "the new catalogue: its scores run higher"


@contextmanager
def clock(now: float) -> Iterator[None]:
    """Let it be that time, in seconds since 1970."""
    with mock.patch("time.time", return_value=now):
        yield


def queries(rng: np.random.Generator, count: int, *, documents: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Scores and relevance of W2's queries, each ``(count, documents)``, best first."""
    relevant = np.where(rng.random(count) < 0.7, 0.2 / 0.7, 0.0)[:, None]
    drawn = rng.random((count, documents))
    grade = np.where(drawn < relevant, 0, np.where(drawn < relevant + (1 - relevant) * 0.375, 1, 2))
    own = np.sqrt(SPREADS**2 - SHARED)[grade] * rng.standard_normal((count, documents))
    scores = MEANS[grade] + np.sqrt(SHARED) * rng.standard_normal((count, 1)) + own
    order = np.argsort(-scores, axis=1)
    return np.take_along_axis(scores, order, 1), np.take_along_axis(grade == 0, order, 1)


def precision(threshold: float) -> float:
    """The true precision of what reaches a threshold, before the drift."""
    shares = zip((0.2, 0.3, 0.5), MEANS.tolist(), SPREADS.tolist(), strict=True)
    tails = [share * (1 - NormalDist(mean, spread).cdf(threshold)) for share, mean, spread in shares]
    return tails[0] / sum(tails)


@cache
def policy(name: str = "catalogue") -> Policy:
    """A policy with a calibration and a certified precision."""
    target = PrecisionAtLeast(LEAST)
    scores, relevant = queries(np.random.default_rng([0, 7]), 400)
    groups = np.repeat(np.arange(400), 10).astype(str)
    data = Labelled.of(scores.ravel(), relevant.ravel().astype(float), groups=groups.tolist())
    issued = Issued(THRESHOLD, LEAST, target.confidence, 600, 400, 0.92, target.promise)
    return Policy(
        Thresholds(THRESHOLD),
        calibration=Calibration.fit(data, Platt(), scorer=SCORER, stage="mini", created="2024-09-01"),
        scorer=SCORER,
        stage="mini",
        certificate=issued.as_json(),
        target=target.as_json(),
        created="2024-09-01",
        name=name,
    )


def sessions(
    rng: np.random.Generator, watch: Watch, since: float, until: float, count: int, *, shift: float = 0.0
) -> tuple[list[Decided], list[Event]]:
    """What a time's users asked, got from the policies that then decide, and clicked."""
    rollout = Rollout.of(watch.lifecycle.standing())
    scores, relevant = queries(rng, count)
    scores = scores + shift
    decided, events = list[Decided](), list[Event]()
    for number, at in enumerate(np.sort(rng.uniform(since, until, count)).tolist()):
        user, request = f"u{rng.integers(1500)}", f"r{at:.3f}-{number}"
        digest, arm = rollout.choose(user)
        chosen = watch.lifecycle.policy(digest)
        assert chosen is not None and chosen.thresholds.default is not None and chosen.calibration is not None
        chances = chosen.calibration.calibrator(scores[number]).tolist()
        threshold = chosen.thresholds.default
        items = tuple(
            Placed(f"d{number}-{k}", score, chance, k + 1 if score >= threshold else 0)
            for k, (score, chance) in enumerate(zip(scores[number].tolist(), chances, strict=True))
        )
        segment = "zh" if rng.random() < 0.5 else "en"
        decided.append(Decided(request, at, "mini", SCORER, digest, arm, user=user, segment=segment, items=items))
        events += _clicks(rng, decided[-1], relevant[number], at)
    return decided, events


def _clicks(rng: np.random.Generator, decided: Decided, relevant: np.ndarray, at: float) -> list[Event]:
    """W6: a place is looked at with probability 1 over its number; .8 of what is relevant is clicked then, .1 of the
    rest. The first document was passed over where nothing was clicked."""
    found = list[Event]()
    for place, item in enumerate(decided.items[: decided.accepted]):
        said = {"request": decided.request, "document": item.document, "user": decided.user}
        name = f"{decided.request}:{place}"
        if rng.random() < 1 / (place + 1) and rng.random() < (0.8 if relevant[place] else 0.1):
            seconds = float(rng.lognormal(3.7, 0.8))
            found.append(Event("click", name, position=place + 1, at=at + 5 + place, **said))
            found.append(Event("dwell", f"{name}:dwell", value=seconds, at=at + 5 + place + seconds, **said))
    if not found and decided.accepted:
        first = decided.items[0].document
        skip = Event(
            "skip", f"{decided.request}:skip", decided.request, first, position=1, user=decided.user, at=at + 9
        )
        found.append(skip)
    return found


def build(where: Path, *, stage: str = "canary", daily: int = 450, seed: int = 0, named: Named = Named()) -> Watch:
    """A store of twelve days: three as promised, then a drift, an alarm, its answer, a proposal and a canary.

    Args:
        where: the store's file.
        stage: how far it goes: ``quiet`` (no drift), ``alarm``, ``proposed`` or ``canary``.
        daily: sessions a day.
        seed: the same seed, the same store.
        named: what people are called.
    """
    watch = Watch.open(where, OPTIONS)
    rng = np.random.default_rng([seed, 5])
    with clock(BEGIN):
        watch.lifecycle.begin(policy(named.policy), named.policy)
    for day in range(DAYS):
        begin = BEGIN + day * DAY
        with clock(begin + 1):
            _act(watch, day, stage, named)
        until = min(begin + DAY, END)
        shift = DRIFT if stage != "quiet" and day >= DRIFTS else 0.0
        count = round(daily * (until - begin) / DAY)
        watch.store.add(*sessions(rng, watch, begin + 60, until, count, shift=shift))
        with clock(until - 1):
            watch.look()
    return watch


def _act(watch: Watch, day: int, stage: str, named: Named) -> None:
    """What people do at the beginning of a day."""
    reach = STAGES.index(stage)
    if day == ANSWERED and reach >= 2:
        watch.lifecycle.acknowledge(actor=named.actor, reason=named.reason)
    if day == PROPOSED and reach >= 2:
        advice, digest = watch.propose(actor=named.actor, name=named.proposal)
        assert digest, f"too few sessions a day for a proposal: {advice.reason}"
        if reach >= 3:
            watch.lifecycle.approve(digest, actor="bo", to="canary", share=0.3)
