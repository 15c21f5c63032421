"""Signals as numbers, and the blend: on where signals carry information, off where they do not, and monotone."""

import json
import math
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.calibrate.logistic import sigmoid
from tamis.core import Stage
from tamis.data import canonical
from tamis.decide.learned.blend import Blended, SignalBlend, latest_stage
from tamis.decide.learned.heldout import LEAST_QUERIES
from tamis.decide.learned.signals import (
    SIGNALS,
    Authority,
    Freshness,
    History,
    KeywordMatch,
    signal_from_json,
    signal_values,
)
from tamis.errors import InputError, PolicyError, PolicyMismatch

from ...calibrate import worlds

NAMES = ["keyword_match", "idle"]
TODAY = date(2026, 11, 21)


def candidate(text="x", **fields):
    return Candidate(Document("a", text, fields=fields), 0.0)


def values(signal, *candidates, query="q"):
    return signal.values(Query(query), candidates).tolist()


# --- the signals


def test_keyword_match_is_the_share_of_distinct_query_tokens():
    found = values(
        KeywordMatch(),
        candidate("退货需要发票"),
        candidate("今天下雨"),
        candidate("RETURNS"),
        query="退货 退货 returns",
    )
    assert found == [0.5, 0.0, 0.5]
    titled = Candidate(Document("a", "text", title="a drum sieve"), 0.0)
    assert KeywordMatch().values(Query("sieve"), [titled]).tolist() == [1.0]
    assert values(KeywordMatch(), candidate(), query="?!") == [0.0]


@pytest.mark.parametrize(
    ("dated", "expected"),
    [
        ("2026-11-21", 1.0),
        ("2026-11-11", 0.5),
        ("2026-11-01T00:00:00+00:00", 0.25),
        ("2030-01-01", 1.0),
        (datetime(2026, 11, 11, tzinfo=UTC).timestamp(), 0.5),
        (None, 0.3),
        ("", 0.3),
        ("soon", 0.3),
    ],
)
def test_freshness_halves_with_every_half_life(dated, expected):
    signal = Freshness("on", 10, missing=0.3, today=TODAY)
    assert values(signal, candidate(on=dated)) == [pytest.approx(expected)]


def test_freshness_counts_from_now_where_no_day_is_given():
    assert values(Freshness("on", 365), candidate(on=datetime.now(UTC).isoformat()), candidate())[0] == pytest.approx(
        1.0
    )


def test_authority_is_standardised_on_the_collection():
    documents = [Document(str(n), "x", fields={"cited": n}) for n in (0, 3, "8", 1000)] + [Document("none", "x")]
    signal = Authority.of("cited", documents)
    scaled = np.log1p([0, 3, 8, 1000])
    expected = (scaled - scaled.mean()) / scaled.std()
    assert signal.values(Query("q"), [Candidate(d, 0.0) for d in documents]) == pytest.approx([*expected, 0.0])
    linear = Authority("cited", "linear", center=10, spread=5)
    assert values(linear, candidate(cited=20), candidate(cited=-5.0), candidate(cited="many")) == [2.0, -3.0, 0.0]
    assert values(Authority("cited"), candidate(cited=-3), candidate(cited=math.inf)) == [-math.log(4), 0.0]
    assert Authority.of("cited", documents[:1]).spread == 1.0


def test_history_is_the_share_of_fields_with_a_liked_value():
    history = History(("category", "year", "id"))
    known = history.of({"category": {"soup", "cake"}, "year": [2024], "other": ["y"]})
    has = candidate(category="soup", year="2024"), candidate(category="soup", year=1999), candidate()
    assert values(known, *has) == [pytest.approx(2 / 3), pytest.approx(1 / 3), 0.0]
    assert values(history, *has) == [0.0, 0.0, 0.0]
    assert values(history.of({"id": ["a"]}), has[2]) == [pytest.approx(1 / 3)]
    assert "soup" not in canonical(known.as_json()) and "soup" not in repr(known) and known.label == history.label


