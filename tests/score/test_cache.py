"""Cached: what it spares, what it holds, and that it is taken for no more and no less than the scorer inside."""

import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.core import Candidate, Document, Query, Ranking
from tamis.errors import InputError
from tamis.pipeline import Rerank
from tamis.score import Cached, Passages, ScoringWithNotes, Weighing, load_scorer
from tamis.score.notes import Noting

from .tables import Hashed, Table

PAIRS = [(Query(f"q{q}"), Document(str(d), f"text {d}")) for q in range(3) for d in range(4)]
TEXT = st.sampled_from(["", "a", "b", "ab", "a\nb", "\ud800", "1"])


def test_only_what_is_new_is_scored_and_only_once():
    inner = Hashed("a")
    cached = Cached(inner)
    expected = inner.score(PAIRS)
    inner.calls.clear()
    np.testing.assert_array_equal(cached.score(PAIRS[:5] + PAIRS[:5]), np.tile(expected[:5], 2))
    np.testing.assert_array_equal(cached.score(PAIRS), expected)
    np.testing.assert_array_equal(cached.score(PAIRS[::-1]), expected[::-1])
    assert inner.calls == [5, 7]
    assert (cached.hits, cached.misses, len(cached)) == (5 + 5 + 12, 12, 12)


PAIR = st.tuples(
    st.builds(Query, text=TEXT, instruction=TEXT, history=st.lists(TEXT, max_size=2).map(tuple)),
    st.builds(Document, id=st.just("d"), text=TEXT, title=TEXT),
)


@given(st.lists(PAIR, max_size=40))
def test_pairs_share_a_key_only_where_a_scorer_reads_the_same(pairs):
    read = [(q.text, q.instruction, q.history, d.title, d.text) for q, d in pairs]
    keys = Cached(Hashed("a"))._keys(pairs, {})
    assert len(set(keys)) == len(set(read))


@given(st.lists(st.lists(st.integers(0, 11), max_size=8), max_size=8), st.integers(1, 12))
def test_it_holds_the_last_used_and_gives_the_inner_scores(calls, entries):
    inner = Hashed("a")
    cached, recent = Cached(inner, entries=entries), list[int]()
    for call in calls:
        np.testing.assert_array_equal(cached.score([PAIRS[at] for at in call]), inner.score([PAIRS[at] for at in call]))
        recent = [at for at in recent if at not in call]
        before = len(recent)
        recent += [at for at in dict.fromkeys(call)]
        assert len(cached) == min(entries, before + len(set(call))) or len(cached) <= entries
    assert len(cached) <= entries


def test_what_was_not_asked_for_the_longest_is_forgotten():
    inner = Hashed("a")
    cached = Cached(inner, entries=2)
    for at in (0, 1, 0, 2, 0, 1):
        cached.score([PAIRS[at]])
    assert (cached.hits, cached.misses) == (2, 4)


def test_more_pairs_than_entries_in_one_call():
    cached = Cached(Hashed("a"), entries=2)
    np.testing.assert_array_equal(cached.score(PAIRS), Hashed("a").score(PAIRS))
    assert len(cached) == 2


def test_another_fingerprint_is_another_score():
    inner = Table("a", {(q.id, d.id): 1.0 for q, d in PAIRS})
    cached = Cached(inner)
    cached.score(PAIRS)
    inner.scores, inner.fingerprint = dict.fromkeys(inner.scores, 2.0), "a:new"
    assert set(cached.score(PAIRS)) == {2.0}


def test_it_offers_what_the_inner_scorer_offers_and_no_more():
    made = [Hashed("a"), load_scorer("e5-small"), load_scorer("tamis-blend"), Passages(load_scorer("e5-small"))]
    for inner in made:
        cached = Cached(inner)
        assert (cached.name, cached.fingerprint) == (inner.name, inner.fingerprint)
        for protocol in (Noting, ScoringWithNotes, Weighing):
            assert isinstance(cached, protocol) == isinstance(inner, protocol)


