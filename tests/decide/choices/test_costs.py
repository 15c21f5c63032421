"""Cost curves against counting pair by pair."""

import numpy as np
import pytest

from tamis.calibrate import Labelled
from tamis.calibrate.folds import query_folds
from tamis.decide import cost_curve
from tamis.decide.choices.tune import reweighted
from tamis.errors import InputError

from ...calibrate import worlds


def by_hand(data, ratio):
    """Cost a pair, each fold under the threshold that is cheapest on the others; the strictest of equal ones."""
    fold_of = query_folds(data)
    paid = 0.0

    def cost(part, threshold):
        wrong = part.weights[(part.scores >= threshold) & (part.labels == 0)].sum()
        missed = part.weights[(part.scores < threshold) & (part.labels == 1)].sum()
        return ratio * wrong + (1 - ratio) * missed

    for fold in range(5):
        learnt = data.where(fold_of != fold)
        thresholds = [np.inf, *np.unique(learnt.scores)[::-1]]
        costs = np.array([cost(learnt, threshold) for threshold in thresholds])
        paid += cost(data.where(fold_of == fold), thresholds[int(np.argmax(costs <= costs.min() + 1e-9))])
    return paid / data.weights.sum()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_curve_is_that_of_counting(weighted):
    world = worlds.clustered(40, 0, 1.0)
    weights = np.random.default_rng(0).integers(1, 4, 400) if weighted else None
    data = Labelled.of(world.scores.round(1), world.labels, world.groups, weights)
    found = cost_curve(data, points=9)
    assert found.ratios.tolist() == np.linspace(0, 1, 9).tolist()
    assert found.costs == pytest.approx([by_hand(data, ratio) for ratio in found.ratios], abs=1e-9)
    assert found.accept_all == pytest.approx(found.ratios * (1 - data.base_rate))
    assert found.accept_none == pytest.approx((1 - found.ratios) * data.base_rate)


def test_a_good_scorer_costs_less_than_doing_without():
    found = cost_curve(Labelled.of(*_drawn(20_000)))
    inner = slice(5, -5)
    assert (found.costs[inner] < np.minimum(found.accept_all, found.accept_none)[inner]).all()
    assert found.costs[0] < 1e-3, "where a wrong document costs nothing, nearly all are shown"
    assert found.costs[-1] == 0


def test_another_prevalence_is_another_curve():
    data = Labelled.of(*_drawn(5000))
    found = cost_curve(data, points=11, prevalence=0.5)
    assert found.accept_none[0] == pytest.approx(0.5) and found.accept_all[-1] == pytest.approx(0.5)
    again = cost_curve(reweighted(data, 0.5), points=11)
    assert found.costs.tolist() == again.costs.tolist()


def _drawn(count):
    world = worlds.independent(count, 0)
    return world.scores, world.labels


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cost_curve(Labelled.of(range(9), [0] * 9)), "all 9 labels are irrelevant"),
        (lambda: cost_curve(Labelled.of([1.0, 2.0], [0, 1])), "2 queries in the data"),
        (lambda: cost_curve(Labelled.of(*_drawn(50)), prevalence=2), "a prevalence must lie between 0 and 1, got 2"),
    ],
)
def test_what_has_no_curve_is_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)
