"""Team draft: every document once, none lost, both sides equal; the sign test and its always-valid kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tamis.core import Candidate, Document, Query, Ranking
from tamis.errors import InputError
from tamis.observe.abtest import Interleaving, credit, interleave

IDS = st.lists(st.sampled_from("abcdefghij"), unique=True)


@settings(max_examples=100)
@given(first=IDS, second=IDS, k=st.integers(1, 12), request_id=st.text("0123456789abcdef", min_size=1))
def test_each_document_once_none_lost_and_each_side_in_its_order(first, second, k, request_id):
    found = interleave(first, second, k, request=request_id)
    assert len(set(found.documents)) == len(found.documents) == min(k, len({*first, *second}))
    assert tuple(found.teams) == found.documents
    assert found == interleave(first, second, k, request=request_id)
    counts = [list(found.teams.values()).count(team) for team in ("a", "b")]
    assert abs(counts[0] - counts[1]) <= 1
    for team, ranking in (("a", first), ("b", second)):
        # A side puts there its best that is not taken: what it has above its last choice is all shown.
        own = [d for d in found.documents if found.teams[d] == team]
        assert own == sorted(own, key=ranking.index)
        assert not own or set(ranking[: ranking.index(own[-1])]) <= set(found.documents)


def test_both_best_documents_come_first_equally_often():
    first = [interleave("xyz", "yzx", 3, request=f"r{n}").documents[0] for n in range(4000)]
    assert stats.binomtest(first.count("x"), 4000).pvalue > 0.001
    assert set(first) == {"x", "y"}


def test_rankings_are_taken_as_they_are():
    ranking = Ranking(Query("q"), tuple(Candidate(Document(name, name), 1.0) for name in "ab"))
    assert interleave(ranking, "ba", 2, request="r") == interleave("ab", "ba", 2, request="r")


def test_equal_rankings_get_no_preference():
    rng = np.random.default_rng(3)
    credits = []
    for n in range(4000):
        found = interleave("abcdef", "abcdef", 6, request=f"r{n}")
        credits.append(
            credit(found.teams, [d for d, p in zip("abcdef", 0.5 ** np.arange(6), strict=True) if rng.random() < p])
        )
    assert Interleaving.of(credits).p_value > 0.01


def test_a_longer_list_gains_nothing_by_its_length():
    found = interleave("ab", "abcdefgh", 8, request="r")
    assert [found.teams[d] for d in "cdefgh"].count("") >= 5
    assert credit(found.teams, "efgh") == (0, 0)


@given(wins=st.integers(0, 300), losses=st.integers(0, 300))
def test_the_sign_test_is_scipys(wins, losses):
    found = Interleaving(wins, 5, losses)
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert found.p_value == pytest.approx(expected, abs=1e-12)
    if wins + losses:
        interval = stats.binomtest(wins, wins + losses).proportion_ci()
        assert found.interval() == pytest.approx((interval.low, interval.high), abs=1e-9)
        ratio = stats.betabinom(wins + losses, 50, 50).pmf(wins) / stats.binom(wins + losses, 0.5).pmf(wins)
        assert found.always_p == pytest.approx(min(1.0, 1 / ratio), rel=1e-6)


def test_looked_at_after_every_session_it_is_wrong_no_more_often_than_its_level():
    wrong = {"always": 0, "one look": 0}
    for run in range(200):
        wins = np.random.default_rng([run, 13]).integers(0, 2, 500).cumsum()
        looks = [Interleaving(int(w), 0, n - int(w)) for n, w in enumerate(wins, 1) if n % 10 == 0]
        wrong["always"] += any(look.always_p <= 0.05 for look in looks)
        wrong["one look"] += any(look.p_value <= 0.05 for look in looks)
    assert wrong["always"] <= 0.05 * 200
    assert wrong["one look"] > 0.15 * 200


def test_counts_add_up_and_go_into_json():
    both = Interleaving(2, 1, 0) + Interleaving(0, 1, 1)
    assert both == Interleaving(2, 2, 1)
    assert both.as_json()["preference"] == pytest.approx(0.6)
    assert Interleaving().preference == 0.5
    assert Interleaving().interval() == (0.0, 1.0)


def test_what_cannot_be_interleaved_is_refused():
    with pytest.raises(InputError, match="'a' stands twice"):
        interleave("aba", "b", 2, request="r")
    with pytest.raises(InputError, match="at least 1"):
        interleave("a", "b", 0, request="r")
    with pytest.raises(InputError, match="id of its request"):
        interleave("a", "b", 1, request="")
