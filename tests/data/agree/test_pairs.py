"""Cohen's kappa, plain and weighted, against scikit-learn and statsmodels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from tamis.data.agree import cohen, identity, linear, quadratic

WEIGHTS = {None: identity, "linear": linear, "quadratic": quadratic}


def said(table, who):
    """The labels of one annotator by item; -1 where missing."""
    found = np.full(len(table.items), -1)
    found[table.item[table.annotator == who]] = table.label[table.annotator == who]
    return found


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_every_pair_is_that_of_scikit_learn(simulated, noisy, weights, missing):
    table = simulated([0.5, 0.3, 0.1, 0.1], noisy([0.9, 0.6, 0.3, 0.7], 4), 120, missing).table
    found = cohen(table, WEIGHTS[weights](4))
    expected = []
    for pair, (a, b) in zip(found.pairs, combinations(range(4), 2), strict=True):
        one, other = said(table, a), said(table, b)
        both = (one >= 0) & (other >= 0)
        expected.append(cohen_kappa_score(one[both], other[both], weights=weights, labels=range(4)))
        assert pair.annotators == (f"a{a}", f"a{b}")
        assert pair.items == both.sum()
        assert pair.agreement == pytest.approx((one == other)[both].mean())
        assert pair.kappa.value == pytest.approx(expected[-1], abs=1e-12)
    assert found.mean.value == pytest.approx(np.mean(expected), abs=1e-12)


@pytest.mark.parametrize(("weights", "kind"), [(identity, None), (linear, "linear"), (quadratic, "quadratic")])
def test_the_error_of_a_pair_is_that_of_statsmodels(simulated, noisy, weights, kind):
    table = simulated([0.5, 0.3, 0.2], noisy([0.8, 0.5], 3), 4000).table
    (pair,) = cohen(table, weights(3)).pairs
    crossed = np.zeros((3, 3))
    np.add.at(crossed, (said(table, 0), said(table, 1)), 1)
    expected = cohens_kappa(crossed, wt=kind)
    assert pair.kappa.value == pytest.approx(expected.kappa, abs=1e-12)
    assert (pair.kappa.high - pair.kappa.low) / 2 == pytest.approx(1.9605 * expected.std_kappa, rel=1e-3)


def test_the_mean_of_one_pair_is_the_pair(spoken):
    found = cohen(spoken("yynnynnnyy", "yynnynnyny"))
    assert found.mean == found.pairs[0].kappa


def test_the_mean_has_the_error_that_drawing_items_again_shows(simulated, noisy):
    confusion = noisy([0.9, 0.6, 0.3, 0.7], 3)
    values = [cohen(simulated([0.5, 0.3, 0.2], confusion, 150, 0.3, seed).table).mean for seed in range(120)]
    spread = np.std([each.value for each in values])
    errors = np.mean([(each.high - each.low) / 2 / 1.976 for each in values])
    assert errors == pytest.approx(spread, rel=0.2)


def test_an_annotator_alone_or_too_many(simulated, noisy, spoken):
    assert cohen(spoken("yyn")).mean.reason == "there is one annotator"
    crowd = simulated([0.5, 0.5], noisy([0.5] * 201, 2), 30, 0.5).table
    assert "more than 200 annotators" in cohen(crowd).mean.reason


def test_pairs_that_use_one_label_are_left_out_of_the_mean(spoken):
    found = cohen(spoken("yyyy", "yyyy", "ynyn"))
    assert [pair.kappa.value for pair in found.pairs] == [None, 0.0, 0.0]
    assert "one and the same label" in found.pairs[0].kappa.reason
    assert found.mean.value == 0
    assert cohen(spoken("yyyy", "yyyy")).mean.value is None


def test_annotators_without_a_common_item(spoken):
    found = cohen(spoken("yn**", "**yn"))
    assert found.pairs == () and found.mean.reason == "no item has two labels"


def test_agreement_without_exception_leaves_room_below_one(spoken):
    (pair,) = cohen(spoken("yn" * 20, "yn" * 20)).pairs
    assert pair.kappa.value == 1 and pair.kappa.high == 1
    assert pair.kappa.low == pytest.approx(1 - (1 - 0.025 ** (1 / 40)) / 0.5)
