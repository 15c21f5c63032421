"""Score and signals as one probability: a monotone logistic blend, never on unless held-out queries gain by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.logistic import sigmoid
from tamis.core import PROBABILITY, Floats, Ranking
from tamis.data import digest
from tamis.decide.learned.heldout import (
    LEAST_QUERIES,
    OFF,
    Ablation,
    Design,
    Gain,
    HeldOut,
    Standard,
    ablations,
    pair_losses,
    query_losses,
)
from tamis.decide.learned.predictors import stage_scores
from tamis.decide.learned.signals import Signal, signal_values
from tamis.errors import InputError, PolicyMismatch

SUFFIX = "+signals"
RIDGE = 1.0  # on a standardised signal's weight: keeps it finite where few labels are told apart without a fault


@dataclass(frozen=True, slots=True)
class SignalBlend:
    """``log-odds = slope * score + weights . signals + intercept``, slope and weights at least 0.

    Weights that may not fall below 0 keep the blend monotone: a higher score or signal never lowers a candidate. The
    score part is Platt's map, so that with all weights 0 the blend is the calibrated score.

    Attributes:
        names: of the signals.
        weights: log-odds a unit of each signal.
        slope: log-odds a unit of score.
        intercept: log-odds where score and signals are 0.
        enabled: whether it is used: held-out queries gained by it, or it was forced.
        forced: whether the caller asked for it whatever the gain.
        reason: what was found, in a sentence.
        gain: held-out log-loss of the calibrated score alone, against that of the blend.
        ablation: what leaving out each signal costs.
        stage: name of the stage that gave the scores; empty means the candidates' current ones.
        scorer: fingerprint of what gave them; empty fits any.

    >>> rng = np.random.default_rng(0)
    >>> relevant = rng.random(2000) < 0.3
    >>> scores, signal = 2 * relevant + rng.normal(size=2000), relevant + rng.normal(size=(2000, 1)).T
    >>> data = Labelled.of(scores, relevant, np.arange(2000) // 10)
    >>> blend = SignalBlend.fit(data, signal.T, ["keyword_match"])
    >>> blend.enabled, round(blend.weights[0], 1)
    (True, 1.0)
    """

    names: tuple[str, ...]
    weights: tuple[float, ...]
    slope: float
    intercept: float
    enabled: bool
    forced: bool
    reason: str
    gain: Gain
    ablation: tuple[Ablation, ...]
    stage: str = ""
    scorer: str = ""

    @classmethod
    def fit(
        cls,
        data: Labelled,
        signals: ArrayLike,
        names: Sequence[str],
        *,
        force: bool = False,
        ridge: float = RIDGE,
        seed: int = 0,
    ) -> Self:
        """Learn a blend, and find out whether it helps on queries that it was not learned from.

        Args:
            data: labelled pairs with their queries; scores raw or calibrated log-odds, as the rankings will have them.
            signals: one row a pair, finite, shape ``(n, len(names))``; ``signal_values`` makes them.
            names: the signals' labels.
            force: use the blend whatever the gain; recorded.
            ridge: ``ridge / 2`` times the squared weight of a standardised signal is added to the summed loss.
            seed: another seed deals the queries to other folds.

        Raises:
            InputError: fewer queries than folds, all labels alike, another shape of signals, a signal that is not
                finite, two equal names, or a ridge below 0.
        """
        names = tuple(names)
        table = _checked(data, signals, names)
        if not ridge >= 0:
            raise InputError(f"ridge must be at least 0, got {ridge}")
        columns = np.column_stack([data.scores, table])
        standard = Standard.of(columns, data.weights)
        design, rising = Design.of(standard(columns), data), np.ones(len(names) + 1, dtype=bool)
        held = HeldOut(design, bounded=rising, seed=seed)
        plain, starts = held.logits(np.append(0.0, np.full(len(names), OFF)))
        ridges = np.append(0.0, np.full(len(names), float(ridge)))
        whole, starts = held.logits(ridges, starts)
        beta = design.fit(ridges, bounded=rising, start=starts[0])
        gain = Gain.of(*(query_losses(pair_losses(logits, data), data) for logits in (plain, whole)), seed=seed)
        slopes = beta[:-1] / np.array(standard.scale)
        return cls(
            names=names,
            weights=tuple(slopes[1:].tolist()),
            slope=float(slopes[0]),
            intercept=float(beta[-1] - slopes @ np.array(standard.center)),
            enabled=force or gain.shown,
            forced=force,
            reason=_said(gain, force),
            gain=gain,
            ablation=ablations(held, names, data, weights=beta[1:-1], ridge=ridges, starts=starts),
        )

    def made_for(self, stage: str, scorer: str = "") -> Self:
        """The same blend, bound to the stage whose scores it was learned on, and to the scorer's fingerprint."""
        return replace(self, stage=stage, scorer=scorer)

    def logits(self, scores: ArrayLike, signals: ArrayLike) -> Floats:
        """Log-odds of relevance, shape ``(n,)``, whether enabled or not.

        Args:
            scores: shape ``(n,)``.
            signals: shape ``(n, len(names))``.

        Raises:
            InputError: shapes that do not fit.
        """
        column, table = np.asarray(scores, dtype=np.float64), np.asarray(signals, dtype=np.float64)
        if table.shape != (column.size, len(self.names)) or column.ndim != 1:
            raise InputError(f"expected signals of shape ({column.size}, {len(self.names)}) for {column.size} scores, "
                             f"got {table.shape}")  # fmt: skip
        return np.asarray(self.slope * column + table @ np.array(self.weights) + self.intercept, dtype=np.float64)

    @property
    def digest(self) -> str:
        """Sixteen hex digits of what the blend computes and for which scores."""
        return digest([self.names, self.weights, self.slope, self.intercept, self.stage, self.scorer])[:16]

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "names": list(self.names),
            "weights": list(self.weights),
            "slope": self.slope,
            "intercept": self.intercept,
            "enabled": self.enabled,
            "forced": self.forced,
            "reason": self.reason,
            "gain": self.gain.as_json(),
            "ablation": [row.as_json() for row in self.ablation],
            "stage": self.stage,
            "scorer": self.scorer,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave."""
        return cls(
            **{
                **content,
                "names": tuple(content["names"]),
                "weights": tuple(map(float, content["weights"])),
                "slope": float(content["slope"]),
                "intercept": float(content["intercept"]),
                "gain": Gain.from_json(content["gain"]),
                "ablation": tuple(Ablation.from_json(row) for row in content["ablation"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Blended:
    """A stage that orders candidates by score and signals, under a stage name of its own.

    The new scores are log-odds and stand under ``"<stage>+signals"``, with a fingerprint of their own, so that no
    threshold that was tuned for the plain scores is applied to them; they carry the blend's probabilities. A blend that
    is not enabled leaves rankings as they are.

    Attributes:
        blend: what was learned.
        signals: the signals that it was learned on, in the same order.
    """

    blend: SignalBlend
    signals: tuple[Signal, ...]

    def __post_init__(self) -> None:
        """Check that the signals are those of the blend."""
        object.__setattr__(self, "signals", tuple(self.signals))
        if (labels := tuple(signal.label for signal in self.signals)) != self.blend.names:
            raise InputError(f"the blend was learned on {', '.join(self.blend.names)}; got {', '.join(labels) or 'no'} "
                             "signals: pass the same, in the same order")  # fmt: skip

    def __call__(self, rankings: Sequence[Ranking]) -> list[Ranking]:
        """The rankings in the same order, each reordered by score and signals.

        Raises:
            PolicyMismatch: the scores come from another scorer than the blend was learned for.
            InputError: a candidate lacks the score of the blend's stage.
        """
        return [self._blended(ranking) for ranking in rankings] if self.blend.enabled else list(rankings)

    def _blended(self, ranking: Ranking) -> Ranking:
        if not len(ranking):
            return ranking
        stage = self.blend.stage or latest_stage(ranking)
        made_by = ranking.fingerprints.get(stage, "")
        if self.blend.scorer and made_by != self.blend.scorer:
            raise PolicyMismatch(f"the blend was learned for scores of {self.blend.scorer!r}, those of stage {stage!r} "
                                 f"come from {made_by or 'an unnamed scorer'!r}: fit it again")  # fmt: skip
        logits = self.blend.logits(stage_scores(ranking, self.blend.stage), signal_values(self.signals, [ranking]))
        fingerprint = f"signals:{self.blend.digest}({made_by})"
        after = ranking.rescored(f"{stage}{SUFFIX}", logits, fingerprint=fingerprint)
        return after.calibrated(sigmoid(after.scores))


def latest_stage(ranking: Ranking) -> str:
    """The stage that gave the current scores: the last one whose score each candidate has; "score" where none did.

    >>> from tamis import Candidate, Document, Query
    >>> latest_stage(Ranking(Query("q"), (Candidate(Document("a", "x"), 0.0),)).rescored("mini", [0.2]))
    'mini'
    """
    stages = [name for name in (ranking[0].scores if len(ranking) else {}) if name != PROBABILITY]
    said = (name for name in reversed(stages) if all(c.scores.get(name) == c.score for c in ranking))
    return next(said, "score")


def _said(gain: Gain, force: bool) -> str:
    found = f"the held-out log-loss falls by {gain}"
    if gain.queries < LEAST_QUERIES:
        found = f"{gain.queries} queries cannot show a gain: label at least {LEAST_QUERIES}"
    elif not gain.shown:
        found = f"{found}: that may be chance"
    return f"used because it was asked for; {found}" if force else found


def _checked(data: Labelled, signals: ArrayLike, names: tuple[str, ...]) -> Floats:
    data.with_both("learning a blend")
    table = np.asarray(signals, dtype=np.float64)
    if table.shape != (len(data), len(names)) or not names:
        raise InputError(f"expected signals of shape ({len(data)}, {len(names)}), one row a pair and at least one "
                         f"name, got {table.shape}")  # fmt: skip
    if len(set(names)) != len(names):
        raise InputError(f"names of signals must differ, got {', '.join(names)}")
    if not np.isfinite(table).all():
        at, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        raise InputError(f"signals must be finite, got {table[at, column]} of {names[column]!r} at position {at}")
    return table
