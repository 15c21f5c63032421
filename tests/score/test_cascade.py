"""Cascade: that it errs no more often than stated, whatever the cheap scorer, and asks no more than it must."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.core import Candidate, Document, Query, Ranking
from tamis.errors import InputError, ModelError
from tamis.pipeline import Rerank
from tamis.score import Cascade, RankFusion, load_scorer
from tamis.score.cascade import ROUND, least_margin

from .tables import Hashed, world

DOCUMENTS = 24


def good(rng, queries):
    truth = rng.normal(size=(queries, DOCUMENTS))
    return truth + 0.3 * rng.normal(size=truth.shape), 5 * truth - 2


def uneven(rng, queries):
    """Some queries are much harder than others, and errors have heavy tails."""
    truth = rng.normal(size=(queries, DOCUMENTS))
    return truth + rng.exponential(0.5, (queries, 1)) * rng.standard_t(2, truth.shape), truth**3


def tied(rng, queries):
    truth = rng.normal(size=(queries, DOCUMENTS))
    return np.round(truth + 0.5 * rng.normal(size=truth.shape)), np.round(2 * truth)


def useless(rng, queries):
    return rng.normal(size=(queries, DOCUMENTS)), rng.normal(size=(queries, DOCUMENTS))


def reversed_(rng, queries):
    truth = rng.normal(size=(queries, DOCUMENTS))
    return -truth, truth


def constant(rng, queries):
    return np.zeros((queries, DOCUMENTS)), rng.normal(size=(queries, DOCUMENTS))


WORLDS = [good, uneven, tied, useless, reversed_, constant]


def contained(scores, expensive, k):
    """Whether the k best scores are those of the k best by the expensive scorer."""
    return np.array_equal(np.sort(expensive[np.argsort(-scores, kind="stable")[:k]]), np.sort(expensive)[-k:])


@pytest.mark.parametrize("drawn", WORLDS)
@pytest.mark.parametrize(("error", "known"), [(0.2, 9), (0.1, 40)])
def test_it_errs_no_more_often_than_stated(drawn, error, known):
    worlds, asked, k = 100, 6, 5
    right = []
    for seed in range(worlds):
        cheap_scores, expensive_scores = drawn(np.random.default_rng([seed, known]), known + asked)
        cheap, expensive, lists = world(cheap_scores, expensive_scores)
        cascade = Cascade(cheap, expensive, k=k, error=error).fit([pair for row in lists[:known] for pair in row])
        scores = cascade.score([pair for row in lists[known:] for pair in row]).reshape(asked, -1)
        right += [contained(s, e, k) for s, e in zip(scores, expensive_scores[known:], strict=True)]
    # Queries of one world share its margin, so they are not independent: spread is counted over worlds.
    by_world = np.mean(np.reshape(right, (worlds, asked)), axis=1)
    assert by_world.mean() >= 1 - error - 3 * by_world.std() / np.sqrt(worlds)


ROWS = st.lists(st.tuples(st.integers(-8, 8).map(float), st.floats(-8, 8, width=16)), min_size=1, max_size=60)


@settings(max_examples=200)
@given(ROWS, st.integers(1, 6), st.floats(0, 3), st.floats(-4, 4))
def test_a_margin_of_at_least_the_least_one_misses_none(rows, k, more, other):
    rows = sorted(rows, reverse=True)
    mapped, expensive = (np.array(column) for column in zip(*rows, strict=True))
    cascade = Cascade(Hashed("a"), Hashed("b"), k=k)
    least = least_margin(mapped, expensive, k)
    cascade.margin = least + more
    depth = cascade._depth(mapped, expensive)
    assert np.array_equal(np.sort(expensive[:depth])[-k:], np.sort(expensive)[-k:])
    # Rounds only ever grow with the margin.
    cascade.margin = other
    shallow, cascade.margin = cascade._depth(mapped, expensive), other + more
    assert cascade._depth(mapped, expensive) >= shallow


def test_a_good_cheap_scorer_saves_most_of_the_work():
    cheap, expensive, lists = world(*good(np.random.default_rng(0), 200))
    cascade = Cascade(cheap, expensive, k=3).fit([pair for row in lists[:100] for pair in row])
    assert cascade.share < 0.6
    expensive.calls.clear()
    cascade.score([pair for row in lists[100:] for pair in row])
    assert sum(expensive.calls) / (100 * DOCUMENTS) == pytest.approx(cascade.share, abs=0.1)
    assert len(expensive.calls) <= 3 + DOCUMENTS // ROUND, "all queries go through the rounds together"


@pytest.mark.parametrize("drawn", [useless, reversed_, constant])
def test_with_a_worthless_cheap_scorer_nearly_everything_is_scored(drawn):
    cheap, expensive, lists = world(*drawn(np.random.default_rng(0), 200))
    cascade = Cascade(cheap, expensive, k=3).fit([pair for row in lists for pair in row])
    assert cascade.share > 0.9


def test_the_same_scorer_twice_needs_no_more_than_the_top():
    cheap, _, lists = world(*good(np.random.default_rng(0), 40))
    cascade = Cascade(cheap, cheap, k=5).fit([pair for row in lists for pair in row])
    assert cascade.margin == -np.inf
    assert cascade.share == 5 / DOCUMENTS


@pytest.fixture
def fitted():
    cheap, expensive, lists = world(*good(np.random.default_rng(1), 60))
    return Cascade(cheap, expensive, k=4).fit([pair for row in lists[:50] for pair in row]), lists[50:]


def test_scores_are_the_expensive_ones_and_the_rest_stands_below_in_its_order(fitted):
    cascade, lists = fitted
    for row in lists:
        scores, notes = cascade.score_with_notes(row)
        np.testing.assert_array_equal(scores, cascade.score(row))
        by = np.array([note["scored_by"] for note in notes])
        sent = by == "second"
        assert sent.sum() >= 4
        assert set(by) <= {"first", "second"}
        np.testing.assert_array_equal(scores[sent], cascade.expensive.score(row)[sent])
        if not sent.all():
            assert scores[~sent].max() < scores[sent].min()
            cheap = cascade.cheap.score(row)[~sent]
            np.testing.assert_array_equal(np.argsort(-scores[~sent], kind="stable"), np.argsort(-cheap, kind="stable"))


def test_rerank_scores_once_and_says_who_scored(fitted):
    cascade, lists = fitted
    rankings = [Ranking(row[0][0], tuple(Candidate(d, 0.0) for _, d in row)) for row in lists]
    cascade.cheap.calls.clear()
    found = Rerank(cascade)(rankings)
    assert sum(cascade.cheap.calls) == len(lists) * DOCUMENTS
    assert all(c.notes["scored_by"] == "second" for ranking in found for c in ranking[:4])
    assert any(c.notes["scored_by"] == "first" for ranking in found for c in ranking)


def test_few_candidates_are_all_scored(fitted):
    cascade, lists = fitted
    np.testing.assert_array_equal(cascade.score(lists[0][:3]), cascade.expensive.score(lists[0][:3]))
    assert {note["scored_by"] for note in cascade.notes(lists[0][:4])} == {"second"}


def test_the_order_of_calibration_pairs_does_not_matter():
    cheap, expensive, lists = world(*tied(np.random.default_rng(1), 60))
    pairs = [pair for row in lists for pair in row]
    order = np.random.default_rng(0).permutation(len(pairs))
    fits = [Cascade(cheap, expensive, k=3).fit(given) for given in (pairs, [pairs[i] for i in order])]
    assert fits[0].margin == pytest.approx(fits[1].margin, abs=1e-9)
    assert fits[0].share == fits[1].share


def test_how_many_queries_are_missing_is_told():
    cheap, expensive, lists = world(*good(np.random.default_rng(0), 24))
    pairs = [pair for row in lists for pair in row]
    with pytest.raises(InputError, match=r"error of 0.05 needs at least 24 .* got 23: 1 are missing"):
        Cascade(cheap, expensive).fit(pairs[:-DOCUMENTS])
    assert Cascade(cheap, expensive).fit(pairs).queries == 19
    with pytest.raises(InputError, match=r"error of 0.01 needs at least 104 .* 80 are missing"):
        Cascade(cheap, expensive, error=0.01).fit(pairs)
    with pytest.raises(InputError, match="24 are missing"):
        Cascade(cheap, expensive).fit([])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda a, b: Cascade(a, b, k=0), "k must be at least 1"),
        (lambda a, b: Cascade(a, b, error=0), "between 0 and 1"),
        (lambda a, b: Cascade(a, b, error=1.0), "between 0 and 1"),
        (lambda a, b: Cascade(a, b, error=float("nan")), "between 0 and 1"),
        (lambda a, b: Cascade(a, b, specs=["one"]), "expected 2 specs"),
        (lambda a, b: Cascade(a, RankFusion([b])), "cannot be asked for a few"),
        (lambda a, b: Cascade(a, b).score([(Query("q"), Document("a", "x"))]), "call fit"),
        (lambda a, b: Cascade(a, b).save("nowhere"), "call fit"),
    ],
)
def test_wrong_use_is_told(make, says):
    with pytest.raises(InputError, match=says):
        make(Hashed("a"), Hashed("b"))


def test_bad_scores_and_short_lists_are_told():
    cheap, expensive, lists = world(*good(np.random.default_rng(0), 40))
    pairs = [pair for row in lists for pair in row]
    with pytest.raises(InputError, match="more than 24 candidates: nothing can be saved"):
        Cascade(cheap, expensive, k=24).fit(pairs)
    cascade = Cascade(cheap, expensive).fit(pairs)
    expensive.scores = dict.fromkeys(expensive.scores, float("nan"))
    with pytest.raises(InputError, match=r"'second'.*not finite"):
        cascade.score(pairs)
    with pytest.raises(InputError, match=r"'second'.*not finite"):
        Cascade(cheap, expensive).fit(pairs)


CALIBRATION = [(Query(f"question {q}"), Document(f"{q}-{d}", f"answer {d} of {q}")) for q in range(9) for d in range(6)]


def test_it_is_read_as_it_was_written(tmp_path):
    cascade = Cascade(load_scorer("e5-small"), load_scorer("tamis-mini"), k=2, error=0.2, name="quick").fit(CALIBRATION)
    cascade.save(tmp_path / "kept")
    again = Cascade.load(tmp_path / "kept", load_scorer)
    assert (again.name, again.fingerprint, again.share) == ("quick", cascade.fingerprint, cascade.share)
    np.testing.assert_array_equal(again.score(CALIBRATION), cascade.score(CALIBRATION))
    again.save(tmp_path / "again")
    assert (tmp_path / "again/config.json").read_bytes() == (tmp_path / "kept/config.json").read_bytes()


def test_a_margin_without_bound_is_read_again(tmp_path):
    mini = load_scorer("tamis-mini")
    cascade = Cascade(mini, mini, k=2, error=0.2).fit(CALIBRATION)
    assert cascade.margin == -np.inf
    cascade.save(tmp_path)
    assert Cascade.load(tmp_path, load_scorer).margin == -np.inf


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"architecture": "ensemble"}, "expected architecture 'cascade'"),
        ({"fingerprints": ["x", "y"]}, "put back the model"),
        ({"members": ["e5-small"], "fingerprints": []}, "lists of one length"),
        ({"error": 2}, "no cascade folder.*between 0 and 1"),
        ({"k": None}, "no cascade folder"),
        ({"slope": -1}, "'slope' must be above 0"),
    ],
)
def test_a_spoilt_folder_is_refused(tmp_path, change, says):
    Cascade(load_scorer("e5-small"), load_scorer("tamis-mini"), k=2, error=0.2).fit(CALIBRATION).save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}), "utf-8")
    with pytest.raises(ModelError, match=says):
        Cascade.load(tmp_path, load_scorer)
