"""The check set and the measures of an export: what they say of equal, shifted and shuffled scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.score.export.check import PAIRS, parity, rank_correlation


class Fixed:
    """A scorer of given scores."""

    name = fingerprint = "fixed"

    def __init__(self, scores):
        self.scores = np.asarray(scores, dtype=np.float64)

    def score(self, pairs):
        assert len(pairs) == len(self.scores)
        return self.scores


few = st.lists(st.integers(-9, 9).map(float), min_size=2, max_size=40)


def plain_spearman(left, right):
    """Pearson's correlation of mean ranks, counted one by one."""
    ranks = [[sum(o < v for o in side) + sum(o == v for o in side) / 2 for v in side] for side in (left, right)]
    return np.corrcoef(ranks)[0, 1]


@settings(max_examples=100)
@given(few, st.randoms())
def test_rank_correlation_is_spearmans(values, random):
    other = random.sample(values, len(values))
    if len(set(values)) > 1:
        found = rank_correlation(np.array(values), np.array(other))
        assert found == pytest.approx(plain_spearman(values, other), abs=1e-9)
        assert -1 <= found <= 1


@settings(max_examples=60)
@given(few)
def test_what_keeps_the_order_correlates_fully(values):
    scores = np.array(values)
    assert rank_correlation(scores, np.exp(scores / 3) + 7) == 1
    if len(set(values)) > 1:
        assert rank_correlation(scores, -scores) == -1


def test_constant_scores_agree_with_each_other_only():
    constant, rising = np.zeros(5), np.arange(5.0)
    assert rank_correlation(constant, constant + 1) == 1
    assert rank_correlation(constant, rising) == rank_correlation(rising, constant) == 0


def test_parity_measures_logits_and_order():
    scores = np.random.default_rng(0).normal(size=len(PAIRS))
    same = parity(Fixed(scores), Fixed(scores))
    assert (same.pairs, same.largest_difference, same.rank_correlation) == (len(PAIRS), 0, 1)
    assert same.spread == pytest.approx(scores.std())
    one_off = scores.copy()
    one_off[17] += 0.5
    moved = parity(Fixed(scores), Fixed(one_off))
    assert moved.largest_difference == pytest.approx(0.5)
    assert moved.rank_correlation < 1


def test_the_check_set_is_many_distinct_pairs_in_two_scripts():
    texts = {(query.text, document.text) for query, document in PAIRS}
    assert len(texts) == len(PAIRS) >= 100
    chinese = [any("一" <= letter <= "鿿" for letter in text) for pair in texts for text in pair]
    assert 0.3 < np.mean(chinese) < 0.7
