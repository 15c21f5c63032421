"""Calibration and policy for a new model: fitted on its own scores, since nothing of the old model's holds for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tamis.calibrate import AutoCalibrator, Calibration, Labelled, cross_fitted
from tamis.core import Floats, Progress
from tamis.decide import Policy
from tamis.errors import InputError
from tamis.labels import LabelledSet
from tamis.train.after.figures import Figures
from tamis.train.after.inherited import Inherited, inherited
from tamis.tuning import Tuning, Wanted, tune_policy

CALIBRATION, POLICY = "calibration.json", "policy.json"
CHOSEN_BY_DEV = "the dev queries stand for new ones, although they also chose the checkpoint of the model"


@dataclass(frozen=True, slots=True)
class Refit:
    """Calibration and policy of a new model, or why there are none.

    Attributes:
        calibration: for the new model's scores; None where it cannot be fitted.
        losses: cross-fitted log-loss of its probabilities, and that of always saying the share of relevant pairs.
        why_not: why there is no calibration, or no tuning.
        tuning: the threshold that was asked for, or its refusal; None where none was asked for.
        inherited: what an old policy would do; None where none was named.
        relevant_from: from which label on a pair counted as relevant.
        pairs, queries: what it rests on.
        chosen_on_dev: whether the same queries chose the checkpoint.
    """

    calibration: Calibration | None
    losses: tuple[float, float] | None
    why_not: str
    tuning: Tuning | None
    inherited: Inherited | None
    relevant_from: float
    pairs: int
    queries: int
    chosen_on_dev: bool

    def lines(self) -> list[str]:
        """What to tell people, a sentence a line."""
        found = [self.inherited.line()] if self.inherited else []
        if self.calibration is not None:
            name = getattr(self.calibration.calibrator, "name", type(self.calibration.calibrator).__name__)
            line = f"calibration: {name}, from {self.pairs} pairs of {self.queries} dev queries"
            if self.losses:
                line += f"; log-loss {self.losses[0]:.3f} on queries it was not fitted on, {self.losses[1]:.3f} by rate"
            found.append(line)
        if self.why_not:
            found.append(self.why_not)
        if self.tuning is not None:
            found += _tuned(self.tuning)
        if self.chosen_on_dev and (self.calibration or self.tuning):
            found.append(
                "the dev queries also chose the checkpoint, so these figures are optimistic: for a promise to others, "
                "tune on labels that training has not seen (tamis tune)"
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        calibration = None
        if self.calibration is not None:
            calibration = {"file": CALIBRATION, **self.calibration.report}
        return {
            "calibration": calibration,
            "log_loss": None if self.losses is None else {"held_out": self.losses[0], "base_rate": self.losses[1]},
            "why_not": self.why_not,
            "policy": None if self.tuning is None else self.tuning.as_json(),
            "inherited": None if self.inherited is None else self.inherited.as_json(),
            "relevant_from": self.relevant_from,
            "pairs": self.pairs,
            "queries": self.queries,
            "optimistic": self.chosen_on_dev,
            "lines": self.lines(),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """What a refit shall do beside the calibration.

    Attributes:
        wanted: a policy to tune, such as ``Wanted(preset("precise-qa").target())``; None tunes none.
        old_policy: a policy file of the model before; only compared with.
        chosen_on_dev: whether the dev queries also chose the checkpoint (early stopping).
    """

    wanted: Wanted | None = None
    old_policy: Path | None = None
    chosen_on_dev: bool = True


def refit(figures: Figures, folder: str | Path, asked: Asked | None = None, progress: Progress | None = None) -> Refit:
    """Fit a calibration to the trained model's dev scores, tune a policy where one is asked for, and write both.

    All labelled pairs are used, also those of queries whose labels are all equal. ``calibration.json`` and
    ``policy.json`` are bound to the model's fingerprint; where one cannot be had, a file of an earlier model in its
    place is removed, so that nothing is inherited by mistake. What the data do not allow is said, not raised: the model
    itself is trained.

    Args:
        figures: from ``measure``; the trained model must be the scorer as it will be loaded, for its fingerprint.
        folder: where the files go, ``DIR/training``.
        asked: the policy wanted, and the old one.
        progress: called with (threshold methods done, methods in all).

    Raises:
        InputError: the folder does not exist.
        PolicyError: the old policy cannot be read.
        StorageError: the disk refused a file.
    """
    asked, home = asked or Asked(), Path(folder)
    if not home.is_dir():
        raise InputError(f"{home} is no folder: give the one where the calibration and the policy shall stand")
    old = Policy.load(asked.old_policy) if asked.old_policy is not None else None
    found = labelled(figures)
    calibration, losses, why_not = _calibrated(found)
    tuning = None
    if asked.wanted is not None and not why_not:
        try:
            tuning = tune_policy(found, asked.wanted, progress)
        except InputError as error:
            why_not = f"no policy: {error}"
    _write(home, calibration, tuning, asked.chosen_on_dev)
    return Refit(
        calibration=calibration,
        losses=losses,
        why_not=why_not,
        tuning=tuning,
        inherited=None if old is None else inherited(old, figures),
        relevant_from=figures.dev.relevant_from,
        pairs=len(found.data),
        queries=found.data.queries,
        chosen_on_dev=asked.chosen_on_dev,
    )


def labelled(figures: Figures) -> LabelledSet:
    """The trained model's scores of all labelled dev pairs, by query."""
    ranked, dev = figures.ranked(figures.subject), figures.dev
    rankings = ranked.rankings()
    grades = np.array(
        [
            grade
            for one, ranking in zip(dev.queries, rankings, strict=True)
            for grade in _in_order(dict(zip((d.id for d in one.documents), one.labels, strict=True)), ranking)
        ]
    )
    return LabelledSet(
        data=Labelled.of(
            np.concatenate([ranking.scores for ranking in rankings]),
            grades,
            np.repeat(np.arange(len(rankings)), [len(ranking) for ranking in rankings]),
            relevant_if=dev.relevant_from,
        ),
        query_ids=[one.query.text for one in dev.queries],
        grades=grades,
        stage=ranked.model,
        fingerprint=ranked.fingerprint,
        rankings=rankings,
    )


