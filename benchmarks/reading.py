"""What a reading of a ranking is worth: the share of lists it is given to, and what is then true, on labelled sets.

Constants are chosen on some sets and held against others. Scores are tamis-mini's, of the texts alone, for the 20 best
by BM25 of each query (or of its given list). Probabilities are those of the calibration that ships, or of one's own:
fitted on four fifths of a set's queries and read on the fifth. Beside every figure stands the base: what is true of
all lists of the same sets, in the same proportions.

    scripts/bench reading [--scores FOLDER] [--json FILE]

Needs TAMIS_DATA. Scoring takes ten minutes on two cores; with ``--scores`` the scores are kept and read again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tamis import load_scorer
from tamis.calibrate import AutoCalibrator, Labelled, cross_fitted, default_calibration, query_folds
from tamis.core import Candidate, Document, Query, Ranking
from tamis.data import Collection
from tamis.decide import Answerable, Limits, Policy, Thresholds, read
from tamis.errors import InputError
from tamis.evaluate import interval, ratio
from tamis.experiment import Experiment
from tamis.labels import label_rankings
from tamis.recall import Index

DEPTH, MOST, FOLDS = 20, 300, 5  # documents of a list, queries of a set
# Set, and the grade from which on a document is relevant.
CHOOSING = {"train/wikiqa_train": 1, "train/trecqa_train": 1, "train/kuake_qtr_train": 2, "eval/vaswani": 1,
            "eval/insuranceqa_zh_dev": 1}  # fmt: skip
HELD = {"eval/wikiqa_dev": 1, "eval/trecqa_dev": 1, "eval/kuake_dev": 2, "eval/stard_dev": 1, "eval/scifact": 1,
        "eval/trec_dl21": 2}  # fmt: skip
TWICE = {"train/kuake_qtr_train": "eval/kuake_dev"}  # all queries of the second stand in the first, too

SURES, TIMES = (0.3, 0.5, 0.7), (2.0, 3.0, 5.0, 10.0)
NONES, LEADS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), (0.5, 1.0, 1.5, 2.0, 3.0)
MANIES, EXPECTED = (3, 4, 5), (1.0, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True, slots=True)
class List:
    """One query's list as it is read: by which probabilities, and whether its relevant documents were taken away."""

    set: str
    by: str
    taken: bool
    ranking: Ranking
    relevant: tuple[float, ...]  # of each document, best first
    policy: Policy | None = None

    @property
    def first(self) -> float:
        return self.relevant[0]

    @property
    def count(self) -> float:
        return sum(self.relevant)

    @property
    def none(self) -> float:
        return float(self.count == 0)


Truth = tuple[str, Callable[[List], float]]
FIRST: Truth = ("the first is relevant", lambda one: one.first)
NO: Truth = ("none is relevant", lambda one: one.none)
COUNT: Truth = ("relevant documents", lambda one: one.count)
TRUTHS: dict[str, tuple[Truth, ...]] = {
    "clear": (FIRST,), "answerless": (NO,), "weak": (NO,), "broad": (COUNT, FIRST), "several": (COUNT, FIRST),
    "open": (FIRST, NO), "ahead": (FIRST,), "uncalibrated": (FIRST,),
}  # fmt: skip

SAID = {"policy": ("answerless",), "own": ("weak", "clear", "broad", "several", "open"),
        "shipped": ("weak", "clear", "broad", "several", "open"), "none": ("ahead", "uncalibrated")}  # fmt: skip


def scored(name: str, relevant_if: float, kept: Path | None) -> Labelled:
    """Labelled scores of a set's first queries, from a file where they were kept."""
    path = kept / f"{Path(name).name}.npz" if kept else None
    if path and path.exists():
        found = np.load(path)
        return Labelled.of(found["scores"], found["labels"], found["groups"])
    data = Path(os.environ["TAMIS_DATA"])
    collection = Collection.open(data / name)
    also = {one.text for one in Collection.open(data / TWICE[name]).judged} if name in TWICE else set()
    queries = [one for one in collection.judged if one.text not in also][:MOST]
    index = Index.build(collection.documents.values(), encoder=None)
    scorer = load_scorer("tamis-mini")
    first = Experiment(collection, index, scorer=scorer, k=DEPTH).first_stage(queries, None)

    def grade(query: Query, document: Document) -> float:
        return float(collection.qrels[query.id].get(document.id, 0))

    # Without what the first stage said of them: the calibration that ships is for scores of the texts alone.
    bare = [Ranking(one.query, tuple(replace(c, scores={}) for c in one[:DEPTH])) for one in first]
    found = label_rankings(bare, grade, scorer, relevant_if=relevant_if).data
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, scores=found.scores, labels=found.labels, groups=found.groups)
    return found


