"""A policy or a calibration on the command line: loaded before the work begins, applied when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tamis.core import Decision, Ranking, Scorer

if TYPE_CHECKING:
    from tamis.calibrate import Calibration
    from tamis.decide.policies.policy import Policy


def policy_for(path: Path | None, scorer: Scorer | None) -> Policy | None:
    """The policy of a file, held against the scorer; None where no file is named.

    Raises:
        PolicyError: the file is no policy, was changed, has expired, or was made for another scorer.
    """
    if path is None:
        return None
    from tamis.decide.policies.policy import Policy

    policy = Policy.load(path)
    policy.check_day()
    return policy if scorer is None else policy.bind(scorer)


def calibration_for(named: str | None, model: str) -> Calibration | None:
    """The calibration of a file, or for ``"default"`` the model's own; None where none is named.

    Raises:
        PolicyError: the file is no calibration, or the model comes without one.
    """
    if named is None:
        return None
    from tamis.calibrate import Calibration, default_calibration

    return default_calibration(model) if named == "default" else Calibration.load(named)


def decided(ranking: Ranking, policy: Policy | None, k: int | None) -> Decision:
    """What to show of a ranking; what only ``k`` cuts off a policy's list is told as left out, too."""
    if policy is None:
        return Decision(ranking[:k])
    from tamis.decide.rules.table import limited

    return limited(policy.decide(ranking), k)
