"""The chosen map: by loss on other queries, the simplest of those about equally good."""

import numpy as np
import pytest

from tamis.calibrate import (
    AutoCalibrator,
    Beta,
    Isotonic,
    Labelled,
    MinMax,
    Platt,
    Temperature,
    as_json,
    cross_fitted,
)
from tamis.calibrate.logistic import log_loss, log_odds, sigmoid
from tamis.calibrate.maps.auto import usual_candidates
from tamis.errors import InputError

from .. import worlds


class Constant:
    """A calibrator of somebody else's, which always says one half."""

    def fit(self, scores, labels, groups=None, weights=None):
        self.fitted_on = len(scores)
        return self

    def __call__(self, scores):
        return np.full(len(scores), 0.5)


def bent(count):
    """Scores whose chance of relevance goes up in three steps: no logistic shape fits."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(-3, 3, count)
    return scores, (rng.random(count) < np.select([scores < -2, scores < 2], [0.02, 0.5], 0.98)).astype(float)


def test_losses_are_those_of_maps_that_have_not_seen_the_queries():
    drawn = worlds.clustered(100, 0)
    data = Labelled.of(drawn.scores, drawn.labels, drawn.groups)
    auto = AutoCalibrator().fit(drawn.scores, drawn.labels, drawn.groups)
    assert list(auto.losses_) == ["platt", "beta", "temperature", "isotonic", "histogram", "base rate"]
    for calibrator in (Platt(), Beta(), Temperature()):
        by_hand = log_loss(log_odds(cross_fitted(calibrator, data)), data.labels)
        assert auto.losses_[calibrator.name] == pytest.approx(by_hand, abs=0.003)  # other folds
    entropy = -(data.base_rate * np.log(data.base_rate) + (1 - data.base_rate) * np.log(1 - data.base_rate))
    assert auto.losses_["base rate"] == pytest.approx(entropy, abs=0.003)
    assert auto.losses_["platt"] < 0.5 * auto.losses_["base rate"]


def test_the_simplest_of_those_about_equally_good_is_chosen():
    drawn = worlds.independent(1500, 0)
    auto = AutoCalibrator().fit(drawn.scores, drawn.labels)
    assert auto.name == "platt"
    assert auto.chosen_ == Platt().fit(drawn.scores, drawn.labels)
    turned = AutoCalibrator((Temperature(), Beta(), Platt())).fit(drawn.scores, drawn.labels)
    assert turned.losses_["temperature"] > turned.losses_["platt"] + 0.1
    assert turned.name == "beta"


def test_a_map_without_a_formula_is_chosen_where_no_formula_fits_and_pairs_are_many():
    assert AutoCalibrator().fit(*bent(6000)).name in ("isotonic", "histogram")
    assert "isotonic" not in AutoCalibrator().fit(*bent(900)).losses_


def test_shares_are_also_read_as_shares():
    drawn = worlds.independent(600, 0)
    shares = sigmoid(drawn.scores)
    auto = AutoCalibrator().fit(shares, drawn.labels)
    assert "beta (inputs=share)" in auto.losses_
    assert auto.name == "platt" and auto.parameters()["inputs"] == "share"
    assert auto.losses_["platt (inputs=share)"] < auto.losses_["platt"]
    assert all(candidate.inputs == "logit" for candidate in usual_candidates(Labelled.of([0.0, 1.5], [0, 1])))


def test_queries_decide_how_sure_a_difference_is():
    scores, labels = bent(300)
    candidates = (Platt(), Isotonic())
    one = AutoCalibrator(candidates).fit(scores, labels)
    assert one.losses_["isotonic"] < one.losses_["platt"]
    assert one.name == "isotonic"
    # The same pairs four times over, each four a query: as much evidence, not four times as much.
    repeated = AutoCalibrator(candidates).fit(np.repeat(scores, 4), np.repeat(labels, 4), np.repeat(np.arange(300), 4))
    assert repeated.name == "isotonic"


def test_too_few_labels_to_compare_take_the_first_candidate():
    auto = AutoCalibrator().fit([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 0], ["a", "b", "c", "d"])
    assert auto.name == "platt" and auto.losses_ == {}
    assert AutoCalibrator().fit([1.0, 2.0], [0, 1], ["a", "a"]).losses_ == {}


def test_fewer_queries_than_folds_make_fewer_folds():
    drawn = worlds.clustered(3, 2)
    assert AutoCalibrator(folds=10).fit(drawn.scores, drawn.labels, drawn.groups).losses_


def test_candidates_of_others_are_judged_alike_and_not_touched():
    drawn, own = worlds.independent(200, 0), Constant()
    auto = AutoCalibrator((own, Platt(), Platt(inputs="logit"))).fit(drawn.scores, drawn.labels)
    assert list(auto.losses_) == ["Constant", "platt", "platt #2", "base rate"]
    assert auto.losses_["Constant"] == pytest.approx(np.log(2))
    assert not hasattr(own, "fitted_on")
    alone = AutoCalibrator((own,)).fit(drawn.scores, drawn.labels)
    assert alone.chosen_.fitted_on == 200
    with pytest.raises(InputError, match="Constant cannot be written as JSON: expected one of platt,"):
        as_json(alone)


def test_what_cannot_be_chosen_from_is_refused():
    with pytest.raises(InputError, match="no candidates to choose from"):
        AutoCalibrator(()).fit([1.0, 2.0], [0, 1])
    with pytest.raises(InputError, match=r"MinMax\(low=0.0, high=1.0\) gives no probabilities"):
        AutoCalibrator((MinMax(),)).fit([1.0, 2.0], [0, 1])
    with pytest.raises(InputError, match="folds must be at least 2, got 1"):
        AutoCalibrator(folds=1).fit([1.0, 2.0], [0, 1])


def test_cross_fitting_chooses_anew_in_every_training_part():
    drawn = worlds.clustered(60, 0)
    data = Labelled.of(drawn.scores, drawn.labels, drawn.groups)
    found = cross_fitted(AutoCalibrator(), data)
    assert found.shape == (600,)
    assert log_loss(log_odds(found), data.labels) == pytest.approx(
        log_loss(log_odds(cross_fitted(Platt(), data)), data.labels), abs=0.01
    )
