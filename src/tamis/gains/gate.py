"""The measured gate: whether rewriting is recommended for a kind of queries, decided on half of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate import Paired, paired

MARGIN = 0.01  # nDCG@10 that rewriting may cost at most
CONFIDENCE = 0.9  # of the two-sided interval, whose lower end is then a one-sided bound of 95 %
FEWEST = 10  # queries that must be there to decide by

Reason: TypeAlias = Literal["same", "harmless", "few", "worse", "unsure"]
ON: frozenset[Reason] = frozenset({"same", "harmless"})


@dataclass(frozen=True, slots=True)
class Gate:
    """What was decided, and what it cost or gained on queries that did not take part in the decision.

    Attributes:
        reason: "same", rewriting changes no figure of the fit half; "harmless", a loss of more than the margin is
            excluded there; "few", there are too few queries to tell; "worse", it loses significantly; "unsure", a loss
            of more than the margin is not excluded.
        fit: with rewriting minus without on the fit half, with a 90 % interval; None where that half is empty.
        held_out: the same on the other half, with a 95 % interval; None where that half is empty.
        margin: the loss that is tolerated, in nDCG@10.
    """

    reason: Reason
    fit: Paired | None
    held_out: Paired | None
    margin: float = MARGIN

    @property
    def on(self) -> bool:
        """Whether rewriting is recommended."""
        return self.reason in ON

    def as_json(self) -> dict[str, Any]:
        """The decision as JSON values."""
        halves = {"fit": self.fit, "held_out": self.held_out}
        shown = {name: None if half is None else _shown(half) for name, half in halves.items()}
        return {"rewriting": "on" if self.on else "off", "reason": self.reason, "margin": self.margin, **shown}


def gate(with_rewriting: Floats, without: Floats, names: Sequence[str], *, margin: float = MARGIN) -> Gate:
    """Decide on half of the queries whether rewriting is recommended, and show the other half's figures.

    A test of non-inferiority: on only where the lower end of the 90 % bootstrap interval of the mean difference lies
    above minus the margin, so that a loss of the margin or more passes in about 5 % of all cases (Walker & Nowacki, J
    Gen Intern Med 2011); more often where few queries lose much, of which a small half may hold none. What is not shown
    to be harmless is off: queries stay as they were typed. A query's half hangs on its id alone.

    Args:
        with_rewriting: nDCG@10 of the system that rewrites, one a query.
        without: that of the same system on queries as they were typed.
        names: the queries' ids.
        margin: the loss that is tolerated, at least 0.

    Raises:
        InputError: different numbers of queries, or a negative margin.

    >>> names = [f"q{at}" for at in range(60)]
    >>> gate(np.full(60, 0.6), np.full(60, 0.5), names).reason, gate(np.zeros(60), np.ones(60), names).reason
    ('harmless', 'worse')
    """
    if not (len(with_rewriting) == len(without) == len(names)):
        sizes = f"{len(with_rewriting)}, {len(without)} values and {len(names)} names"
        raise InputError(f"the gate takes one value a query of each system, got {sizes}")
    if not margin >= 0:
        raise InputError(f"the margin is a loss in nDCG@10 of at least 0, got {margin}")
    fit = np.array([in_fit_half(name) for name in names], dtype=np.bool_)
    held = _difference(with_rewriting[~fit], without[~fit], 0.95)
    found = _difference(with_rewriting[fit], without[fit], CONFIDENCE)
    return Gate(_reason(found, margin), found, held, margin)


def in_fit_half(name: str) -> bool:
    """Whether a query takes part in the decision.

    >>> sum(in_fit_half(str(at)) for at in range(1000))
    520
    """
    return hashlib.sha256(f"gate\n{name}".encode("utf-8", "surrogatepass")).digest()[0] % 2 == 0


def _difference(one: Floats, two: Floats, confidence: float) -> Paired | None:
    return paired(one, two, confidence=confidence) if one.size else None


def _reason(fit: Paired | None, margin: float) -> Reason:
    if fit is None or (fit.queries < FEWEST and fit.ties < fit.queries):
        return "few"
    if fit.ties == fit.queries:
        return "same"
    if fit.difference < 0 and fit.p_value <= 0.05:
        return "worse"
    return "harmless" if fit.low > -margin else "unsure"


def _shown(half: Paired) -> dict[str, Any]:
    return {
        "queries": half.queries,
        "difference": half.difference,
        "interval": [half.low, half.high],
        "p": half.p_value,
        "wins": half.wins,
        "losses": half.losses,
        "ties": half.ties,
    }
