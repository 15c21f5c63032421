"""Score calibration as scikit-learn estimators: its own checks, pipelines, searches, routed groups, and the extra."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tamis.calibrate import AutoCalibrator, Isotonic, Labelled, MinMax, Platt, Temperature
from tamis.decide import FBeta, MissRateAtMost, PrecisionAtLeast, certify
from tamis.errors import InputError, NotCertifiedError
from tamis.integrations.sklearn import ScoreCalibrator, ThresholdClassifier

from ..calibrate import worlds


class FirstColumn(ScoreCalibrator):
    """scikit-learn checks estimators with tables of several columns: this one reads the first."""

    def _one_column(self, table):
        return table[:, 0]


class FirstColumnThreshold(ThresholdClassifier):
    """The same of the threshold; one column of several says little of the labels, which scikit-learn allows to say."""

    def _one_column(self, table):
        return table[:, 0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


WEIGHTS_ARE_NOT_COUNTS = {
    "check_sample_weight_equivalence_on_dense_data": "weights are one over the chance of a label, not repetitions"
}

# As of scikit-learn's own TunedThresholdClassifierCV, ``predict`` is not where the probability is one half.
NOT_AT_ONE_HALF = dict.fromkeys(
    ["check_classifiers_train"], "what is accepted follows from the target, not from a probability of one half"
)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [FirstColumn(), FirstColumn(Platt()), FirstColumnThreshold()],
    expected_failed_checks=lambda estimator: (
        WEIGHTS_ARE_NOT_COUNTS | (NOT_AT_ONE_HALF if isinstance(estimator, ThresholdClassifier) else {})
    ),
)
def test_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def drawn():
    return worlds.clustered(60, 0)


def test_gives_the_probabilities_of_the_map(drawn):
    table = drawn.scores[:, None]
    found = ScoreCalibrator(Platt()).fit(table, drawn.labels)
    expected = Platt().fit(drawn.scores, drawn.labels)(drawn.scores)
    np.testing.assert_array_equal(found.transform(table)[:, 0], expected)
    np.testing.assert_array_equal(found.predict_proba(table), np.column_stack([1 - expected, expected]))
    assert found.get_feature_names_out().tolist() == ["probability"]


def test_groups_and_weights_reach_the_map(drawn):
    table, weights = drawn.scores[:, None], np.linspace(0.0, 2.0, 600)
    names = [f"query {group}" for group in drawn.groups]
    found = ScoreCalibrator().fit(table, drawn.labels, groups=names, sample_weight=weights)
    kept = weights > 0
    by_hand = AutoCalibrator().fit(drawn.scores[kept], drawn.labels[kept], np.array(names)[kept], weights[kept])
    assert found.calibrator_.losses_ == by_hand.losses_
    np.testing.assert_array_equal(found.transform(table)[:, 0], by_hand(drawn.scores))
    with pytest.raises(InputError, match="expected 600 groups, one a score, got 1"):
        ScoreCalibrator().fit(table, drawn.labels, groups=["q"])


def test_any_two_labels_will_do_the_greater_is_relevant(drawn):
    table = drawn.scores[:, None]
    words = np.where(drawn.labels == 1, "yes", "no")
    found = ScoreCalibrator(Platt()).fit(table, words)
    assert found.classes_.tolist() == ["no", "yes"]
    np.testing.assert_array_equal(
        found.transform(table), ScoreCalibrator(Platt()).fit(table, drawn.labels).transform(table)
    )
    with pytest.raises(InputError, match=r"expected two labels, .* got 3 classes: 0, 1, 2"):
        ScoreCalibrator().fit(table, np.arange(600) % 3)
    with pytest.raises(InputError, match=r"got 1 class: 1\.0"):
        ScoreCalibrator().fit(table, np.ones(600))


def test_in_a_pipeline_a_search_and_cross_validation_by_query(drawn):
    table = drawn.scores[:, None]
    search = GridSearchCV(
        ScoreCalibrator(), {"calibrator": [Platt(), Temperature()]}, scoring="neg_log_loss", cv=GroupKFold(3)
    )
    search.fit(table, drawn.labels, groups=drawn.groups)
    assert isinstance(search.best_params_["calibrator"], Platt)
    losses = cross_val_score(
        make_pipeline(StandardScaler(), ScoreCalibrator(Platt())),
        *(table, drawn.labels),
        groups=drawn.groups,
        cv=GroupKFold(5),
        scoring="neg_log_loss",
    )
    assert losses.mean() > -0.3


def test_groups_are_routed_when_asked_for(drawn):
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), ScoreCalibrator().set_fit_request(groups=True))
        pipeline.fit(drawn.scores[:, None], drawn.labels, groups=drawn.groups)
    scaled = StandardScaler().fit_transform(drawn.scores[:, None])[:, 0]
    expected = AutoCalibrator().fit(scaled, drawn.labels, drawn.groups)
    assert pipeline[-1].calibrator_.losses_ == pytest.approx(expected.losses_)


def test_the_given_map_is_copied_and_survives_clone_and_pickle(drawn):
    given, table = Isotonic(), drawn.scores[:, None]
    found = ScoreCalibrator(given).fit(table, drawn.labels)
    assert not hasattr(given, "scores_")
    assert clone(found).calibrator == given
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found)).transform(table), found.transform(table))


def test_what_cannot_be_used_is_refused(drawn):
    with pytest.raises(InputError, match="Expected 2D array, got 1D array"):
        ScoreCalibrator().fit(drawn.scores, drawn.labels)
    with pytest.raises(InputError, match=r"expected one column of scores, shape \(n, 1\), got shape \(300, 2\)"):
        ScoreCalibrator().fit(drawn.scores.reshape(300, 2), drawn.labels[:300])
    with pytest.raises(InputError, match="NaN"):
        ScoreCalibrator().fit([[0.0], [np.nan]], [0, 1])
    with pytest.raises(InputError, match="gives no probabilities: take another map"):
        ScoreCalibrator(MinMax()).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(InputError, match="Negative values"):
        ScoreCalibrator().fit([[0.0], [1.0]], [0, 1], sample_weight=[1.0, -1.0])
    for ask in (ScoreCalibrator().transform, ScoreCalibrator().predict_proba):
        with pytest.raises(NotFittedError):
            ask([[0.0]])


def test_without_scikit_learn_the_command_that_brings_it_is_told():
    code = """