def _in_order(labels: Mapping[str, float], ranking: Any) -> list[float]:
    return [float(labels[candidate.doc.id]) for candidate in ranking]


def _calibrated(found: LabelledSet) -> tuple[Calibration | None, tuple[float, float] | None, str]:
    """The calibration, what it is worth on queries it has not seen, and why there is none."""
    try:
        calibration = Calibration.fit(found.data, scorer=found.fingerprint, stage=found.stage)
    except InputError as error:
        return None, None, f"no calibration: {error}"
    try:
        chances = cross_fitted(AutoCalibrator(), found.data)
    except InputError:  # too few queries to hold some out
        return calibration, None, ""
    base = np.full(len(found.data), found.data.base_rate)
    return calibration, (_log_loss(chances, found.data), _log_loss(base, found.data)), ""


def _log_loss(chances: Floats, data: Labelled) -> float:
    kept = np.clip(chances, 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(data.labels == 1, np.log(kept), np.log1p(-kept))))


def _write(home: Path, calibration: Calibration | None, tuning: Tuning | None, chosen_on_dev: bool) -> None:
    for name in (CALIBRATION, POLICY):
        (home / name).unlink(missing_ok=True)
    if calibration is not None:
        calibration.save(home / CALIBRATION)
    if tuning is not None and tuning.threshold is not None:
        _policy(tuning, chosen_on_dev).save(home / POLICY)


def _policy(tuning: Tuning, chosen_on_dev: bool) -> Policy:
    """The policy, whose certificate says that it rests on queries that have chosen the model, too."""
    policy = tuning.policy()
    if policy.certificate is None or not chosen_on_dev:
        return policy
    assumptions = [*policy.certificate.get("assumptions", []), CHOSEN_BY_DEV]
    return replace(policy, certificate={**policy.certificate, "assumptions": assumptions})


def _tuned(tuning: Tuning) -> list[str]:
    """A tuning in sentences."""
    certificate = tuning.certificate
    if tuning.threshold is not None:
        promise = (
            f"; {certificate['promise']}" if certificate and certificate.get("issued") else ", nothing is promised"
        )
        return [f"policy: accept scores of at least {tuning.threshold:.6g}{promise}"]
    known = certificate or {}
    found = [f"no policy: the promise was refused: {known.get('reason', 'no threshold keeps it')}"]
    needed, there = known.get("labels_needed", 0), known.get("accepted", 0)
    if needed > there:
        found.append(
            f"at the errors seen so far such a promise takes {needed} labelled pairs above its threshold; {there} are "
            f"there, {needed - there} are missing"
        )
    found += [
        f"these labels do show {100 * least:.4g} %, from a score of {threshold:.6g} on"
        for least, threshold in known.get("nearest_achievable", [])
    ]
    return found
