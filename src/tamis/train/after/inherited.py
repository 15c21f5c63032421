"""An old policy's threshold on a new model's scores: why it cannot be inherited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.decide import Policy
from tamis.decide.policies.cuts import fit_to_show, passing
from tamis.train.after.figures import BEFORE, Figures
from tamis.train.after.ranked import Ranked


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a threshold does to one system's dev scores.

    Attributes:
        system: "before" or "after".
        share: of all pairs, how many it accepts.
        precision: of those, how many are relevant; None where it accepts none.
    """

    system: str
    share: float
    precision: float | None

    def as_json(self) -> dict[str, Any]:
        """The shares as JSON values."""
        return {"system": self.system, "share": self.share, "precision": self.precision}


@dataclass(frozen=True, slots=True)
class Inherited:
    """How an old policy's threshold would behave on the new model's scores; it is shown, never used.

    Attributes:
        threshold: the old policy's, of all segments; None where it has none.
        before: on the scores it was made for; None where the start of training is another model.
        after: on the new model's scores; None without a threshold.
    """

    threshold: float | None
    before: Acceptance | None
    after: Acceptance | None

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "threshold": self.threshold,
            "before": None if self.before is None else self.before.as_json(),
            "after": None if self.after is None else self.after.as_json(),
        }

    def line(self) -> str:
        """The comparison in a sentence."""
        if self.threshold is None or self.after is None:
            return "the old policy has no threshold of its own for all documents: there is nothing to compare"
        was = f"accepted {_said(self.before)}" if self.before else "was made for a model other than the start"
        return (
            f"the old policy is not inherited: its threshold {self.threshold:.4g} {was}, on the new model's scores it "
            f"would accept {_said(self.after)}"
        )


def inherited(old: Policy, figures: Figures) -> Inherited:
    """Hold an old policy's threshold against the trained model's dev scores, and against those of the start.

    Args:
        old: the policy of the model before.
        figures: from ``measure``.
    """
    threshold = old.thresholds.default
    if threshold is None or not np.isfinite(threshold):
        return Inherited(None, None, None)
    before = figures.systems.get(BEFORE)
    same = before is not None and before.ranked is not None and before.ranked.fingerprint == old.scorer
    was = _accepted(old, threshold, figures.ranked(BEFORE)) if same else None
    return Inherited(threshold, was, _accepted(old, threshold, figures.ranked(figures.subject)))


def _accepted(old: Policy, threshold: float, ranked: Ranked) -> Acceptance:
    scores = np.concatenate(ranked.scores)
    relevant = np.concatenate([ranked.dev.relevant(at) for at in range(len(ranked.dev.queries))])
    taken = passing(scores, threshold, old.direction)
    right = fit_to_show(relevant.astype(np.float64), old.direction)
    return Acceptance(ranked.name, float(taken.mean()), float(right[taken].mean()) if taken.any() else None)


def _said(found: Acceptance) -> str:
    share = f"{found.share:.1%} of the dev pairs"
    return f"{share} (precision {found.precision:.3f})" if found.precision is not None else share