import sys
import tamis, tamis.calibrate
print("sklearn" in sys.modules)

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sklearn":
            raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")

sys.meta_path.insert(0, NotInstalled())
try:
    import tamis.integrations.sklearn
except tamis.TamisError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "False",
        "MissingExtraError calibrators and thresholds as scikit-learn estimators needs the package 'sklearn', which is "
        'not installed: pip install "tamis[sklearn]"',
    ]


def test_a_certified_threshold_is_that_of_certify():
    drawn = worlds.clustered(300, 1)
    data = Labelled.of(drawn.scores, drawn.labels, drawn.groups)
    target = PrecisionAtLeast(0.9)
    found = ThresholdClassifier(target).fit(drawn.scores[:, None], drawn.labels, groups=drawn.groups)
    assert found.certificate_ == certify(data, target)
    assert found.predict(drawn.scores[:, None]).tolist() == (drawn.scores >= found.threshold_).tolist()
    top = ThresholdClassifier(target, max_k=2).fit(drawn.scores[:, None], drawn.labels, groups=drawn.groups)
    assert top.certificate_ == certify(data, target, max_k=2)


def test_a_refusal_is_a_state_and_predict_says_what_is_missing(drawn):
    table = drawn.scores[:, None]
    found = ThresholdClassifier(PrecisionAtLeast(0.99)).fit(table, drawn.labels, groups=drawn.groups)
    assert found.threshold_ is None and not found.certificate_.issued
    with pytest.raises(NotCertifiedError, match=r"no threshold was certified: .*accepted pairs"):
        found.predict(table)
    assert found.predict_proba(table).shape == (600, 2)
    assert not found.set_params(on_refuse="accept_none").predict(table).any()
    assert found.set_params(on_refuse="accept_all").predict(table).all()
    with pytest.raises(InputError, match="on_refuse must be one of"):
        found.set_params(on_refuse="guess").fit(table, drawn.labels)


def test_thresholds_in_a_search_and_with_routed_queries(drawn):
    table = drawn.scores[:, None]
    search = GridSearchCV(
        ThresholdClassifier(), {"target": [FBeta(0.5), FBeta(2.0), MissRateAtMost(0.1)]}, cv=GroupKFold(3), scoring="f1"
    )
    assert search.fit(table, drawn.labels, groups=drawn.groups).best_estimator_.threshold_ is not None