def lists(name: str, data: Labelled) -> Iterator[List]:
    """Every list of a set by each kind of probabilities and by none, as it is and less its relevant documents."""
    chances = {"shipped": default_calibration().calibrator(data.scores), "own": cross_fitted(AutoCalibrator(), data)}
    policies, folds = deciding(data), query_folds(data, FOLDS)
    for by, taken in itertools.product((*chances, "policy", "none"), (False, True)):
        for group in np.unique(data.groups):
            at = np.flatnonzero((data.groups == group) & ~(taken & (data.labels > 0)))
            at = at[np.argsort(-data.scores[at], kind="stable")]
            if not at.size or (taken and not data.labels[data.groups == group].any()):
                continue
            items = tuple(Candidate(Document(str(i), ""), float(data.scores[i])) for i in at)
            ranking = Ranking(Query(str(group)), items)
            if by != "none":
                ranking = ranking.calibrated(chances["own" if by == "policy" else by][at])
            policy = policies[folds[at[0]]] if by == "policy" and policies else None
            yield List(Path(name).name, by, taken, ranking, tuple(data.labels[at].tolist()), policy)


def deciding(data: Labelled) -> list[Policy]:
    """For each fold a policy that shows everything and has learned from the other folds which queries have no answer.

    None where too few queries of the set have none to learn from.
    """
    folds = query_folds(data, FOLDS)
    try:
        return [Policy(Thresholds(-np.inf), answerable=Answerable.fit(data.where(folds != f))) for f in range(FOLDS)]
    except InputError:
        return []


def given(pool: Sequence[List], kind: str, limits: Limits) -> list[List]:
    return [one for one in pool if read(one.ranking, policy=one.policy, limits=limits).kind == kind]


def true_of(chosen: Sequence[List], truth: Truth) -> dict[str, Any]:
    """The mean of what is true over lists, with its interval: Wilson's for shares, the bootstrap's for counts."""
    values = np.array([truth[1](one) for one in chosen])
    if not values.size:
        return {"value": None, "interval": None}
    if truth is COUNT:
        found = interval(values)
        return {"value": found.mean, "interval": [found.low, found.high]}
    share = ratio(values, np.ones(values.size))
    return {"value": share.value, "interval": [share.low, share.high]}


def base(chosen: Sequence[List], pool: Sequence[List], truth: Truth) -> float | None:
    """What is true of all lists of the sets that the chosen come from, in their proportions."""
    means = {name: np.mean([truth[1](one) for one in pool if one.set == name]) for name in {one.set for one in pool}}
    return float(np.mean([means[one.set] for one in chosen])) if chosen else None


def row(pool: Sequence[List], taken: Sequence[List], kind: str, limits: Limits) -> dict[str, Any]:
    """A reading's figures over lists as they are, and how often it is given with an answer and with none left."""
    chosen = given(pool, kind, limits)
    answered = [one for one in pool if not one.none]
    return {
        "lists": len(chosen),
        "share": len(chosen) / len(pool),
        "answered": len(given(answered, kind, limits)) / max(len(answered), 1),
        "taken_away": len(given(taken, kind, limits)) / max(len(taken), 1),
        "true": {t[0]: {**true_of(chosen, t), "base": base(chosen, pool, t)} for t in TRUTHS[kind]},
    }


def lift(pool: Sequence[List], kind: str, truth: Truth, limits: Limits) -> tuple[float, float]:
    """What is true of a reading's lists, and the base beside it."""
    chosen = given(pool, kind, limits)
    return (float(np.mean([truth[1](one) for one in chosen])), base(chosen, pool, truth) or 0.0) if chosen else (0, 0)


