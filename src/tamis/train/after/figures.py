"""How well a trained model ranks dev queries, beside the start, BM25 and random order, and whether that is chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamis.core import BM25, Progress, Scorer
from tamis.data import Example
from tamis.errors import InputError
from tamis.evaluate import (
    AP,
    RR,
    Evaluation,
    Interval,
    Measure,
    Paired,
    compare,
    evaluate,
    interval,
    nDCG,
    random_order,
)
from tamis.train.after.ranked import DevSet, Ranked

RANDOM, BEFORE, AFTER = "random", "before", "after"
MAIN = nDCG @ 10
MEASURES: tuple[Measure, ...] = (MAIN, AP, RR @ 10)
TITLES: Mapping[Measure, str] = {MAIN: "nDCG@10", AP: "MAP", RR @ 10: "MRR@10"}


@dataclass(frozen=True, slots=True)
class System:
    """One system's figures on the queries that can tell.

    Attributes:
        name: "random", "bm25", "before", "after" or what the caller named it.
        evaluation: one value a query and measure.
        intervals: mean and 95 % bootstrap interval of each measure.
        ranked: its scores; None for random order.
        against: nDCG@10 of the trained model against this system, query by query; None for the trained model itself.
    """

    name: str
    evaluation: Evaluation
    intervals: Mapping[Measure, Interval]
    ranked: Ranked | None = None
    against: Paired | None = None

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        found: dict[str, Any] = {
            str(measure): {"mean": one.mean, "low": one.low, "high": one.high}
            for measure, one in self.intervals.items()
        }
        if self.ranked is not None:
            found |= {"model": self.ranked.model, "fingerprint": self.ranked.fingerprint}
        if (one := self.against) is not None:
            found["against"] = {
                "difference": one.difference,
                "low": one.low,
                "high": one.high,
                "p": one.p_value,
                "wins": one.wins,
                "losses": one.losses,
                "ties": one.ties,
            }
        return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What the systems are worth on the same dev queries.

    Attributes:
        dev: the dev data.
        systems: by name; "random" and "bm25" first, the trained model last.
        subject: name of the trained model.
    """

    dev: DevSet
    systems: Mapping[str, System]
    subject: str = AFTER

    def __getitem__(self, name: str) -> System:
        """One system.

        Raises:
            InputError: it was not measured.
        """
        if name not in self.systems:
            raise InputError(f"no figures of {name!r}, only of {', '.join(self.systems)}")
        return self.systems[name]

    @property
    def queries(self) -> int:
        """How many queries the means are over."""
        return len(self.dev.telling)

    @property
    def left_out(self) -> int:
        """Queries whose labels are all equal: any order of them is as good as any other."""
        return len(self.dev.queries) - self.queries

    def ranked(self, name: str) -> Ranked:
        """The scores of a system.

        Raises:
            InputError: it was not measured, or gives no scores, as random order.
        """
        found = self[name].ranked
        if found is None:
            raise InputError(f"{name!r} gives no scores")
        return found

    def remarks(self) -> list[str]:
        """What a reader should know of the dev data, a sentence each; the first says how many queries there are."""
        dev = self.dev
        found = [f"{self.queries} dev queries with {dev.pairs} labelled documents"]
        if self.left_out:
            found[0] += f"; {self.left_out} more queries were left out: their labels are all equal, so they cannot tell"
        if dev.repeated:
            found.append(f"documents that stood twice in a query's list: {dev.repeated}; the higher label was kept")
        if dev.fractional:
            found.append(
                "labels are fractions: nDCG takes them as gains (to a thousandth), MAP and MRR count labels of at "
                f"least {dev.relevant_from:g} as relevant"
            )
        elif dev.graded:
            found.append(
                f"labels are grades: nDCG takes them as gains, MAP and MRR count those of at least "
                f"{dev.relevant_from:g} as relevant"
            )
        found.append("only the listed documents are ranked; BM25 counts words over the dev documents alone")
        return found

    def rows(self) -> list[tuple[str, ...]]:
        """A table for people: system, nDCG@10 with its interval, MAP, MRR@10, what training gained over it, p-value."""
        return [self._row(system) for system in self.systems.values()]

    def _row(self, system: System) -> tuple[str, ...]:
        first, *others = system.intervals.values()
        means = (f"{first.mean:.3f} ({first.low:.2f}-{first.high:.2f})", *(f"{one.mean:.3f}" for one in others))
        if (gain := system.against) is None:
            return (system.name, *means, "", "")
        return (
            system.name,
            *means,
            f"{gain.difference:+.3f} ({gain.low:+.2f} to {gain.high:+.2f})",
            f"{gain.p_value:.2g}",
        )

    def as_json(self) -> dict[str, Any]:
        """Everything but the scores as JSON values."""
        return {
            "queries": self.queries,
            "left_out": self.left_out,
            "pairs": self.dev.pairs,
            "repeated": self.dev.repeated,
            "relevant_from": self.dev.relevant_from,
            "fractional": self.dev.fractional,
            "subject": self.subject,
            "systems": {name: system.as_json() for name, system in self.systems.items()},
            "remarks": self.remarks(),
        }


