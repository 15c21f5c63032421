"""What work takes, as three numbers: by the batch, by the pair, by the token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from tamis.errors import InputError


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of work: ``batch + pair * pairs + token * tokens``.

    Attributes:
        batch, pair, token: seconds, at least 0; tokens are counted as the server's queue counts them, four bytes each.

    Raises:
        InputError: a number below 0 or not finite.

    >>> Cost(0.01, 0.001, 0.0001)(100, 3000)
    0.41
    """

    batch: float = 0.0
    pair: float = 0.0
    token: float = 0.0

    def __post_init__(self) -> None:
        """Refuse work that takes less than no time."""
        if not all(np.isfinite(one) and one >= 0 for one in (self.batch, self.pair, self.token)):
            raise InputError(f"a cost is three finite numbers of at least 0, got {self}")

    def __call__(self, pairs: float, tokens: float) -> float:
        """Seconds of one batch."""
        return self.batch + self.pair * pairs + self.token * tokens

    @classmethod
    def fit(cls, pairs: Sequence[float], tokens: Sequence[float], seconds: Sequence[float]) -> Self:
        """The cost whose seconds are nearest to what was measured, as shares of it; none of the three is below 0.

        Args:
            pairs, tokens, seconds: of one batch each; lists of the same length.

        Raises:
            InputError: nothing was measured, or a batch that took no time.

        >>> Cost.fit([1, 10, 100], [10, 1000, 1000], [0.02, 0.12, 0.3])
        Cost(batch=0.017, pair=0.002, token=8.3e-05)
        """
        took = np.asarray(seconds, dtype=np.float64)
        if not took.size or not (took > 0).all():
            raise InputError("expected at least one measured batch, and none that took no time")
        columns = np.column_stack([np.ones_like(took), pairs, tokens]) / took[:, None]
        found, free = np.zeros(3), [0, 1, 2]
        while free:  # what comes out below 0 is 0, and the rest is worked out again
            part = np.linalg.lstsq(columns[:, free], np.ones_like(took), rcond=None)[0]
            if (part >= 0).all():
                found[free] = part
                break
            del free[int(np.argmin(part))]
        return cls(*(float(f"{one:.2g}") if one else 0.0 for one in found))
