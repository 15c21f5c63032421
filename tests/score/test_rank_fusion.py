"""RankFusion: its formula, ties, and that the order of the input never matters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from tamis.core import Document, Query
from tamis.errors import InputError
from tamis.score import RankFusion
from tamis.score.rank_fusion import mean_ranks

from .tables import Hashed, Table

NUMBERS = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)


@given(NUMBERS)
def test_ranks_are_those_of_scipy(scores):
    np.testing.assert_array_equal(mean_ranks(np.array(scores)), rankdata([-s for s in scores], "average"))


@st.composite
def calls(draw):
    """Two tables of small whole scores, so that there are ties, and their pairs in any order, some twice."""
    pairs = [(Query("q", id=q), Document(d, "x")) for q in "pqr" for d in "abcde"[: draw(st.integers(1, 5))]]
    score = st.integers(0, 3).map(float)
    tables = [Table(name, {(q.id, d.id): draw(score) for q, d in pairs}) for name in ("one", "two")]
    return tables, pairs, draw(st.permutations(pairs + draw(st.lists(st.sampled_from(pairs), max_size=3))))


@given(calls())
def test_the_formula_whatever_the_order(call):
    tables, pairs, given_pairs = call
    scores = RankFusion(tables, weights=[2, 1], k=10).score(given_pairs)
    for (query, document), score in zip(given_pairs, scores, strict=True):
        peers = [d for q, d in pairs if q == query]
        expected = 0.0
        for weight, table in zip((2 / 3, 1 / 3), tables, strict=True):
            values = [table.scores[query.id, d.id] for d in peers]
            at = [d.id for d in peers].index(document.id)
            expected += weight / (10 + rankdata([-v for v in values], "average")[at])
        assert score == pytest.approx(expected, abs=1e-12)


def test_the_best_of_all_gets_the_most():
    pairs = [(Query("q"), Document(str(d), f"text {d}")) for d in range(9)]
    scores = RankFusion([Hashed("a")]).score(pairs)
    assert scores.max() == 1 / 61
    assert scores.argmax() == Hashed("a").score(pairs).argmax()


def test_wrong_use_is_told():
    with pytest.raises(InputError, match="no members"):
        RankFusion([])
    with pytest.raises(InputError, match="k of at least 0"):
        RankFusion([Hashed("a")], k=-1)
    with pytest.raises(InputError, match="expected 1 weights"):
        RankFusion([Hashed("a")], weights=[1, 1])
    with pytest.raises(InputError, match="not finite"):
        RankFusion([Table("bad", {("", "a"): np.inf})]).score([(Query("q"), Document("a", "x"))])