COLUMNS = ("system", *TITLES.values(), "gain (95 %)", "p")


def measure(
    dev: Sequence[Example] | DevSet, scorers: Mapping[str, Scorer], progress: Progress | None = None
) -> Figures:
    """Score dev queries with every system and measure it: nDCG@10, MAP and MRR@10 with 95 % bootstrap intervals.

    Random order (its exact expectation) and BM25 are measured always. The trained model is the scorer named "after",
    or the last; the others are held against it, query by query (randomisation test on nDCG@10).

    Args:
        dev: labelled examples, one a query.
        scorers: by the system's name, such as {"before": start, "after": trained}.
        progress: called with (pairs scored, pairs in all), over all scorers.

    Raises:
        InputError: no scorer, a name that is taken, or no query whose labels differ.

    >>> from tamis import load_scorer
    >>> dev = [Example("drum sieve", ("a tamis is a drum sieve", "rain fell on the drum"), (1.0, 0.0))]
    >>> found = measure(dev, {"after": load_scorer("tamis-mini")})
    >>> found["after"].intervals[MAIN].mean, round(found["random"].intervals[MAIN].mean, 2)
    (1.0, 0.82)
    """
    data = dev if isinstance(dev, DevSet) else DevSet.of(dev)
    _check(data, scorers)
    subject = AFTER if AFTER in scorers else list(scorers)[-1]
    named = [name for name in scorers if name != subject] + [subject]
    ranked = [data.ranked_by_words()]
    for done, name in enumerate(named):
        ranked.append(data.ranked(name, scorers[name], _share(progress, done, len(named))))
    found = {one.name: _measured(one) for one in ranked}
    gains, relevance = data.gains(), data.relevance()
    chance = _together(random_order(gains, gains, [MAIN]), random_order(gains, relevance, MEASURES[1:]))
    last = found[subject]
    systems = {RANDOM: _system(RANDOM, chance, None, compare(last, chance, MAIN))}
    for one in ranked:
        paired = None if one.name == subject else compare(last, found[one.name], MAIN)
        systems[one.name] = _system(one.name, found[one.name], one, paired)
    return Figures(data, systems, subject)


def means(dev: DevSet, scorer: Scorer, progress: Progress | None = None) -> dict[str, float]:
    """The means of nDCG@10, MAP and MRR@10 alone, as ``measure`` has them: for a look while training runs.

    Args:
        dev: the dev data.
        scorer: the model as it is now.
        progress: called with (pairs scored, pairs in all).

    Raises:
        InputError: no query whose labels differ, or a score that is no number.

    >>> from tamis import load_scorer
    >>> dev = DevSet.of([Example("drum sieve", ("a tamis is a drum sieve", "rain fell on the drum"), (1.0, 0.0))])
    >>> means(dev, load_scorer("tamis-mini"))
    {'ndcg@10': 1.0, 'ap': 1.0, 'rr@10': 1.0}
    """
    _check(dev, {AFTER: scorer})
    return _measured(dev.ranked(AFTER, scorer, progress)).means


def _measured(ranked: Ranked) -> Evaluation:
    run, dev = ranked.run(), ranked.dev
    return _together(evaluate(run, dev.gains(), [MAIN]), evaluate(run, dev.relevance(), MEASURES[1:]))


def _check(dev: DevSet, scorers: Mapping[str, Scorer]) -> None:
    if not scorers:
        raise InputError('no scorer to measure: give at least one, such as {"after": scorer}')
    if taken := [name for name in (RANDOM, BM25) if name in scorers]:
        raise InputError(f"a scorer cannot be named {taken[0]!r}: that is a baseline's name")
    if not dev.telling:
        raise InputError(
            f"none of the {len(dev.queries)} dev queries has labels that differ: nothing can be measured; give queries "
            "with relevant and irrelevant documents"
        )


def _share(progress: Progress | None, done: int, count: int) -> Progress | None:
    """The progress of one of ``count`` equal parts."""
    if progress is None:
        return None

    def part(pairs: int, total: int | None) -> None:
        whole = total or pairs
        progress(done * whole + pairs, count * whole)

    return part


def _together(first: Evaluation, second: Evaluation) -> Evaluation:
    return Evaluation(first.queries, {**first.values, **second.values}, first.missing, first.unjudged)


def _system(name: str, found: Evaluation, ranked: Ranked | None, against: Paired | None) -> System:
    return System(name, found, {one: interval(found[one]) for one in MEASURES}, ranked, against)