def test_bm25_is_weighed_in_and_remembered():
    blend = load_scorer("tamis-blend")
    cached, told = Cached(blend), {"bm25": np.arange(12.0)}
    expected = blend.score_with_evidence(PAIRS, told)
    np.testing.assert_array_equal(cached.score_with_evidence(PAIRS, told), expected)
    np.testing.assert_array_equal(cached.score_with_evidence(PAIRS, told), expected)
    assert (cached.hits, cached.misses) == (12, 12)
    np.testing.assert_array_equal(cached.score(PAIRS), blend.score(PAIRS))
    assert cached.misses == 24, "scores of the texts alone are others"
    cached.score_with_evidence(PAIRS, {})
    assert cached.hits == 12 + 12, "without evidence the score is that of the texts"
    with pytest.raises(InputError, match="one a pair"):
        cached.score_with_evidence(PAIRS, {"bm25": np.zeros(3)})


class Weighs(Hashed):
    """Adds its evidence, and makes its remarks in one pass or alone."""

    evidence = ("bm25", "dense")

    def score_with_evidence(self, pairs, evidence):
        return sum(evidence.values(), self.score(pairs))

    def score_with_notes(self, pairs):
        return self.score(pairs), self.notes(pairs)

    def notes(self, pairs):
        return [{"read": len(document.text)} for _, document in pairs]


def test_other_evidence_is_another_score_and_remarks_do_not_ask_for_the_texts_alone():
    inner, one = Weighs("a"), np.ones(1)
    cached, told = Cached(inner), ({}, {"bm25": one}, {"dense": one}, {"bm25": one, "dense": one}, {"dense": 2 * one})
    for _ in range(2):
        found = [cached.score_with_evidence(PAIRS[:1], evidence)[0] for evidence in told]
        np.testing.assert_allclose(np.diff(found), [1, 0, 1, 0])
    assert (cached.hits, cached.misses) == (5, 5)
    inner.calls.clear()
    carried = Candidate(PAIRS[1][1], 0.0, {"bm25": 3.0})
    (found,) = Rerank(cached)([Ranking(PAIRS[1][0], (carried,))])
    assert found[0].notes == {"read": 6} and inner.calls == [1]


def test_rerank_is_spared_the_second_time():
    cached = Cached(load_scorer("tamis-mini"))
    ranking = Ranking(PAIRS[0][0], tuple(Candidate(d, 0.0) for _, d in PAIRS[:4]))
    first, second = Rerank(cached)([ranking]), Rerank(cached)([ranking])
    assert first == second
    assert (cached.hits, cached.misses) == (4, 4)


def test_remarks_of_scoring_are_remembered_and_no_one_can_change_them():
    inner = Hashed("a")
    cached = Cached(Passages(inner, tokens=8))
    pairs = [(Query("q"), Document("a", "one two three four five. " * 5))]
    scores, notes = cached.score_with_notes(pairs)
    calls = len(inner.calls)
    notes[0]["relevant_spans"].clear()
    again, remembered = cached.score_with_notes(pairs)
    np.testing.assert_array_equal(again, scores)
    assert remembered[0]["passages"] == 5
    assert len(remembered[0]["relevant_spans"]) == 3
    assert cached.notes(pairs) == remembered
    assert len(inner.calls) == calls


def test_eight_threads_count_every_pair_and_give_the_same_scores():
    cached, expected = Cached(Hashed("a"), entries=7), Hashed("a").score(PAIRS)
    with ThreadPoolExecutor(8) as pool:
        for scores in pool.map(lambda at: cached.score(PAIRS[at % 12 :] + PAIRS[: at % 12]), range(200)):
            assert sorted(scores) == sorted(expected)
    assert cached.hits + cached.misses == 200 * 12
    assert len(cached) == 7


def test_wrong_use_is_told():
    with pytest.raises(InputError, match="entries must be at least 1"):
        Cached(Hashed("a"), entries=0)
    with pytest.raises(InputError, match=r"'bad'.*not finite"):
        Cached(Table("bad", {(q.id, d.id): np.nan for q, d in PAIRS})).score(PAIRS)


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="sizes of CPython's objects")
def test_an_entry_takes_what_the_docstring_says():
    many = [(Query("q"), Document(str(d), f"text {d} " + "long " * 50)) for d in range(50_000)]
    cached = Cached(Hashed("a"), entries=len(many))
    cached.score(many[:10])
    tracemalloc.start()
    cached.score(many)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(many) == pytest.approx(240, rel=0.2)
