"""Calibration and thresholds as scikit-learn estimators: for pipelines, searches and cross-validation."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.maps.auto import AutoCalibrator
from tamis.core import Calibrator, Floats, Groups
from tamis.decide import Certifiable, Certificate, FBeta, Issued, Target, certify
from tamis.errors import InputError, NotCertifiedError
from tamis.extras import require

_validation = require("sklearn.utils.validation")
_multiclass: Any = require("sklearn.utils.multiclass")
_ClassifierTags: Any = require("sklearn.utils").ClassifierTags
_BaseEstimator: Any = require("sklearn.base").BaseEstimator
_ClassifierMixin: Any = require("sklearn.base").ClassifierMixin
_TransformerMixin: Any = require("sklearn.base").TransformerMixin

_ON_REFUSE = {"raise": np.nan, "accept_none": np.inf, "accept_all": -np.inf}  # the threshold that stands for it


class OfScores(_BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """What estimators of one column of scores share: probabilities, checks of input, what they tell scikit-learn."""

    calibrator_: Calibrator

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probabilities of the two labels, shape ``(n, 2)``, for scores of shape ``(n, 1)``.

        Raises:
            InputError: the scores cannot be used.
            sklearn.exceptions.NotFittedError: ``fit`` has not been called.
        """
        scores = self._scores(X)
        chances = self.calibrator_(scores)
        return np.column_stack([1 - chances, chances])

    def _scores(self, X: ArrayLike) -> Floats:
        """Scores to be judged, shape ``(n,)``, from a table of shape ``(n, 1)``."""
        _validation.check_is_fitted(self)
        try:
            table = _validation.validate_data(self, X, reset=False, dtype=np.float64)
        except ValueError as error:
            raise InputError(str(error)) from error
        return self._one_column(table)

    def _labelled(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[Floats, NDArray[Any], Floats]:
        """Scores, labels and weights to be learned from, shape ``(n,)`` each."""
        try:
            table, labels = _validation.validate_data(self, X, y, dtype=np.float64)
            weights = _validation._check_sample_weight(sample_weight, table, dtype=np.float64, ensure_non_negative=True)
        except ValueError as error:
            raise InputError(str(error)) from error
        return self._one_column(table), labels, weights

    def _one_column(self, table: Floats) -> Floats:
        if table.shape[1] != 1:
            raise InputError(f"expected one column of scores, shape (n, 1), got shape {table.shape}")
        return table[:, 0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = _ClassifierTags(multi_class=False)
        return tags


class ScoreCalibrator(_TransformerMixin, OfScores):  # type: ignore[misc]  # scikit-learn is untyped
    """Scores to probabilities of relevance, as a transformer of one column.

    ``groups`` (each score's query) keep a query's pairs together while a map is chosen; ask for them with
    ``set_fit_request(groups=True)`` where metadata is routed. ``sample_weight`` is one over the chance that a pair was
    drawn for labelling: only its ratios matter, and pairs of weight 0 are left out.

    Args:
        calibrator: any map of ``tamis.calibrate``, copied before it is fitted; None chooses one by cross-fitted
            log-loss.

    Attributes:
        calibrator_: the fitted map.
        classes_: the two labels, shape ``(2,)``; the second is the relevant one.
        n_features_in_: 1.

    >>> scores = [[-2.0], [-1.0], [0.0], [1.0], [2.0], [3.0]]
    >>> found = ScoreCalibrator().fit(scores, [0, 0, 1, 0, 1, 1])
    >>> found.predict_proba([[-2.0], [3.0]]).round(1).tolist()
    [[0.7, 0.3], [0.2, 0.8]]
    """

    classes_: NDArray[Any]

    def __init__(self, calibrator: Calibrator | None = None) -> None:
        self.calibrator = calibrator

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, groups: Groups | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from scores, shape ``(n, 1)``, and two labels, shape ``(n,)``, of which the greater is relevant.

        Raises:
            InputError: the input cannot be used, there are not two labels, or the calibrator gives no probabilities.
        """
        calibrator = AutoCalibrator() if self.calibrator is None else copy.deepcopy(self.calibrator)
        if not getattr(calibrator, "probabilistic", True):
            raise InputError(f"{calibrator!r} gives no probabilities: take another map, such as Platt")
        scores, given, weights = self._labelled(X, y, sample_weight)
        kept = weights > 0
        self.classes_, labels = _two_classes(given, kept)
        queries = None if groups is None else _names(groups, kept)
        self.calibrator_ = calibrator.fit(scores[kept], labels[kept], queries, weights[kept])
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Probabilities of relevance, shape ``(n, 1)``, for scores of shape ``(n, 1)``.

        Raises:
            InputError: the scores cannot be used.
            sklearn.exceptions.NotFittedError: ``fit`` has not been called.
        """
        scores = self._scores(X)
        return self.calibrator_(scores)[:, None]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """The name of the one column that comes out."""
        _validation.check_is_fitted(self)
        return np.array(["probability"], dtype=object)


def _check_binary(labels: NDArray[Any]) -> None:
    """Refuse targets of more than two classes in the words that scikit-learn's tools look for."""
    kind = _multiclass.type_of_target(labels, input_name="y", raise_unknown=True)
    if kind.startswith("continuous"):
        raise InputError(f"Unknown label type: {kind}. A threshold takes two labels, not numbers of any size")
    if kind != "binary":
        raise InputError(f"Only binary classification is supported. The type of the target is {kind}.")


def _two_classes(labels: NDArray[Any], kept: NDArray[np.bool_]) -> tuple[NDArray[Any], Floats]:
    """Both labels in order, and 1.0 where a pair's is the greater; pairs that are not kept count for nothing."""
    classes = np.unique(labels[kept])
    if classes.size != 2:
        shown = ", ".join(map(repr, classes[:6].tolist())) + (", ..." if classes.size > 6 else "")
        number = "1 class" if classes.size == 1 else f"{classes.size} classes"
        raise InputError(f"expected two labels, of which the greater is relevant, got {number}: {shown}")
    return classes, (labels == classes[1]).astype(np.float64)


def _names(groups: Groups, kept: NDArray[np.bool_]) -> list[str]:
    if len(groups) != kept.size:
        raise InputError(f"expected {kept.size} groups, one a score, got {len(groups)}")
    return [str(group) for group, use in zip(groups, kept.tolist(), strict=True) if use]


class ThresholdClassifier(_ClassifierMixin, OfScores):  # type: ignore[misc]  # scikit-learn is untyped
    """A threshold on one column of scores, tuned or certified: ``predict`` says what is accepted.

    A refused certificate is a state, not an error of ``fit``: ``threshold_`` is None, and ``predict`` raises unless
    ``on_refuse`` says what to do. ``groups`` (each score's query) are asked for as in ``ScoreCalibrator``.

    Args:
        target: what the threshold is for; None takes the best F1, which promises nothing.
        max_k: documents that a list shows; the promise is then about such lists.
        i_accept_iid: take a query's pairs for independent of each other.
        on_refuse: "raise", "accept_none" or "accept_all".

    Attributes:
        threshold_: the score from which on a pair is accepted; None where the certificate was refused.
        certificate_: what was promised; None for targets without a promise.
        calibrator_: the map behind ``predict_proba``.
        classes_: the two labels, shape ``(2,)``; the second is the relevant one.

    >>> rng = np.random.default_rng(0)
    >>> relevant = rng.random(1000) < 0.3
    >>> from tamis.decide import PrecisionAtLeast
    >>> found = ThresholdClassifier(PrecisionAtLeast(0.9)).fit(rng.normal(4.0 * relevant)[:, None], relevant)
    >>> found.predict([[9.0], [0.0]]).tolist(), found.certificate_.bound
    ([True, False], 0.9)
    """

    threshold_: float | None
    certificate_: Certificate | None
    classes_: NDArray[Any]

    def __init__(
        self,
        target: Target | None = None,
        *,
        max_k: int | None = None,
        i_accept_iid: bool = False,
        on_refuse: str = "raise",
    ) -> None:
        self.target = target
        self.max_k = max_k
        self.i_accept_iid = i_accept_iid
        self.on_refuse = on_refuse

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, groups: Groups | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Choose or certify the threshold from scores, shape ``(n, 1)``, and two labels, shape ``(n,)``.

        Raises:
            InputError: the input cannot be used, there are not two labels, or ``on_refuse`` is not known.
        """
        if self.on_refuse not in _ON_REFUSE:
            raise InputError(f"on_refuse must be one of {', '.join(_ON_REFUSE)}, got {self.on_refuse!r}")
        scores, given, weights = self._labelled(X, y, sample_weight)
        _check_binary(given)
        kept = weights > 0
        self.classes_, labels = _two_classes(given, kept)
        queries = None if groups is None else _names(groups, kept)
        data = Labelled.of(scores[kept], labels[kept], queries, weights[kept])
        target = FBeta() if self.target is None else self.target
        self.certificate_ = None
        if isinstance(target, Certifiable):
            self.certificate_ = certify(data, target, max_k=self.max_k, i_accept_iid=self.i_accept_iid)
            self.threshold_ = self.certificate_.threshold if isinstance(self.certificate_, Issued) else None
        else:
            self.threshold_ = target.choose(data)
        self.calibrator_ = AutoCalibrator().fit(data.scores, data.labels, queries, data.weights)
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The greater label where a score is accepted, else the other, shape ``(n,)``.

        Raises:
            InputError: the scores cannot be used.
            NotCertifiedError: the certificate was refused, and ``on_refuse`` is "raise".
            sklearn.exceptions.NotFittedError: ``fit`` has not been called.
        """
        scores = self._scores(X)
        if self.threshold_ is None and self.on_refuse == "raise":
            raise NotCertifiedError(f"no threshold was certified: {getattr(self.certificate_, 'reason', '')}")
        threshold = _ON_REFUSE[self.on_refuse] if self.threshold_ is None else self.threshold_
        return self.classes_[(scores >= threshold).astype(np.intp)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