@pytest.mark.parametrize(
    "signal",
    [
        KeywordMatch(),
        Freshness("on", 30.5, 0.1, today=TODAY),
        Authority("cited", "linear", 0.1, 3.7),
        History(("a", "b")),
    ],
)
def test_signals_are_written_and_read_back(signal):
    text = canonical(signal.as_json())
    again = signal_from_json(json.loads(text))
    assert again == signal and canonical(again.as_json()) == text and again.label == signal.label
    assert SIGNALS[signal.name] is type(signal)
    assert signal.values(Query("q"), []).shape == (0,)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Freshness("on", 0), "half_life_days"),
        (lambda: Freshness("", 3), "field"),
        (lambda: Freshness("on", 3, missing=2), "missing"),
        (lambda: Freshness("on", 3, today="2026-11-21"), "today"),
        (lambda: Authority("cited", "cubic"), "log, linear"),
        (lambda: Authority("cited", spread=0), "spread"),
        (lambda: Authority.of("cited", [Document("a", "x")]), "no document has a number"),
        (lambda: History("category"), "list"),
        (lambda: History(()), "list"),
        (lambda: History(("a",)).of({"a": "soup"}), "must be a list"),
    ],
)
def test_a_wrong_signal_is_one_clear_error(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_an_unknown_signal_is_named_in_the_error():
    with pytest.raises(PolicyError, match="freshness"):
        signal_from_json({"kind": "freshnes"})


# --- the blend


def world(seed, strength=0.0, queries=150):
    """W2, with a signal whose mean is ``strength`` higher for relevant pairs and one that says nothing."""
    drawn = worlds.clustered(queries, seed)
    rng = np.random.default_rng([seed, 5])
    signals = rng.standard_normal((drawn.scores.size, 2))
    signals[:, 0] += strength * drawn.labels
    return Labelled.of(drawn.scores, drawn.labels, drawn.groups), signals


def test_signals_that_carry_information_are_used():
    found = [SignalBlend.fit(*world(seed, 1.0), NAMES) for seed in range(8)]
    assert all(f.enabled and not f.forced for f in found)
    # A normal signal moved by d has the log-likelihood ratio d * x.
    assert np.mean([f.weights[0] for f in found]) == pytest.approx(1.0, abs=0.15)
    helps, idle = found[0].ablation
    assert helps.without.low > 0 and helps.adjusted_p < 0.01 and idle.without.low <= 0 and idle.adjusted_p > 0.05


def test_signals_that_say_nothing_stay_off():
    found = [SignalBlend.fit(*world(seed), NAMES) for seed in range(20)]
    assert sum(f.enabled for f in found) <= 2
    off = next(f for f in found if not f.enabled)
    assert "chance" in off.reason


def test_a_blend_can_be_forced_and_says_so():
    found = SignalBlend.fit(*world(0), NAMES, force=True)
    assert found.enabled and found.forced and found.reason.startswith("used because it was asked for")
    assert SignalBlend.from_json(found.as_json()).forced


def test_few_queries_show_nothing():
    found = SignalBlend.fit(*world(0, 4.0, queries=LEAST_QUERIES - 1), NAMES)
    assert not found.enabled and "queries" in found.reason


def test_a_signal_against_relevance_gets_weight_0():
    data, signals = world(1, -2.0)
    found = SignalBlend.fit(data, signals, NAMES)
    assert found.weights[0] == 0.0 and not found.enabled


def test_the_blend_is_that_of_scikit_learn_where_no_weight_is_bounded():
    linear = pytest.importorskip("sklearn.linear_model")
    data, signals = world(2, 1.0)
    signals[:, 1] += 0.3 * data.labels
    found = SignalBlend.fit(data, signals, NAMES, ridge=0)
    design = np.column_stack([data.scores, signals])
    model = linear.LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(design, data.labels)
    assert [found.slope, *found.weights] == pytest.approx(model.coef_[0], abs=1e-5)
    assert found.logits(data.scores, signals) == pytest.approx(model.decision_function(design), abs=1e-4)


def test_the_gain_holds_on_new_queries():
    found = SignalBlend.fit(*world(3, 1.0, queries=600), NAMES)
    data, signals = world(4, 1.0, queries=600)
    plain = SignalBlend.fit(*world(3, -1.0, queries=600), NAMES)  # no signal has a weight: the calibrated score

    def loss(blend):
        z = blend.logits(data.scores, signals)
        return np.mean(np.logaddexp(0, z) - data.labels * z)

    assert loss(plain) - loss(found) == pytest.approx(found.gain.difference, abs=0.015)


@settings(max_examples=30)
@given(st.floats(-5, 5), st.floats(-3, 3), st.floats(0, 3), st.integers(0, 2))
def test_more_of_anything_never_lowers_a_candidate(score, signal, more, which):
    row = np.array([score, signal, signal])
    higher = row + more * (np.arange(3) == which)
    assert BLEND.logits(higher[:1], higher[None, 1:]) >= BLEND.logits(row[:1], row[None, 1:])


BLEND = SignalBlend.fit(*world(5, 1.0), NAMES)


def test_json_keeps_every_bit_and_the_same_data_give_the_same_blend():
    text = canonical(BLEND.as_json())
    again = SignalBlend.from_json(json.loads(text))
    assert again == BLEND == SignalBlend.fit(*world(5, 1.0), NAMES)
    assert canonical(again.as_json()) == text and again.digest == BLEND.digest


def test_lists_are_accepted():
    data, signals = world(6, 1.0)
    assert SignalBlend.fit(data, signals.tolist(), NAMES) == SignalBlend.fit(data, signals, NAMES)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d, s: (Labelled.of(d.scores, d.labels, np.zeros(len(d), int)), s, NAMES), "1 query"),
        (lambda d, s: (Labelled.of(d.scores, np.ones(len(d)), d.groups), s, NAMES), "all .* labels are relevant"),
        (lambda d, s: (d, s[1:], NAMES), "one row a pair"),
        (lambda d, s: (d, s, ["one"]), r"\(1500, 1\)"),
        (lambda d, s: (d, s, ["same", "same"]), "must differ"),
        (lambda d, s: (d, np.where(s == s[3, 1], np.nan, s), NAMES), "nan of 'idle' at position 3"),
        (lambda d, s: (d, s[:, :0], []), "at least one"),
    ],
)
def test_wrong_data_is_one_clear_error(change, says):
    with pytest.raises(InputError, match=says):
        SignalBlend.fit(*change(*world(0)))


