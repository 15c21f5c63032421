from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis import Candidate, Document, Query, Ranking
from tamis.errors import InputError
from tamis.recall import RRF, Fusion, Weighted, reciprocal_rank_fusion, weighted_fusion

QUERY = Query("q")


@st.composite
def rankings(draw) -> list[Ranking]:
    made = []
    for stage in range(draw(st.integers(1, 3))):
        found = draw(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-50, 50), max_size=8))
        items = [Candidate(Document(name, name), float(s), {f"s{stage}": float(s)}) for name, s in found.items()]
        items.sort(key=lambda candidate: (-candidate.score, candidate.doc.id))
        made.append(Ranking(QUERY, tuple(items)))
    return made


@given(rankings(), st.integers(0, 100))
def test_rrf_is_its_formula(given_rankings, k):
    fused = reciprocal_rank_fusion(given_rankings, k=k)
    expected: dict[str, float] = {}
    for ranking in given_rankings:
        for rank, candidate in enumerate(ranking, start=1):
            expected[candidate.doc.id] = expected.get(candidate.doc.id, 0) + 1 / (k + rank)
    assert {c.doc.id: c.score for c in fused} == pytest.approx(expected, abs=1e-12)
    keys = [(-c.score, c.doc.id) for c in fused]
    assert keys == sorted(keys)


@given(rankings())
def test_fusion_keeps_what_the_stages_said(given_rankings):
    for candidate in reciprocal_rank_fusion(given_rankings):
        for ranking in given_rankings:
            for found in ranking:
                if found.doc.id == candidate.doc.id:
                    assert found.scores.items() <= candidate.scores.items()


@given(rankings(), st.randoms())
def test_rrf_does_not_depend_on_the_order_of_the_rankings(given_rankings, random):
    shuffled = list(given_rankings)
    random.shuffle(shuffled)
    one, two = reciprocal_rank_fusion(given_rankings), reciprocal_rank_fusion(shuffled)
    assert {c.doc.id: c.score for c in one} == pytest.approx({c.doc.id: c.score for c in two}, abs=1e-12)


@given(rankings(), st.floats(0.1, 100), st.integers(-1000, 1000))
def test_weighted_fusion_ignores_unit_and_zero_of_a_stage(given_rankings, unit, zero):
    weights = [1.0, 0.5, 0.25][: len(given_rankings)]
    moved = [
        Ranking(QUERY, tuple(Candidate(c.doc, c.score * unit + zero) for c in ranking)) for ranking in given_rankings
    ]
    one, two = weighted_fusion(given_rankings, weights), weighted_fusion(moved, weights)
    assert {c.doc.id: c.score for c in one} == pytest.approx({c.doc.id: c.score for c in two}, abs=1e-9)


scores = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20).map(np.array)


@given(scores, st.sampled_from([RRF(), RRF(k=0), Weighted(), Weighted(dense=1.0)]))
def test_one_stage_keeps_its_order(values, fusion):
    fused = fusion.fuse(QUERY, {"dense": values})
    order = np.argsort(-values, kind="stable")
    assert (np.diff(fused[order]) <= 0).all()


@pytest.mark.parametrize("fusion", [RRF(), Weighted()])
def test_conformance(fusion):
    assert isinstance(fusion, Fusion)
    stages = {"bm25": np.array([3.0, np.nan, 0.0]), "dense": np.array([0.8, 0.9, np.nan])}
    before = {name: values.copy() for name, values in stages.items()}
    fused = fusion.fuse(QUERY, stages)
    assert fused.shape == (3,) and fused.dtype == np.float64 and np.isfinite(fused).all()
    np.testing.assert_array_equal(fused, fusion.fuse(QUERY, dict(reversed(stages.items()))))
    for name, values in before.items():
        np.testing.assert_array_equal(stages[name], values)
    assert fusion.fuse(QUERY, {"bm25": np.zeros(0), "dense": np.zeros(0)}).shape == (0,)


def test_all_equal_scores_say_nothing_unless_some_are_missing():
    assert Weighted(dense=0).fuse(QUERY, {"bm25": np.array([2.0, 2.0])}).tolist() == [0, 0]
    assert Weighted(dense=0).fuse(QUERY, {"bm25": np.array([2.0, np.nan])}).tolist() == [1, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Weighted(dense=1.5),
        lambda: Weighted(dense=float("nan")),
        lambda: RRF(k=-1),
        lambda: RRF(k=float("nan")),
        lambda: reciprocal_rank_fusion([]),
        lambda: reciprocal_rank_fusion([Ranking(Query("a")), Ranking(Query("b"))]),
        lambda: weighted_fusion([Ranking(QUERY)], [1.0, 2.0]),
        lambda: weighted_fusion([Ranking(QUERY)], [-1.0]),
        lambda: Weighted().fuse(QUERY, {"other": np.zeros(1)}),
        lambda: RRF().fuse(QUERY, {}),
    ],
)
def test_wrong_use_is_an_input_error(wrong):
    with pytest.raises(InputError):
        wrong()
