"""What a click says of relevance: a click is a look and a judgement, and neither is sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Groups
from tamis.errors import InputError
from tamis.observe.clicks.clustered import Estimate, column, outcomes, ratio_of_sums
from tamis.observe.clicks.examination import Examination, PositionBias, examination_from_json


@dataclass(frozen=True, slots=True)
class ClickModel:
    """``P(click) = examined(position) * (noise + (relevant - noise) * relevance)``.

    The affine model: inverse propensities alone are biased where people click what does not help them, as trust in the
    ranker makes them do (Vardasbi, Oosterhuis, de Rijke, CIKM 2020; here with one pair of rates for all places).

    Attributes:
        examination: how likely a place is looked at.
        relevant: chance of a click on a relevant document that was looked at.
        noise: the same of one that is not relevant; below ``relevant``.

    >>> ClickModel().chances([1.0, 1.0, 0.0], [1, 2, 2]).tolist()
    [0.8, 0.4, 0.05]
    """

    examination: Examination = field(default_factory=PositionBias)
    relevant: float = 0.8
    noise: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.noise < self.relevant <= 1:
            raise InputError(
                f"expected 0 <= noise < relevant <= 1, got noise {self.noise} and relevant {self.relevant}: where what "
                "is not relevant is clicked as often, clicks tell nothing of relevance"
            )

    def chances(self, relevance: ArrayLike, positions: ArrayLike) -> Floats:
        """Chance of a click on documents of this relevance, in [0, 1], at these places."""
        share = column(relevance, "relevance")
        return self.examination.at(positions) * (self.noise + (self.relevant - self.noise) * share)

    def relevance(
        self,
        clicks: ArrayLike,
        positions: ArrayLike,
        propensities: ArrayLike | None = None,
        *,
        sessions: Groups | None = None,
        confidence: float = 0.95,
    ) -> Estimate:
        """Mean relevance of what was shown: ``(mean(click / examined) - noise) / (relevant - noise)``.

        Unbiased under this model. The error is of the clicks only: the examination counts as known.

        Args:
            clicks: 0 or 1 an impression, shape ``(n,)``.
            positions: its place, from 1.
            propensities: the chance in (0, 1] that it was shown at all, by whose inverse it then counts (as a share of
                all such weights): with exploration, the estimate is for all that could be shown.
            sessions: the session, or query, of each impression; without it they count as independent.
            confidence: wanted coverage of the interval.

        Raises:
            InputError: a column of a wrong shape or value, or fewer than two sessions.

        >>> found = ClickModel().relevance([1, 0, 1, 1, 0, 0, 1, 1], [1] * 8)
        >>> round(found.value, 3), round(found.error, 3)
        (0.75, 0.261)
        """
        weights = inverse(propensities, np.size(positions))
        corrected = weights * outcomes(clicks) / self.examination.at(positions)
        found = ratio_of_sums(corrected, weights, sessions, confidence=confidence)
        return found.moved(self.noise, self.relevant - self.noise)

    def fit_noise(
        self, clicks: ArrayLike, positions: ArrayLike, labels: ArrayLike, *, sessions: Groups | None = None
    ) -> FittedNoise:
        """The two rates from shown documents that were labelled: clicks for each expected look, on either kind.

        A few hundred impressions of either kind are enough where the first places are among them; deep places add
        little.

        Args:
            clicks: 0 or 1 an impression, shape ``(n,)``.
            positions: its place, from 1.
            labels: 1 where the document is relevant, else 0.
            sessions: the session of each impression.

        Raises:
            InputError: a kind is missing, or what is not relevant was clicked as often as what is.

        >>> fitted = ClickModel().fit_noise([1, 1, 0, 0, 0, 1], [1, 2, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0])
        >>> round(fitted.model.relevant, 3), round(fitted.model.noise, 3)
        (0.8, 0.333)
        """
        clicked, labelled = outcomes(clicks), outcomes(labels, "labels").astype(bool)
        looks = self.examination.at(positions)
        if not clicked.size == looks.size == labelled.size or not 0 < labelled.sum() < labelled.size:
            raise InputError(
                "expected a click, a place and a label an impression, with relevant documents and others among them, "
                f"got {clicked.size}, {looks.size} and {labelled.size}, {int(labelled.sum())} of them relevant"
            )
        groups = None if sessions is None else np.asarray(sessions)
        rates = [
            ratio_of_sums(clicked[kind], looks[kind], None if groups is None else groups[kind])
            for kind in (labelled, ~labelled)
        ]
        relevant, noise = (min(1.0, rate.value) for rate in rates)
        return FittedNoise(replace(self, relevant=relevant, noise=noise), *rates)

    def as_json(self) -> dict[str, Any]:
        """The model as JSON values."""
        return {"examination": self.examination.as_json(), "relevant": self.relevant, "noise": self.noise}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """What ``as_json`` gave.

        Raises:
            InputError: it is none.

        >>> ClickModel.from_json(ClickModel(noise=0.2).as_json()) == ClickModel(noise=0.2)
        True
        """
        if not isinstance(value, Mapping) or set(value) != {"examination", "relevant", "noise"}:
            raise InputError(f"expected a click model with examination, relevant and noise, got {value!r:.80}")
        try:
            relevant, noise = float(value["relevant"]), float(value["noise"])
        except (TypeError, ValueError) as error:
            raise InputError(f"not a click model: {error}") from error
        return cls(examination_from_json(value["examination"]), relevant, noise)


class FittedNoise(NamedTuple):
    """A click model with its rates from labels, and how sure they are."""

    model: ClickModel
    relevant: Estimate
    noise: Estimate


def inverse(propensities: ArrayLike | None, size: int) -> Floats:
    """One over each propensity; all 1 where there are none.

    Raises:
        InputError: one outside (0, 1], or another number of them.
    """
    if propensities is None:
        return np.ones(size)
    found = column(propensities, "propensities")
    if found.size != size or not ((found > 0) & (found <= 1)).all():
        raise InputError(f"expected {size} propensities above 0 and at most 1, got {found.size} or one outside")
    return 1.0 / found
