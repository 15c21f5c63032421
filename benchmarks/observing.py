"""From the first feedback to a better policy that was approved, and from a changed model to the alarm: real documents.

    python benchmarks/observing.py [SET] [RUNS]          # SET: kuake_dev or qbqtc_dev; needs TAMIS_DATA

tamis-mini scores the candidates of SET. Half of its queries are the traffic, drawn again and again; the other half,
which no click ever touches, tells the truth of a threshold. Nothing is known of clicks on these documents, so they are
simulated: place k is looked at with probability 1 / k, and what is looked at is clicked by its grade (CLICKED). The
watch is told neither grades nor rates; it believes in its usual model (relevant documents are clicked in 8 of 10 looks,
others in 1 of 10), or in the rates that it learned from LABELLED labelled queries.

A guess decides first, far too loose: it shows nine tenths of all documents, and its target is a precision. Sessions
come in; the watch looks and proposes; the proposal is approved: a shadow, a canary on half of the traffic, and in
charge once the trial tells that it is better. Then the model changes: logits become 1.6 z - 1, which changes no
ranking, under the same fingerprint. How many requests until the alarm? Then model and policy are rolled back, and looks
go on.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tamis import load_scorer
from tamis.core import Ranking
from tamis.decide import Policy, PrecisionAtLeast, Thresholds
from tamis.evaluate.ratios import Ratio, ratio
from tamis.labels import lists_of, open_labelled
from tamis.observe import Decided, Event, Watch, WatchOptions
from tamis.observe.clicks import ClickModel
from tamis.observe.drift import LookOptions
from tamis.observe.lifecycle import Bounds, Rollout

CLICKED = np.array([0.05, 0.15, 0.7, 0.9])  # chance of a click on a document of a grade, once it was looked at
RELEVANT_IF = {"kuake_dev": 2, "qbqtc_dev": 1}
TARGET = {"kuake_dev": 0.8, "qbqtc_dev": 0.7}
LABELLED = 50  # queries, of which the rates of clicks are learned
TOGETHER = 100  # sessions between two looks of the watch
SHADOW = 200  # sessions for which the proposed policy decides beside
MOST = 20_000  # sessions after which a run gives up
QUIET = 2_000  # sessions with nothing wrong, before the model changes and after it was rolled back
OPTIONS = WatchOptions(
    settle=0.0,
    looks=LookOptions(window=200, reference=1000),
    bounds=Bounds(step=10.0, sessions=200, cooldown=0.0),
    share=0.5,
)


@dataclass(frozen=True)
class World:
    """Queries with their scored candidates, the grade of each, and whose the scores are."""

    rankings: list[Ranking]
    grades: list[np.ndarray]
    scorer: str
    stage: str
    relevant_if: float

    def part(self, places: np.ndarray) -> World:
        return replace(self, rankings=[self.rankings[i] for i in places], grades=[self.grades[i] for i in places])

    def precision(self, threshold: float) -> Ratio:
        """Of what a threshold shows of these queries, how much is relevant."""
        return self._share(threshold, lambda shown, good: ((shown & good).sum(), shown.sum()))

    def recall(self, threshold: float) -> Ratio:
        return self._share(threshold, lambda shown, good: ((shown & good).sum(), good.sum()))

    def _share(self, threshold: float, counts) -> Ratio:  # noqa: ANN001
        found = [
            counts(ranking.scores >= threshold, grades >= self.relevant_if)
            for ranking, grades in zip(self.rankings, self.grades, strict=True)
        ]
        return ratio([a for a, _ in found], [b for _, b in found])


def world(name: str) -> World:
    """A set, scored by tamis-mini."""
    scorer = load_scorer("tamis-mini")
    folder = Path(os.environ["TAMIS_DATA"]) / "eval" / name
    found = open_labelled(folder, scorer=scorer, relevant_if=RELEVANT_IF[name])
    lists, grades, start = lists_of(found), [], 0
    for ranking in lists.rankings:
        grades.append(found.grades[start : start + len(ranking)])
        start += len(ranking)
    return World(lists.rankings, grades, scorer.fingerprint, scorer.name, RELEVANT_IF[name])


@dataclass
class Traffic:
    """Users who ask the queries of a world, and click; ``slope`` and ``shift`` are what becomes of the logits."""

    world: World
    watch: Watch
    rng: np.random.Generator
    slope: float = 1.0
    shift: float = 0.0
    count: int = 0
    clicks: int = 0

    def come(self, sessions: int) -> None:
        """Some sessions: what decides for each, what it shows, what is clicked."""
        life = self.watch.lifecycle
        rollout = Rollout.of(life.standing())
        decided: list[Decided] = []
        events: list[Event] = []
        for _ in range(sessions):
            at = int(self.rng.integers(len(self.world.rankings)))
            request = f"r{self.count}"
            digest, arm = rollout.choose(request)
            policy = life.policy(digest)
            assert policy is not None
            ranking = self.world.rankings[at]
            scores = self.slope * ranking.scores + self.shift
            scored = ranking.rescored(self.world.stage, scores, fingerprint=self.world.scorer)
            decision = policy.decide(scored)
            known = {"at": time.time(), "model": self.world.stage, "scorer": self.world.scorer, "arm": arm}
            decided.append(Decided.of(decision, request, stage=self.world.stage, **known))
            grade = dict(zip((c.doc.id for c in ranking), self.world.grades[at], strict=True))
            events += self._clicked([c.doc.id for c in decision.ranking], grade, request)
            self.count += 1
        self.watch.store.add(decided, events)
        self.clicks += len(events)

    def _clicked(self, shown: list[str], grade: dict[str, float], request: str) -> Iterator[Event]:
        for place, name in enumerate(shown, 1):
            if self.rng.random() < CLICKED[int(grade[name])] / place:
                yield Event("click", f"{request}:{name}", request=request, document=name, position=place)


@dataclass
class Run:
    """What one run saw, in sessions since it began."""

    proposed: int | None = None
    active: int | None = None
    threshold: float | None = None
    told: str = ""
    early: int = 0
    detected: int | None = None
    after: int = 0
    looks: int = 0
    seconds: float = field(default_factory=time.monotonic)


def run(live: World, guess: Policy, model: ClickModel | None, seed: int) -> Run:
    """One life: a guess, a proposal, a trial, a change, a rollback."""
    found = Run()
    rates = {} if model is None else {"relevant": model.relevant, "noise": model.noise}
    with (
        tempfile.TemporaryDirectory() as folder,
        Watch.open(Path(folder) / "kept.db", replace(OPTIONS, **rates)) as watch,
    ):
        watch.lifecycle.begin(guess, "guess")
        users = Traffic(live, watch, np.random.default_rng([seed, 10]))
        _improve(users, watch, found)
        _break(users, watch, found)
    found.seconds = time.monotonic() - found.seconds
    return found


def _improve(users: Traffic, watch: Watch, found: Run) -> None:
    """Until a proposal is in charge, or the run gives up."""
    digest = ""
    while not digest and users.count < MOST:
        users.come(TOGETHER)
        advice, digest = watch.propose()
    if not digest:
        return
    found.proposed, found.threshold, found.told = users.count, advice.threshold, advice.reason
    watch.lifecycle.approve(digest, actor="benchmark")
    users.come(SHADOW)
    watch.lifecycle.approve(digest, actor="benchmark", share=0.5)
    while users.count < MOST:
        users.come(TOGETHER)
        trial = watch.trial()
        assert trial is not None
        if trial.better is not None:
            break
    if trial.better:
        watch.lifecycle.approve(digest, actor="benchmark")
        found.active, found.told = users.count, trial.outcome.sentence


def _break(users: Traffic, watch: Watch, found: Run) -> None:
    """Quiet sessions, then another model until the alarm, then the one before again."""
    users.come(OPTIONS.looks.reference)
    watch.look()
    for _ in range(QUIET // TOGETHER):
        users.come(TOGETHER)
        found.early += _alarmed(watch, found)
    users.slope, users.shift = 1.6, -1.0
    began = users.count
    while found.detected is None and users.count - began < MOST:
        users.come(TOGETHER)
        if _alarmed(watch, found):
            found.detected = users.count - began
    users.slope, users.shift = 1.0, 0.0
    if found.active is not None:
        watch.lifecycle.rollback(actor="benchmark", reason="the model has changed")
    users.come(OPTIONS.looks.reference)
    for _ in range(QUIET // TOGETHER):
        users.come(TOGETHER)
        found.after += _alarmed(watch, found)


def _alarmed(watch: Watch, found: Run) -> bool:
    look = watch.look()
    found.looks += look is not None
    if look is None or not look.alarm:
        return False
    watch.lifecycle.acknowledge(actor="benchmark")
    return True


def learned(live: World, rng: np.random.Generator) -> ClickModel:
    """Rates of clicks from the labels of some queries, each of which was asked a hundred times."""
    clicks, places, labels, queries = [], [], [], []
    for at in rng.choice(len(live.rankings), LABELLED, replace=False):
        grades = live.grades[at]
        for place, grade in enumerate(grades, 1):
            clicks += (rng.random(100) < CLICKED[int(grade)] / place).astype(float).tolist()
            places += [place] * 100
            labels += [float(grade >= live.relevant_if)] * 100
            queries += [int(at)] * 100
    return ClickModel().fit_noise(clicks, places, labels, sessions=queries).model


def spread(values: list[int | None]) -> str:
    """Median and largest; how many there were."""
    known = [value for value in values if value is not None]
    if not known:
        return "never"
    return f"median {np.median(known):,.0f}, most {max(known):,} ({len(known)} of {len(values)} runs)"


def shown(found: Ratio) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def main(name: str = "kuake_dev", runs: int = 10) -> None:
    """Print what all runs saw."""
    whole = world(name)
    order = np.random.default_rng(0).permutation(len(whole.rankings))
    live, held = whole.part(order[::2]), whole.part(order[1::2])
    loose = float(np.quantile(np.concatenate([r.scores for r in live.rankings]), 0.1))
    target = PrecisionAtLeast(TARGET[name])
    guess = Policy(Thresholds(loose), scorer=whole.scorer, stage=whole.stage, target=target.as_json(), name="guess")
    print(f"{name}: {len(live.rankings)} queries ask, {len(held.rankings)} tell the truth; target {target.promise}")
    print(f"guess {loose:.3f}: precision {shown(held.precision(loose))}, recall {shown(held.recall(loose))}")
    fitted = learned(live, np.random.default_rng(1))
    for what, model in (("usual rates .8/.1", None), (f"fitted {fitted.relevant:.2f}/{fitted.noise:.2f}", fitted)):
        every = [run(live, guess, model, seed) for seed in range(runs)]
        print(f"\n{what}")
        print(f"  proposed after sessions: {spread([one.proposed for one in every])}")
        print(f"  in charge after sessions: {spread([one.active for one in every])}")
        ends = [one.threshold for one in every if one.active is not None and one.threshold is not None]
        for end in (min(ends), float(np.median(ends)), max(ends)) if ends else ():
            print(f"  threshold {end:.3f}: precision {shown(held.precision(end))}, recall {shown(held.recall(end))}")
        print(f"  change found after requests: {spread([one.detected for one in every])}")
        looks = sum(one.looks for one in every)
        print(f"  false alarms before {sum(o.early for o in every)}, after the rollback {sum(o.after for o in every)}"
              f" (of {looks} looks in all)")  # fmt: skip
        print(f"  {np.mean([one.seconds for one in every]):.0f} s a run; e.g. {every[0].told}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
