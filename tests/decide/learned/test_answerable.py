"""P(no candidate is relevant): calibrated, better than both simple formulas, or one of them; and what thresholds do."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.data import canonical
from tamis.decide.learned.answerable import Answerable
from tamis.decide.learned.answerless import answerless_rate
from tamis.errors import InputError

from ...calibrate import worlds


def labelled(drawn):
    return Labelled.of(drawn.scores, drawn.labels, drawn.groups)


def lists(data, documents=10):
    """Scores of each query, shape (queries, documents), and whether it has no answer."""
    return data.scores.reshape(-1, documents), data.labels.reshape(-1, documents).sum(1) == 0


FOUND = Answerable.fit(labelled(worlds.clustered(2000, 1)))


@pytest.mark.parametrize("trial", [1, 2])
def test_probabilities_are_reliable_over_deciles(trial):
    found = Answerable.fit(labelled(worlds.clustered(2000, trial)))
    data = labelled(worlds.clustered(20_000, 99))
    stated, none = found.probabilities(data), lists(data)[1]
    for part in np.array_split(np.argsort(stated), 10):
        assert stated[part].mean() == pytest.approx(none[part].mean(), abs=0.05)


def test_it_beats_both_formulas_and_records_by_how_much():
    assert FOUND.kind == "learned" and FOUND.queries == 2000
    assert FOUND.losses["learned"] < FOUND.losses["independence"] < FOUND.losses["base rate"]
    assert FOUND.against_independence.low > 0.05 and FOUND.against_base_rate.low > 0.2
    assert FOUND.base_rate == pytest.approx(0.35, abs=0.05)


def test_held_out_losses_are_those_of_new_queries():
    data = labelled(worlds.clustered(4000, 98))
    (scores, none), stated = lists(data), FOUND.probabilities(data)
    assert stated[:20] == pytest.approx([FOUND.probability(row) for row in scores[:20]], abs=1e-12)
    loss = -np.mean(np.log(np.where(none, stated, 1 - stated)))
    assert loss == pytest.approx(FOUND.losses["learned"], abs=0.03)


def independent_world(seed, queries):
    """Documents that are relevant independently of each other, with calibrated logits: ``prod(1 - p)`` is the truth."""
    rng = np.random.default_rng([seed, 17])
    logits = rng.normal(-2.5, 1.5, (queries, 6))
    labels = rng.random((queries, 6)) < 1 / (1 + np.exp(-logits))
    return Labelled.of(logits.ravel(), labels.ravel(), np.repeat(np.arange(queries), 6))


def test_where_independence_is_the_truth_nothing_is_lost_by_asking():
    data = independent_world(99, 5000)
    logits, none = lists(data, 6)
    truth = np.prod(1 / (1 + np.exp(logits)), axis=1)

    def loss(stated):
        return -np.mean(np.log(np.where(none, stated, 1 - stated)))

    found = [Answerable.fit(independent_world(seed, 100)) for seed in range(8)]
    lost = [loss(f.probabilities(data)) - loss(truth) for f in found]
    assert np.mean(lost) < 0.02 and max(lost) < 0.06
    kept = next(f for f in found if f.kind == "independence")
    p = 1 / (1 + np.exp(-(kept.slope * np.array([0.5, -1.0]) + kept.intercept)))
    assert kept.probability([0.5, -1.0]) == pytest.approx((1 - p).prod())


def test_where_scores_say_nothing_the_base_rate_is_mostly_kept():
    def world(seed):
        rng = np.random.default_rng([seed, 19])
        labels = (rng.random((80, 5)) < 0.4) & (rng.random((80, 1)) < 0.5)
        return Labelled.of(rng.normal(size=400), labels.ravel(), np.repeat(np.arange(80), 5))

    found = [Answerable.fit(world(seed)) for seed in range(12)]
    kept = [f for f in found if f.kind == "base rate"]
    assert len(kept) >= 9 and kept[0].probability([3.0, 1.0]) == pytest.approx(kept[0].base_rate)


def test_no_candidates_have_no_answer():
    assert FOUND.probability([]) == 1.0 and FOUND.none_relevant(Ranking(Query("q"))) == 1.0


def test_a_ranking_is_read_by_its_current_scores():
    items = tuple(Candidate(Document(str(at), "x"), score, {"bm25": 9.0}) for at, score in enumerate([2.0, 0.5, -1.0]))
    assert FOUND.none_relevant(Ranking(Query("q"), items)) == FOUND.probability([-1.0, 2.0, 0.5])


@settings(max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_any_list_of_scores_gives_a_probability(scores):
    assert 0 < FOUND.probability(scores) < 1


def test_json_keeps_every_bit_and_the_same_data_give_the_same():
    text = canonical(FOUND.as_json())
    again = Answerable.from_json(json.loads(text))
    assert again == FOUND == Answerable.fit(labelled(worlds.clustered(2000, 1)))
    assert canonical(again.as_json()) == text
    with pytest.raises(InputError, match="expected a kind"):
        Answerable.from_json({**FOUND.as_json(), "kind": "guess"})


def test_the_order_of_pairs_does_not_matter():
    data = labelled(worlds.clustered(200, 3))
    order = np.random.default_rng(0).permutation(len(data))
    one, two = Answerable.fit(data), Answerable.fit(data.where(order))
    assert one.kind == two.kind and one.weights == pytest.approx(two.weights, abs=1e-6)
    assert one.losses == pytest.approx(two.losses, abs=1e-6)


def test_lists_and_uneven_queries_are_accepted():
    groups = [q for q in range(30) for _ in range(1 + q % 4)]
    rng = np.random.default_rng(0)
    data = Labelled.of(rng.normal(size=len(groups)).tolist(), [q % 2 for q in groups], [f"q{q}" for q in groups])
    assert 0 < Answerable.fit(data, 1).probability([0.3]) < 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (Labelled.of([1.0, 2.0], [0, 1]), "groups"),
        (Labelled.of([1.0, 2.0], [0, 1], ["a", "a"]), "every query has"),
        (Labelled.of([1.0, 2.0], [0, 1], ["a", "b"]), "2 queries"),
        (Labelled.of(np.arange(20.0), [0, 1] * 10, np.arange(20) // 2), "every query has"),
        (Labelled.of(np.arange(20.0), np.zeros(20), np.arange(20) // 2), "no query has"),
    ],
)
def test_wrong_data_is_one_clear_error(data, says):
    with pytest.raises(InputError, match=says):
        Answerable.fit(data)


def test_wrong_options_are_one_clear_error():
    with pytest.raises(InputError, match="k must be at least 1"):
        Answerable.fit(labelled(worlds.clustered(50, 1)), 0)
    for scores in ([math.nan], [[1.0]]):
        with pytest.raises(InputError, match="finite score"):
            FOUND.probability(scores)


# --- what a threshold does


def test_the_answerless_rate_counts_queries():
    data = labelled(worlds.clustered(500, 4))
    scores, none = lists(data)
    found = answerless_rate(data, 2.0)
    shown = (scores >= 2.0).any(1)
    assert (found.answerless, found.accepted) == (none.sum(), (shown & none).sum())
    assert (found.answerable, found.empty) == ((~none).sum(), (~shown & ~none).sum())
    assert found.share.value == found.accepted / found.answerless and found.share.queries == found.answerless


def test_its_intervals_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    found = answerless_rate(labelled(worlds.clustered(300, 5)), 1.0, confidence=0.9)
    for count, trials, share in (
        (found.accepted, found.answerless, found.share),
        (found.empty, found.answerable, found.empty_share),
    ):
        exact = stats.binomtest(count, trials).proportion_ci(0.9, "exact")
        assert (share.low, share.high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_the_extremes_of_a_threshold_and_of_the_data():
    data = labelled(worlds.clustered(100, 6))
    none, everything = answerless_rate(data, math.inf), answerless_rate(data, -math.inf)
    assert (none.accepted, none.empty) == (0, none.answerable) and everything.share.value == 1.0
    answered = answerless_rate(Labelled.of([1.0, 2.0], [1, 1], ["a", "b"]), 1.5)
    assert math.isnan(answered.share.value) and (answered.share.low, answered.share.high) == (0.0, 1.0)
    assert answered.empty == 1


def test_the_threshold_at_which_half_of_the_answerless_are_shown_something_is_that_measured_before():
    """Calibration notes, finding 6: raw scores at .9 pass 12 % of the queries without an answer, at .7 51 %."""
    data = labelled(worlds.clustered(20_000, 1))
    for probability, share in ((0.9, 0.12), (0.7, 0.51)):
        found = answerless_rate(data, math.log(probability / (1 - probability)))
        assert found.share.value == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("change", [{"threshold": math.nan}, {"confidence": 1.0}])
def test_wrong_use_of_the_rate_is_one_clear_error(change):
    with pytest.raises(InputError, match=r"nan|between 0 and 1"):
        answerless_rate(**{"data": labelled(worlds.clustered(50, 1)), "threshold": 1.0, **change})
    with pytest.raises(InputError, match="groups"):
        answerless_rate(Labelled.of([1.0, 2.0], [0, 1]), 1.0)
