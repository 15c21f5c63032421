"""The reading of a ranking: every kind, what must not change it, and its sentences in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tamis.decide.reading as module
from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Calibration, Labelled, Platt, default_calibration
from tamis.decide import Limits, MinLength, Policy, Thresholds, read
from tamis.decide.learned.answerable import Answerable
from tamis.errors import InputError, NotCertifiedError, PolicyMismatch

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "reading.json"
measured = pytest.mark.skipif(not RESULTS.exists(), reason="benchmarks/ is not part of this tree")

logits = st.lists(st.integers(-400, 400).map(lambda n: n / 8), min_size=0, max_size=12)
chances = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def ranked(scores, probabilities=None, stage="mini"):
    items = tuple(Candidate(Document(str(at), "text"), 0.0) for at in range(len(scores)))
    found = Ranking(Query("sieve"), items).rescored(stage, scores, fingerprint=f"{stage}:1")
    return found if probabilities is None else found.calibrated(sorted(probabilities, reverse=True))


def likely(probabilities):
    """A ranking whose probabilities are these, and whose scores are in their order."""
    return ranked(sorted(map(float, probabilities), reverse=True), probabilities)


def learned():
    """What tells queries without an answer: low best scores."""
    rng = np.random.default_rng(0)
    relevant = (rng.random((400, 10)) < 0.2) & (rng.random((400, 1)) < 0.7)
    scores = 4 * relevant + rng.normal(size=(400, 10))
    return Answerable.fit(Labelled.of(scores.ravel(), relevant.ravel(), np.repeat(np.arange(400), 10)))


CASES = {
    "empty": lambda: read(ranked([])),
    "reversed": lambda: read(ranked([2.0, 1.0]), policy=Policy(Thresholds(1.5), direction="reject-high")),
    "ruled": lambda: read(ranked([2.0, 1.0]), policy=Policy(Thresholds(0.0), before=(MinLength(50),))),
    "below": lambda: read(ranked([2.0, 1.0]), policy=Policy(Thresholds(3.0))),
    "answerless": lambda: read(likely([0.2, 0.1]), policy=Policy(Thresholds(-9.0), answerable=learned(), stage="mini")),
    "weak": lambda: read(likely([0.2, 0.1, 0.1])),
    "alone": lambda: read(likely([0.9])),
    "clear": lambda: read(likely([0.9, 0.4])),
    "broad": lambda: read(likely([0.8] * 5)),
    "several": lambda: read(likely([0.8, 0.7, 0.1])),
    "open": lambda: read(likely([0.45, 0.4, 0.1])),
    "single": lambda: read(ranked([1.0])),
    "ahead": lambda: read(ranked([9.0, 1.0, 0.9, 0.8, 0.0])),
    "uncalibrated": lambda: read(ranked([1.1, 1.0, 0.9, 0.8, 0.0])),
}


@pytest.mark.parametrize("kind", get_args(module.Kind))
def test_every_kind_has_a_case_and_a_sentence_in_both_languages(kind):
    found = CASES[kind]()
    assert found.kind == kind
    english, chinese = found.said(), found.said("zh")
    assert english.endswith(".") and english.isascii()
    assert chinese.endswith("。")
    for sentence in (english, chinese):
        assert "{" not in sentence and "None" not in sentence and "nan" not in sentence and " - " not in sentence
    told = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert told["kind"] == kind and told["reason"] == {"en": english, "zh": chinese}


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="en, zh, got 'fr'"):
        read(ranked([1.0])).said("fr")


def test_figures_are_what_they_say():
    signs = read(likely([0.8, 0.5, 0.25])).figures
    assert signs.odds_ratio == pytest.approx(4.0)
    assert signs.ahead == pytest.approx(0.8)  # just one of two: .8 * .5 against .2 * .5
    assert signs.none == pytest.approx(0.2 * 0.5 * 0.75)
    assert signs.expected == pytest.approx(1.55)
    assert (signs.near, signs.good, signs.documents) == (1, 2, 3)
    bare = read(ranked([5.0, 2.0, 1.0, 0.0])).figures
    assert bare.gap == 3.0
    assert bare.lead == pytest.approx(3.0 / np.std([2.0, 1.0, 0.0]))
    assert bare.best is bare.none is bare.near is None


def test_a_policy_comes_first_and_tells_how_many_it_leaves_out():
    policy = Policy(Thresholds(3.0), max_k=1)
    assert (nothing := read(likely([0.9, 0.1]), policy=policy)).kind == "below"
    assert (nothing.figures.shown, nothing.figures.below) == (0, 2)
    some = read(ranked([4.0, 3.5, 1.0], [0.9, 0.1, 0.1]), policy=policy)
    assert some.kind == "clear" and (some.figures.shown, some.figures.below) == (1, 1)
    assert some.figures.documents == 3  # what the policy leaves out is read, too


def test_a_calibration_gives_probabilities_where_there_are_none():
    data = Labelled.of([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1])
    calibration = Calibration.fit(data, Platt(), stage="mini", scorer="mini:1")
    found = ranked([3.0, -2.0])
    assert read(found).kind == "uncalibrated"
    assert read(found, calibration=calibration) == read(calibration([found])[0])
    assert read(found, policy=Policy(Thresholds(-9.0), stage="mini", calibration=calibration)).figures.best is not None
    with pytest.raises(PolicyMismatch):
        read(ranked([3.0, -2.0], stage="other"), calibration=calibration)
    with pytest.raises(PolicyMismatch):
        read(found, calibration=default_calibration())


def test_what_a_policy_has_learned_counts_without_probabilities_too():
    policy = Policy(Thresholds(-9.0), answerable=learned(), stage="mini")
    assert read(ranked([-3.0, -3.5, -4.0]), policy=policy).kind == "answerless"
    found = read(ranked([6.0, 0.5]), policy=policy)
    assert found.kind == "uncalibrated" and found.figures.learned and found.figures.none < 0.1


def test_a_refused_policy_raises_as_it_does_when_it_decides():
    with pytest.raises(NotCertifiedError):
        read(ranked([1.0]), policy=Policy(Thresholds(None)))


@given(logits, st.integers(-64, 64), st.sampled_from([0.25, 0.5, 2.0, 8.0]), st.randoms())
def test_without_probabilities_only_order_and_relations_count(scores, shift, scale, random):
    found = read(ranked(scores))
    assert found.kind in ("empty", "single", "ahead", "uncalibrated")
    moved = [(score + shift) * scale for score in scores]
    random.shuffle(moved)
    assert read(ranked(moved)).kind == found.kind
    if found.figures.lead is not None:
        assert read(ranked(moved)).figures.lead == pytest.approx(found.figures.lead)


@given(chances, st.randoms())
def test_with_probabilities_neither_the_order_nor_the_scale_of_scores_counts(probabilities, random):
    first = likely(probabilities)
    items = list(first.items)
    random.shuffle(items)
    other = replace(first, items=tuple(replace(item, score=3 * item.score - 100) for item in items))
    assert read(other).kind == read(first).kind
    assert replace(read(other).figures, score=None, gap=None, lead=None) == replace(
        read(first).figures, score=None, gap=None, lead=None
    )


@given(chances)
def test_figures_of_probabilities_keep_their_bounds(probabilities):
    signs = read(likely(probabilities)).figures
    assert 0 <= signs.none <= 1
    assert 1 <= signs.near <= signs.documents == len(probabilities)
    assert 0 <= signs.good <= signs.documents
    assert signs.expected == pytest.approx(sum(probabilities))
    if signs.odds_ratio is not None:
        assert signs.odds_ratio >= 1
        assert signs.ahead == pytest.approx(signs.odds_ratio / (1 + signs.odds_ratio))


@given(chances, st.floats(0, 1))
def test_one_more_document_never_makes_the_rest_weaker(probabilities, more):
    before, after = read(likely(probabilities)), read(likely([*probabilities, more]))
    assert after.figures.none <= before.figures.none + 1e-12
    assume(before.kind != "weak")
    assert after.kind != "weak"


def test_limits_move_the_borders():
    found = likely([0.8, 0.7, 0.1])
    assert read(found).kind == "several"
    assert read(found, limits=Limits(times=1.5)).kind == "clear"
    assert read(found, limits=Limits(weak=0.01)).kind == "weak"
    assert read(found, limits=Limits(near=2.0, many=2, expected=1.0)).kind == "broad"
    assert "within a factor of 2)" in read(found, limits=Limits(near=2.0, many=2, expected=1.0)).said()


@measured
def test_the_usual_limits_are_those_that_were_measured():
    limits = json.loads(RESULTS.read_text())["limits"]
    assert limits == read(ranked([1.0])).as_json()["limits"]


@measured
def test_what_readings_say_was_true_on_sets_they_were_not_chosen_on():
    held = json.loads(RESULTS.read_text())["held"]
    for row, truth in (
        ("own clear", "the first is relevant"),
        ("shipped clear", "the first is relevant"),
        ("none ahead", "the first is relevant"),
        ("policy answerless", "none is relevant"),
    ):
        figures = held[row]["true"][truth]
        assert figures["interval"][0] > figures["base"], row
    assert held["policy answerless"]["true"]["none is relevant"]["interval"][0] > 0.5
