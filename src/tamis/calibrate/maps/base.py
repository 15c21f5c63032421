"""What all maps from scores to probabilities share: checks, one order of the data, parameters as JSON values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.logistic import fit_logistic, log_odds
from tamis.core import Floats, Groups
from tamis.errors import InputError

Inputs: TypeAlias = Literal["logit", "share"]

LEAST_SHARE = 1e-6  # shares are moved into [1e-6, 1 - 1e-6]: log-odds of at most 13.8 either way


class Map(ABC):
    """A monotone map from scores to numbers in [0, 1]; a map of its own adds ``_learn`` and ``_apply``.

    Weights say how many pairs of the population a labelled one stands for; only their ratios matter: doubling all of
    them changes nothing. Pairs are sorted before anything is learned, so that their order changes no bit of the result.

    Attributes:
        name: what the map is called in JSON.
        probabilistic: whether what it gives may be called probabilities.
        options: the constructor's parameters.
        learned: attributes that ``fit`` sets, each a number or an array of numbers, shape ``(m,)``.
    """

    name: ClassVar[str]
    probabilistic: ClassVar[bool] = True
    options: ClassVar[tuple[str, ...]] = ()
    learned: ClassVar[tuple[str, ...]]

    def fit(
        self, scores: ArrayLike, labels: ArrayLike, groups: Groups | None = None, weights: ArrayLike | None = None
    ) -> Self:
        """Learn from scored pairs with labels 0 and 1, shapes ``(n,)``; queries (groups) do not change what is learned.

        Raises:
            InputError: the input cannot be used, or all labels are equal.
        """
        data = Labelled.of(scores, labels, groups, weights).with_both(f"the map {self.name!r}")
        self._learn(data.where(np.lexsort((data.weights, data.labels, data.scores))))
        return self

    def __call__(self, scores: ArrayLike) -> Floats:
        """Numbers in [0, 1], shape ``(n,)``, for scores of shape ``(n,)``; never falling as the score rises.

        Raises:
            InputError: a score is not finite, the scores are no single column, or ``fit`` has not been called.
        """
        column = finite_scores(scores)
        self._require_fitted()
        return np.asarray(self._apply(column), dtype=np.float64)

    @property
    def label(self) -> str:
        """The name with those options that are not as usual, such as ``platt (inputs=share)``."""
        usual = type(self)()
        told = [f"{o}={getattr(self, o)}" for o in self.options if getattr(self, o) != getattr(usual, o)]
        return f"{self.name} ({', '.join(told)})" if told else self.name

    def parameters(self) -> dict[str, Any]:
        """Options and what was learned, as JSON values.

        Raises:
            InputError: ``fit`` has not been called.
        """
        self._require_fitted()
        return {
            **{option: getattr(self, option) for option in self.options},
            **{name.rstrip("_"): _plain(getattr(self, name)) for name in self.learned},
        }

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """The map that gave these ``parameters()``, to the last bit.

        Raises:
            InputError: a parameter is missing or unknown, is no finite number, or does not fit the others.
        """
        known = {*cls.options, *(name.rstrip("_") for name in cls.learned)}
        if odd := sorted(known ^ set(parameters)):
            raise InputError(f"parameters of {cls.name!r}: expected {sorted(known)}, missing or unknown: {odd}")
        made = cls(**{option: parameters[option] for option in cls.options})
        for name in cls.learned:
            setattr(made, name, _learned(parameters[name.rstrip("_")], f"{cls.name}: {name.rstrip('_')}"))
        if fault := made._fault():
            raise InputError(f"parameters of {cls.name!r}: {fault}")
        return made

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._state() == getattr(other, "_state")()  # noqa: B009 - same type

    __hash__ = None  # type: ignore[assignment]  # what was learned may change

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{o}={getattr(self, o)!r}' for o in self.options)})"

    @abstractmethod
    def _learn(self, data: Labelled) -> None:
        """Set the learned attributes from sorted pairs with both labels."""

    @abstractmethod
    def _apply(self, scores: Floats) -> Floats:
        """Numbers in [0, 1] for finite scores, shape ``(n,)``."""

    def _fault(self) -> str:
        """What is wrong with parameters from elsewhere; empty where nothing is."""
        return ""

    def _state(self) -> dict[str, Any]:
        return {name: _plain(value) for name, value in vars(self).items()}

    def _require_fitted(self) -> None:
        if not all(hasattr(self, name) for name in self.learned):
            raise InputError(f"the map {self.name!r} has learned nothing yet: call fit(scores, labels) first")


def finite_scores(scores: ArrayLike) -> Floats:
    """Scores as a column of finite numbers, shape ``(n,)``.

    Raises:
        InputError: they are no single column, or one is not finite.
    """
    try:
        column = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"scores must be numbers: {error}") from error
    if column.ndim != 1:
        raise InputError(f"scores must be one column, shape (n,), got shape {column.shape}")
    if not np.isfinite(column).all():
        at = int(np.flatnonzero(~np.isfinite(column))[0])
        raise InputError(f"scores must be finite, got {column[at]} at position {at}")
    return column


def as_logits(scores: Floats, inputs: Inputs) -> Floats:
    """Scores as logits: unchanged, or the log-odds of shares, which are moved into [1e-6, 1 - 1e-6] first.

    Raises:
        InputError: ``inputs`` is neither "logit" nor "share", or a share lies outside [0, 1].

    >>> as_logits(np.array([0.0, 0.5, 1.0]), "share").round(2).tolist()
    [-13.82, 0.0, 13.82]
    """
    if inputs not in _LOGITS:
        raise InputError(f"inputs must be one of {', '.join(map(repr, _LOGITS))}, got {inputs!r}")
    return _LOGITS[inputs](scores)


def evidence(weights: Floats) -> Floats:
    """Weights scaled to add up to the number of equally weighted pairs that would say as much.

    References:
        Kish, Survey Sampling (1965), 11.7.

    >>> evidence(np.array([50.0, 50.0])).tolist()
    [1.0, 1.0]
    >>> evidence(np.array([3.0, 1.0])).sum()
    np.float64(1.6)
    """
    return np.asarray(weights * (weights.sum() / (weights @ weights)), dtype=np.float64)


def smoothed_targets(labels: Floats, counts: Floats) -> Floats:
    """(N+ + 1) / (N+ + 2) for relevant pairs and 1 / (N- + 2) for others: what keeps slopes finite on separable data.

    Args:
        labels: 0 or 1, shape ``(n,)``.
        counts: how many pairs each stands for, shape ``(n,)``, as ``evidence`` gives them.

    References:
        Platt, "Probabilistic outputs for support vector machines" (1999).

    >>> smoothed_targets(np.array([1.0, 1.0, 0.0]), np.ones(3)).round(3).tolist()
    [0.75, 0.75, 0.333]
    """
    relevant = float(counts @ labels)
    irrelevant = float(counts @ (1 - labels))
    return np.where(labels == 1, (relevant + 1) / (relevant + 2), 1 / (irrelevant + 2))


def rising_slopes(features: Floats, data: Labelled) -> tuple[Floats, float]:
    """Slopes of features, shape ``(m,)``, none below 0, and the intercept that make smoothed labels likeliest.

    >>> pairs = Labelled.of([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1])
    >>> slopes, intercept = rising_slopes(pairs.scores[:, None], pairs)
    >>> slopes.round(2).tolist(), round(intercept, 2)
    ([0.41], -1.03)
    """
    counts = evidence(data.weights)
    rising = np.ones(features.shape[1], dtype=bool)
    return fit_logistic(features, smoothed_targets(data.labels, counts), counts, nonnegative=rising)


def _unchanged(scores: Floats) -> Floats:
    return scores


def _log_odds_of_shares(scores: Floats) -> Floats:
    if scores.size and (scores.min() < 0 or scores.max() > 1):
        raise InputError(
            f"inputs='share': scores must lie in [0, 1], got {scores.min():g} to {scores.max():g}; "
            "use inputs='logit' for raw scores"
        )
    return log_odds(scores, least=LEAST_SHARE)


_LOGITS: dict[str, Callable[[Floats], Floats]] = {"logit": _unchanged, "share": _log_odds_of_shares}


def rising(values: Floats, *, strictly: bool = False) -> bool:
    """Whether no value is below the one before it (or, strictly, not above it)."""
    steps = np.diff(values)
    return bool((steps > 0).all() if strictly else (steps >= 0).all())


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _learned(value: Any, what: str) -> float | Floats:
    many = isinstance(value, list | tuple)
    numbers = list(value) if many else [value]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and np.isfinite(n) for n in numbers):
        raise InputError(f"{what}: expected finite numbers, got {value!r:.60}")
    return np.asarray(numbers, dtype=np.float64) if many else float(value)
