"""From labelled rankings to a policy: difficulty, rules, what is learned from which queries."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.core import Candidate, Document, Query, Ranking
from tamis.decide import FBeta, MaxPerSource, MissRateAtMost, PrecisionAtLeast, Terms
from tamis.errors import InputError, NotCertifiedError
from tamis.labels import LabelledSet, label_rankings
from tamis.tuning import Wanted, tune_policy


class Remembered:
    """A scorer that gives each document the score that stands in its text."""

    name, fingerprint = "remembered", "remembered:1"

    def score(self, pairs):
        return np.array([float(document.text) for _, document in pairs])


def world(queries=300, shift=2.0, seed=0) -> LabelledSet:
    """Queries of ten candidates, Chinese ones with all scores higher by ``shift``; sites a and b take turns."""
    rng = np.random.default_rng(seed)
    rankings, labels = [], {}
    for number in range(queries):
        chinese = number % 2
        query = Query(f"如何退货 {number}" if chinese else f"how to return it {number}")
        relevant = rng.random(10) < 0.3
        scores = 3.0 * relevant + shift * chinese + rng.normal(size=10)
        items = [
            Candidate(Document(f"{number}-{at}", f"{score:.6f}", fields={"site": "ab"[at % 2]}), 0.0)
            for at, score in enumerate(scores)
        ]
        labels.update((item.doc.id, float(label)) for item, label in zip(items, relevant, strict=True))
        rankings.append(Ranking(query, tuple(items)))
    return label_rankings(rankings, lambda _, document: labels[document.id], Remembered())


def test_rankings_of_ones_own_are_scored_and_bound_to_the_scorer():
    found = world(20)
    assert (found.stage, found.fingerprint) == ("remembered", "remembered:1")
    assert found.data.queries == 20 and len(found.data) == 200
    assert [float(c.doc.text) for r in found.rankings for c in r] == found.data.scores.tolist()


def test_difficulty_is_learned_from_other_queries_and_shows_more():
    found = world(600)
    plain = tune_policy(found, Wanted(PrecisionAtLeast(0.9)))
    moving = tune_policy(found, Wanted(PrecisionAtLeast(0.9), difficulty=True))
    assert moving.difficulty.enabled and moving.basis.queries == 300
    assert moving.held_out.held_out.recall.value > plain.held_out.held_out.recall.value + 0.1
    policy = moving.policy()
    zh, en = (policy.decide(one) for one in (found.rankings[1], found.rankings[0]))
    cuts = [dict(d.ranking[0].notes)["threshold_offset"] for d in (zh, en) if len(d.ranking)]
    assert len(cuts) == 2 and cuts[0] - cuts[1] == pytest.approx(2.0, abs=0.5)


def test_difficulty_that_is_not_there_moves_nothing_and_costs_no_labels():
    tuning = tune_policy(world(200, shift=0.0), Wanted(FBeta(), difficulty=True))
    assert not tuning.difficulty.enabled and tuning.basis.queries == 200
    assert tuning.policy().offsets is None


def test_rules_are_applied_before_the_promise():
    found = world(200)
    tuning = tune_policy(found, Wanted(MissRateAtMost(0.2), after=(MaxPerSource("site", 1),)))
    assert tuning.found.data.queries == 200 and len(tuning.found.data) == 400
    decided = tuning.policy().decide(found.rankings[0])
    assert len(decided.ranking) <= 2
    with pytest.raises(InputError, match="nothing is left"):
        tune_policy(found, Wanted(FBeta(), before=(MaxPerSource("nowhere", 1), *_none_left())))


def _none_left():
    from tamis.decide import MinScore

    return (MinScore(1e9),)


def test_a_refusal_makes_no_policy():
    tuning = tune_policy(world(60), Wanted(PrecisionAtLeast(0.99), Terms(max_k=3)))
    assert tuning.threshold is None and not tuning.as_json()["issued"]
    with pytest.raises(NotCertifiedError, match="accepted pairs"):
        tuning.policy()


def test_a_list_cut_at_k_is_what_the_policy_shows():
    tuning = tune_policy(world(300), Wanted(PrecisionAtLeast(0.7), Terms(max_k=2)))
    assert tuning.policy().max_k == 2
    assert "lists show at most 2" in tuning.as_json()["assumptions"]