# --- the stage

SIGNALS_USED = (KeywordMatch(), Freshness("on", 30.0, today=TODAY))


def blend(**changes):
    made = {
        **SignalBlend.fit(*world(5, 1.0), [s.label for s in SIGNALS_USED]).as_json(),
        "weights": [2.0, 1.0],
        "slope": 1.5,
        "intercept": -1.0,
    }
    return SignalBlend.from_json({**made, **changes})


def ranked():
    texts = {"a": "a hat", "b": "a drum sieve", "c": "rain"}
    items = tuple(Candidate(Document(i, t, fields={"on": "2026-10-22"}), 0.0) for i, t in texts.items())
    return Ranking(Query("drum sieve"), items).rescored("mini", [1.0, 0.5, -2.0], fingerprint="mini:1")


def test_the_stage_reorders_under_a_name_of_its_own_and_keeps_what_was_said():
    stage = Blended(blend(), SIGNALS_USED)
    assert isinstance(stage, Stage)
    empty = Ranking(Query("q"))
    found, nothing = stage([ranked(), empty])
    assert nothing == empty and [c.doc.id for c in found] == ["b", "a", "c"]
    expected = 1.5 * np.array([0.5, 1.0, -2.0]) + 2 * np.array([1.0, 0.0, 0.0]) + 0.5 - 1
    assert [c.scores["mini+signals"] for c in found] == pytest.approx(expected) == found.scores
    assert [c.scores["mini"] for c in found] == [0.5, 1.0, -2.0]
    assert [c.probability for c in found] == pytest.approx(sigmoid(expected))
    assert found.fingerprints["mini"] == "mini:1" and found.fingerprints["mini+signals"].endswith("(mini:1)")


def test_a_blend_that_is_not_enabled_leaves_rankings_as_they_are():
    given_rankings = [ranked()]
    assert Blended(blend(enabled=False), SIGNALS_USED)(given_rankings) == given_rankings


def test_a_blend_for_another_scorer_or_stage_is_refused():
    bound = blend().made_for("mini", "mini:1")
    assert len(Blended(bound, SIGNALS_USED)([ranked()])) == 1
    with pytest.raises(PolicyMismatch, match="'mini:2'"):
        Blended(blend().made_for("mini", "mini:2"), SIGNALS_USED)([ranked()])
    with pytest.raises(InputError, match="no score by 'big'"):
        Blended(blend().made_for("big"), SIGNALS_USED)([ranked()])
    assert bound.digest != blend().digest


def test_other_signals_than_those_learned_on_are_refused():
    with pytest.raises(InputError, match="same order"):
        Blended(blend(), SIGNALS_USED[::-1])
    with pytest.raises(InputError, match=r"30\.0 days"):
        Blended(blend(), (KeywordMatch(), Freshness("on", 60)))


def test_the_latest_stage_is_the_one_whose_scores_stand():
    again = ranked().rescored("second", [3.0, 2.0, 1.0]).calibrated([0.9, 0.5, 0.1])
    assert latest_stage(again) == "second" and latest_stage(ranked()) == "mini"
    assert latest_stage(Ranking(Query("q"), (candidate(),))) == "score"


def test_values_of_many_rankings_are_one_table():
    table = signal_values(SIGNALS_USED, [ranked(), Ranking(Query("q")), ranked()])
    assert table.shape == (6, 2) and table[0].tolist() == [0.0, 0.5] and table[1].tolist() == [1.0, 0.5]
    assert signal_values(SIGNALS_USED, []).shape == (0, 2)
