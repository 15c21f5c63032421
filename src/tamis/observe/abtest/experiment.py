"""An experiment between two arms, and what its sessions say about it, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from numpy.typing import ArrayLike

from tamis.core import Groups
from tamis.errors import InputError
from tamis.observe.abtest.assign import Arms
from tamis.observe.abtest.fixed import Fixed, two_means, two_proportions
from tamis.observe.abtest.power import POWER, sessions_until
from tamis.observe.abtest.ratio import Mismatch, mismatch
from tamis.observe.abtest.sequential import LEVEL, MSprt, Sequential
from tamis.observe.abtest.sums import Sums, joint

Verdict: TypeAlias = Literal["better", "worse", "same", "open", "changing", "mismatch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What is compared, said before it begins.

    Attributes:
        arms: two arms with their shares, which stay as they are: another share is another experiment.
        control: the arm that is compared with.
        metric: what a session's value is, such as ``"satisfaction"`` or ``"clicked"``; for the reader.
        minimum: least difference that matters, in the metric's unit, above 0; the test is strongest around it.
        level: chance of a false alarm however often it is looked at, in (0, 1).
        horizon: units of both arms together at which the test with one look is reported too; None for never.
        lower_is_better: as where the value is a time.

    Raises:
        InputError: not two arms, a control that is none of them, or an option out of range.

    >>> experiment = Experiment(arms=Arms("floor-7", {"active": 0.5, "canary": 0.5}), control="active", minimum=0.03)
    >>> experiment.treated, experiment.test.tau
    ('canary', 0.03)
    """

    arms: Arms
    control: str
    metric: str = "satisfaction"
    minimum: float = 0.02
    level: float = LEVEL
    horizon: int | None = None
    lower_is_better: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        if len(self.arms.shares) != 2 or self.control not in self.arms.shares:
            raise InputError(
                f"an experiment has two arms, one of them its control, got {sorted(self.arms.shares)} and "
                f"{self.control!r}: make an experiment for each arm that is compared with the control"
            )
        if not (math.isfinite(self.minimum) and self.minimum > 0):
            raise InputError(f"minimum must be the least difference that matters, above 0, got {self.minimum}")
        if not 0 < self.level < 1:
            raise InputError(f"level must lie between 0 and 1, got {self.level}")
        if self.horizon is not None and self.horizon < 4:
            raise InputError(f"horizon must be at least 4 units, or None for no test at the end, got {self.horizon}")

    @property
    def treated(self) -> str:
        """The arm that is compared with the control."""
        return next(arm for arm in self.arms.shares if arm != self.control)

    @property
    def test(self) -> MSprt:
        """The always-valid test that decides."""
        return MSprt(tau=self.minimum, level=self.level)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an experiment's sessions say by now.

    Attributes:
        experiment: what is compared.
        control: sums of the control's values.
        treated: sums of the other arm's.
        mismatch: whether the arms' sizes are those planned.
        sequential: the always-valid test, on which ``verdict`` rests.
        fixed: the test with one look, at the horizon only; beside the other it would be a second chance to be wrong.
        more: about how many more units it takes to tell; None where that cannot be said, or all is told.
    """

    experiment: Experiment
    control: Sums
    treated: Sums
    mismatch: Mismatch
    sequential: Sequential
    fixed: Fixed | None = None
    more: int | None = None

    @property
    def verdict(self) -> Verdict:
        """``better``, ``worse``, the ``same`` up to the least difference that matters, or still ``open``.

        ``mismatch`` where the arms' sizes, ``changing`` where looks that exclude each other forbid to compare.
        """
        found = self.sequential
        if self.mismatch.alarm:
            return "mismatch"
        if found.contradictory:
            return "changing"
        if found.decided:
            return "better" if (found.low > 0) != self.experiment.lower_is_better else "worse"
        inside = -self.experiment.minimum < found.low and found.high < self.experiment.minimum
        return "same" if inside else "open"

    @property
    def decided(self) -> bool:
        """Whether it can end here."""
        return self.verdict in ("better", "worse", "same")

    @property
    def sentence(self) -> str:
        """The verdict as a person reads it."""
        return _SENTENCES[self.verdict](self)

    def as_json(self) -> dict[str, Any]:
        """The outcome as JSON values."""
        experiment = self.experiment
        arms = {experiment.control: self.control, experiment.treated: self.treated}
        return {
            "experiment": experiment.arms.name,
            "metric": experiment.metric,
            "control": experiment.control,
            "verdict": self.verdict,
            "decided": self.decided,
            "sentence": self.sentence,
            "arms": {arm: sums.as_json() for arm, sums in arms.items()},
            "mismatch": self.mismatch.as_json(),
            "sequential": self.sequential.as_json(),
            "fixed": None if self.fixed is None else self.fixed.as_json(),
            "more": self.more,
        }


def compare(
    experiment: Experiment,
    values: Mapping[str, Sequence[float] | ArrayLike | Sums],
    *,
    groups: Mapping[str, Groups] | None = None,
    before: Sequential | None = None,
) -> Outcome:
    """Look at an experiment: as often as one likes, and whenever.

    Sessions of one user are not independent: without ``groups``, or sums by user, a few heavy users alone make
    differences, and mismatches. Values are to be all sessions so far, not those since the last look.

    Args:
        experiment: what is compared.
        values: of each arm: one number a session, or their sums.
        groups: the user of each session, for arms whose values are given one by one; users are then the units.
        before: the sequential result of the look before this, whose interval is kept where it is narrower.

    Raises:
        InputError: other arms than the experiment's, values that cannot be summed, or users beside sums.

    >>> experiment = Experiment(arms=Arms("floor-7", {"active": 0.5, "canary": 0.5}), control="active")
    >>> compare(experiment, {"active": Sums(20000, 6000, 6000), "canary": Sums(20000, 6700, 6700)}).sentence
    'canary is better by 0.021 to 0.049 (satisfaction 0.335 instead of 0.300)'
    >>> compare(experiment, {"active": [0, 1, 0], "canary": [1, 1]}).sentence
    'nothing told yet: too few sessions to say how many more it takes'
    """
    if set(values) != set(experiment.arms.shares):
        raise InputError(f"expected values of the arms {sorted(experiment.arms.shares)}, got {sorted(values)}")
    sums = {arm: _sums(part, (groups or {}).get(arm)) for arm, part in values.items()}
    control, treated = sums[experiment.control], sums[experiment.treated]
    if (control.clusters is None) != (treated.clusters is None):
        raise InputError("one arm is summed by user and the other by session: make both in the same way")
    units = control.units + treated.units
    ended = experiment.horizon is not None and units >= experiment.horizon
    sequential = experiment.test.look(control, treated, before)
    sizes = mismatch({arm: part.units for arm, part in sums.items()}, experiment.arms.shares, once=ended)
    fixed = _fixed(control, treated, experiment.level) if ended else None
    outcome = Outcome(experiment, control, treated, sizes, sequential, fixed)
    if outcome.verdict != "open":
        return outcome
    return Outcome(experiment, control, treated, sizes, sequential, fixed, _more(experiment, control, treated))


def _sums(values: Sequence[float] | ArrayLike | Sums, groups: Groups | None) -> Sums:
    if not isinstance(values, Sums):
        return Sums.of(values, groups)
    if groups is not None:
        raise InputError("users cannot be told from sums: sum by user first, as Sums says")
    return values


def _fixed(control: Sums, treated: Sums, level: float) -> Fixed | None:
    if control.units < 2 or treated.units < 2:
        return None
    if control.binary and treated.binary:
        return two_proportions((int(control.total), control.units), (int(treated.total), treated.units), level=level)
    return two_means(control, treated, level=level) if control.variance + treated.variance > 0 else None


def _more(experiment: Experiment, control: Sums, treated: Sums) -> int | None:
    """Units until a difference that just matters would be found, or failing that until it could be excluded."""
    test, units = experiment.test, control.units + treated.units
    variance = float(joint((control.variance, treated.variance), (control.units, treated.units)))
    if not variance > 0 or min(control.units, treated.units) < test.least:
        return None
    share, spread = treated.units / units, variance * units
    needed = sessions_until(test, experiment.minimum, spread, share, POWER)[1]
    if needed <= units:
        needed = units
        while float(test.radius(spread / needed, needed)) > experiment.minimum:
            needed = math.ceil(needed * 1.05)
    return needed - units if needed > units else None


def _told(outcome: Outcome) -> str:
    low, high = sorted((abs(outcome.sequential.low), abs(outcome.sequential.high)))
    digits = _digits(low, high)
    means = f"{outcome.treated.mean:.{digits}f} instead of {outcome.control.mean:.{digits}f}"
    return (
        f"{outcome.experiment.treated} is {outcome.verdict} by {low:.{digits}f} to {high:.{digits}f} "
        f"({outcome.experiment.metric} {means})"
    )


def _same(outcome: Outcome) -> str:
    low, high = outcome.sequential.low, outcome.sequential.high
    digits = _digits(low, high)
    return (
        f"{outcome.experiment.treated} and {outcome.experiment.control} differ by less than "
        f"{outcome.experiment.minimum:g} in {outcome.experiment.metric} ({low:.{digits}f} to {high:.{digits}f})"
    )


def _open(outcome: Outcome) -> str:
    if outcome.more is None:
        return "nothing told yet: too few sessions to say how many more it takes"
    rounding = 10 ** max(0, len(str(outcome.more)) - 2)
    unit = "sessions" if outcome.control.clusters is None else "users"
    return f"nothing told yet: about {math.ceil(outcome.more / rounding) * rounding:,} more {unit}"


def _mistrusted(outcome: Outcome) -> str:
    sizes, p = outcome.mismatch, min(outcome.mismatch.p, outcome.mismatch.always_p)
    parts = ", ".join(f"{arm} {count:,}" for arm, count in sizes.counts.items())
    shares = " and ".join(f"{100 * sizes.planned[arm]:g} %" for arm in sizes.counts)
    return f"do not trust: the arms' sizes ({parts}) are not the planned {shares} (p = {p:.1g}); find out why first"


def _changing(outcome: Outcome) -> str:
    return "do not trust: earlier and later looks exclude each other, so the difference changes with time"


def _digits(low: float, high: float) -> int:
    """Decimals that show two digits of an interval's width, three at least for shares."""
    width = abs(high - low)
    return max(0, min(9, 1 - math.floor(math.log10(width)))) if width > 0 else 3


_SENTENCES = {
    "better": _told,
    "worse": _told,
    "same": _same,
    "open": _open,
    "changing": _changing,
    "mismatch": _mistrusted,
}
