"""Whether the arms got the shares of the traffic that were planned: where not, no comparison of them can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.errors import InputError
from tamis.evaluate.tails import chi_square_above

THRESHOLD = 0.001  # a mismatch stops everything, so it is called at a stricter level than a difference
SMOOTH = 1000.0  # how closely the mixture over shares lies around the planned ones: halves vary by .016
ROUNDING = 1e-9  # what shares may miss 1 by


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The arms' sizes beside those planned.

    Attributes:
        p: chi-square p-value, for one look.
        always_p: p-value for any number of looks.
        alarm: whether the arms are not to be compared.
        counts: units drawn into each arm: users, where users are what is drawn.
        planned: share of each arm.
    """

    p: float
    always_p: float
    alarm: bool
    counts: Mapping[str, int]
    planned: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """The check as JSON values."""
        told = {"p": self.p, "always_p": self.always_p, "alarm": self.alarm}
        return {**told, "counts": dict(self.counts), "planned": dict(self.planned)}


def mismatch(
    counts: Mapping[str, int], planned: Mapping[str, float], *, threshold: float = THRESHOLD, once: bool = False
) -> Mismatch:
    """Hold the sizes of arms against the planned shares.

    One look: Pearson's chi-square test. Any number of looks: one over the likelihood ratio of a Dirichlet mixture of
    shares to the planned ones, which is a martingale under the plan (Lindon and Malek, NeurIPS 2022).
    Where sessions of one user go to one arm, count users: by session, heavy users alone raise alarms.

    Args:
        counts: units in each arm.
        planned: share of each arm, 1 together; the same all the time.
        threshold: p below which there is an alarm, in (0, 1).
        once: whether this is the only look, so that the chi-square test may raise the alarm too.

    Raises:
        InputError: arms that differ, counts below 0, shares that are no distribution, or a threshold out of range.

    >>> mismatch({"active": 5000, "canary": 5100}, {"active": 0.5, "canary": 0.5}).alarm
    False
    >>> mismatch({"active": 5000, "canary": 5600}, {"active": 0.5, "canary": 0.5}).alarm
    True
    """
    _checked(counts, planned, threshold)
    total = sum(counts.values())
    open_arms = [arm for arm, share in planned.items() if share > 0]
    if any(counts[arm] for arm in planned if arm not in open_arms):
        p = always_p = 0.0  # somebody is in an arm that nobody can be in
    elif total == 0 or len(open_arms) == 1:
        p = always_p = 1.0
    else:
        expected = {arm: total * planned[arm] for arm in open_arms}
        distance = sum((counts[arm] - expected[arm]) ** 2 / expected[arm] for arm in open_arms)
        p = chi_square_above(distance, len(open_arms) - 1)
        always_p = math.exp(min(0.0, -_log_ratio(counts, planned, open_arms)))
    alarm = always_p < threshold or (once and p < threshold)
    return Mismatch(p, always_p, alarm, dict(counts), dict(planned))


def _log_ratio(counts: Mapping[str, int], planned: Mapping[str, float], arms: list[str]) -> float:
    """Log likelihood of the counts under shares drawn from Dirichlet(SMOOTH * planned), over that under the plan."""
    total = sum(counts[arm] for arm in arms)
    parts = (
        math.lgamma(SMOOTH * planned[arm] + counts[arm])
        - math.lgamma(SMOOTH * planned[arm])
        - counts[arm] * math.log(planned[arm])
        for arm in arms
    )
    return math.fsum([*parts, math.lgamma(SMOOTH), -math.lgamma(SMOOTH + total)])


def _checked(counts: Mapping[str, int], planned: Mapping[str, float], threshold: float) -> None:
    if set(counts) != set(planned):
        raise InputError(f"expected a count for each of the arms {sorted(planned)}, got {sorted(counts)}")
    if any(count < 0 for count in counts.values()) or any(not 0 <= share <= 1 for share in planned.values()):
        raise InputError(f"expected counts of at least 0 and shares in [0, 1], got {dict(counts)} and {dict(planned)}")
    if abs((whole := math.fsum(planned.values())) - 1) > ROUNDING:
        raise InputError(f"the planned shares must sum to 1, got {whole:g}")
    if not 0 < threshold < 1:
        raise InputError(f"threshold must lie between 0 and 1, got {threshold}")
