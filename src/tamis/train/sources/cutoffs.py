"""How far below a query's positives a document must be scored to count as a negative."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tamis.core import Floats
from tamis.errors import InputError

ANCHORS: Mapping[str, Callable[[Floats], float]] = {
    "worst": lambda scores: float(scores.min()),
    "best": lambda scores: float(scores.max()),
}


class Cutoff(Protocol):
    """From a positive's raw score to the score that a negative must stay below."""

    def below(self, positive: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Margin:
    """A fixed distance, in the scorer's own unit: logits of a cross-encoder, cosines of an encoder.

    Source: TopK-MarginPos of Moreira et al., NV-Retriever (2024), section 3.

    >>> Margin(0.5).below(2.0)
    1.5
    """

    size: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.size < math.inf:
            raise InputError(f"the margin must be a number of at least 0, got {self.size}")

    def below(self, positive: float) -> float:
        """The positive's score less the margin."""
        return positive - self.size


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the positive's score, which needs a scale that begins at 0.

    Raw logits have no such scale: 95 % of a logit of -2 lies above it. They are taken as shares of
    ``sigmoid(logit)``, which turns the limit into a logit again; where both logits are far below 0, 95 % is a
    distance of .05 logits, far above 0 it is much more. Scores that begin at 0 (cosines, probabilities) are taken as
    they are by ``scale="unit"``.

    Source: TopK-PercPos of Moreira et al., NV-Retriever (2024), section 3, who advise 95 % of a cosine.

    >>> round(Share(0.95).below(2.0), 3), round(Share(0.95).below(-2.0), 3), Share(0.95, "unit").below(0.8)
    (1.634, -2.058, 0.76)
    """

    of: float = 0.95
    scale: Literal["logit", "unit"] = "logit"

    def __post_init__(self) -> None:
        if not 0 < self.of <= 1:
            raise InputError(f"the relative margin must lie in (0, 1], got {self.of}")
        if self.scale not in ("logit", "unit"):
            raise InputError(f'scale must be "logit" or "unit", got {self.scale!r}')

    def below(self, positive: float) -> float:
        """The share of the positive's score, on the scorer's scale."""
        if self.scale == "unit":
            return min(positive, self.of * positive)
        # logit(s * sigmoid(x)) = log s - log(1 - s + exp(-x)), which overflows for no x a scorer gives.
        rest = 1 - self.of + math.exp(min(-positive, 700.0))
        return min(positive, math.log(self.of) - math.log(rest)) if rest > 0 else positive


@dataclass(frozen=True, slots=True)
class Filter:
    """Which scores a negative may have.

    Attributes:
        cutoff: distance from a positive.
        anchor: the positive it is counted from, of several: ``"worst"`` is the safe one; ``"best"`` keeps more, where
            some positives are labelled wrongly or score low for want of words.
        highest, lowest: raw scores that a negative may have at most and at least.

    >>> import numpy as np
    >>> Filter(Margin(1.0)).limit(np.array([5.0, 3.0])), Filter(Margin(1.0), "best").limit(np.array([5.0, 3.0]))
    (2.0, 4.0)
    """

    cutoff: Cutoff = Margin()
    anchor: Literal["worst", "best"] = "worst"
    highest: float = math.inf
    lowest: float = -math.inf

    def __post_init__(self) -> None:
        if self.anchor not in ANCHORS:
            raise InputError(f"anchor must be {' or '.join(map(repr, ANCHORS))}, got {self.anchor!r}")
        if not self.lowest <= self.highest:
            raise InputError(f"the lowest score ({self.lowest:g}) must not be above the highest ({self.highest:g})")

    def limit(self, positives: Floats) -> float:
        """The score that a negative must stay below, from the positives' raw scores, shape ``(positives,)``."""
        return self.cutoff.below(ANCHORS[self.anchor](positives))

    def passes(self, score: float, limit: float) -> bool:
        """Whether a document of this raw score may be a negative."""
        return self.lowest <= score <= self.highest and score < limit