def right(pool: Sequence[List], kind: str, limits: Limits) -> bool:
    """Whether a reading is more often right than wrong in saying that none is, in sets where a tenth of lists is so."""
    sets = {one.set for one in pool}
    parts = [[one for one in pool if one.set == name] for name in sets]
    often = [part for part in parts if np.mean([one.none for one in part]) >= 0.1]
    return all(len(given(part, kind, limits)) < 5 or lift(part, kind, NO, limits)[0] > 0.5 for part in often)


def chosen(pool: Sequence[List]) -> Limits:
    """The loosest constants that keep what they say, by probabilities of one's own; the rules are its lines."""
    own, bare, learned = ([one for one in pool if one.by == by and not one.taken] for by in ("own", "none", "policy"))
    limits = Limits()
    limits = replace(limits, none=next(n for n in NONES if right(learned, "answerless", replace(limits, none=n))))
    limits = replace(limits, weak=next(n for n in NONES if right(own, "weak", replace(limits, weak=n))))
    pairs = sorted(
        (replace(limits, sure=sure, times=times) for sure, times in itertools.product(SURES, TIMES)),
        key=lambda one: -len(given(own, "clear", one)),
    )
    limits = next(one for one in pairs if lift(own, "clear", FIRST, one)[0] >= 0.75)
    limits = replace(limits, near=limits.times)  # what is not clearly ahead is about equally good
    wide = (replace(limits, many=many, expected=e) for many, e in sorted(itertools.product(MANIES, EXPECTED), key=sum))
    limits = next(one for one in wide if times_the_base(own, one) >= 1.5)
    loose = (replace(limits, lead=lead) for lead in LEADS)
    return next(one for one in loose if np.subtract(*lift(bare, "ahead", FIRST, one)) >= 0.1)


def times_the_base(pool: Sequence[List], limits: Limits) -> float:
    """How many times the usual number of relevant documents broad lists have: the mean over sets with ten of them."""
    parts = [[one for one in pool if one.set == name] for name in {one.set for one in pool}]
    enough = [part for part in parts if len(given(part, "broad", limits)) >= 10]
    return float(np.mean([np.divide(*lift(part, "broad", COUNT, limits)) for part in enough])) if enough else 0.0


def table(title: str, pool: Sequence[List], limits: Limits) -> dict[str, Any]:
    """Every reading's row by each kind of probabilities, printed and returned."""
    print(f"\n**{title}**\n\n| by | reading | lists | what | true (95 %) | base | answer there, taken away |")
    print("|---" * 7 + "|")
    kept: dict[str, Any] = {}
    for by, kinds in SAID.items():
        mine = [one for one in pool if one.by == by]
        whole, taken = [o for o in mine if not o.taken], [o for o in mine if o.taken]
        kept |= {f"{by} {kind}": row(whole, taken, kind, limits) for kind in kinds}
    for name, found in kept.items():
        for what, true in found["true"].items():
            by, kind = name.split()
            value = "-" if true["value"] is None else "{:.2f} ({:.2f}-{:.2f})".format(true["value"], *true["interval"])
            beside = "-" if true["base"] is None else f"{true['base']:.2f}"
            said = f"{found['answered']:.0%}, {found['taken_away']:.0%}"
            print(f"| {by} | {kind} | {found['share']:.0%} | {what} | {value} | {beside} | {said} |")
    return kept


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scores", type=Path, metavar="FOLDER", help="keep scores here, and read them again")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    asked = options.parse_args()
    logging.getLogger("tamis").setLevel(logging.ERROR)  # policies here are for any scorer, and would say so
    pools = [
        [one for name, grade in sets.items() for one in lists(name, scored(name, grade, asked.scores))]
        for sets in (CHOOSING, HELD)
    ]
    limits = chosen(pools[0])
    print(f"chosen: {asdict(limits)}\nin the library: {asdict(Limits())}")
    kept: dict[str, Any] = {"limits": asdict(limits), "choosing": table("Chosen on these sets", pools[0], limits)}
    kept["held"] = table("Held against these", pools[1], limits)
    kept["sets"] = {name: table(name, [one for one in pools[1] if one.set == name], limits)
                    for name in (Path(path).name for path in HELD)}  # fmt: skip
    if asked.json:
        asked.json.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
