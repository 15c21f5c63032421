"""Dawid & Skene's model: true labels and each annotator's mistakes, found together from what the annotators said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats
from tamis.data.agree.table import Indices, LabelTable
from tamis.errors import InputError

EVEN = 0.1  # labels added to each row besides, spread evenly, so that nothing is impossible


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """What the model says of labels, annotators and items.

    Attributes:
        prior: how common each label is, shape ``(labels,)``.
        confusion: probability that an annotator says a label (last axis) where another (middle axis) is true, shape
            ``(annotators, labels, labels)``.
        posterior: probability of each label for each item, shape ``(items, labels)``.
        log_likelihood: of what was said.
        iterations: rounds of EM that were run.
        converged: whether the posteriors had come to rest.
        kept: places of the labels that only items have to which someone gave them; see ``dawid_skene``.
    """

    prior: Floats
    confusion: Floats
    posterior: Floats
    log_likelihood: float
    iterations: int
    converged: bool
    kept: tuple[int, ...] = ()


def dawid_skene(table: LabelTable, *, smoothing: float = 3.0, most: int = 1000, tolerance: float = 1e-5) -> DawidSkene:
    """Fit the model by EM, from the shares of votes.

    Dawid & Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (Applied Statistics
    1979). It takes annotators to err independently given the true label; where they share mistakes it is too sure. With
    fewer than three annotators an item it can hardly tell who is right. Nothing is drawn by chance.

    EM may turn a rare label into something else, such as "hard to judge": where it is true, annotators then mostly say
    another one. Such labels are found by that, and the model is fitted anew with each kept to the items to which at
    least one annotator gave it.

    Args:
        table: the labels.
        smoothing: labels added to each row of each confusion matrix as all annotators together spread theirs, so that
            one who has said little is taken to be like the others (partial pooling: Paun et al., TACL 2018); 0 or more.
        most: rounds at most.
        tolerance: it stops when no posterior moves by more than this.

    Raises:
        InputError: an option out of range.

    >>> from tamis.data import Annotation
    >>> said = {"ann": "yynnynnnyn", "bob": "yynnynnyyn", "eve": "yynnynnnyn"}
    >>> table = LabelTable.of(Annotation(str(at), who, l) for who, row in said.items() for at, l in enumerate(row))
    >>> dawid_skene(table).posterior[7].round(2).tolist()
    [1.0, 0.0]
    """
    if smoothing < 0 or most < 1 or tolerance <= 0:
        given = f"{smoothing}, {tolerance} and {most}"
        raise InputError(f"smoothing must be 0 or more, tolerance above 0, most 1 or more; got {given}")
    votes = table.counts
    alone = votes.sum(axis=1).max() < 2  # then nobody can be checked, and everybody is believed
    kept: tuple[int, ...] = ()
    while True:
        allowed = votes > 0 if alone else np.ones(votes.shape, dtype=bool)
        allowed[:, kept] = votes[:, kept] > 0
        model = _fitted(table, allowed, smoothing, (most, tolerance))
        if not (lost := [at for at in _drifted(table, model) if at not in kept]):
            return replace(model, kept=kept)
        kept = tuple(sorted((*kept, *lost)))


def _fitted(table: LabelTable, allowed: NDArray[np.bool_], smoothing: float, until: tuple[int, float]) -> DawidSkene:
    """EM from the shares of votes, with some labels impossible for some items."""
    most, tolerance = until
    votes = table.counts
    posterior = votes / votes.sum(axis=1, keepdims=True)
    said = table.annotator * len(table.labels) + table.label
    moved, rounds = np.inf, 0
    while moved > tolerance and rounds < most:
        prior, confusion = _rates(table, said, posterior, smoothing)
        joint = np.where(allowed, _joint(table, said, prior, confusion), -np.inf)
        peak = joint.max(axis=1, keepdims=True)
        likely = np.exp(joint - peak)
        total = likely.sum(axis=1, keepdims=True)
        fresh = likely / total
        moved, posterior, rounds = float(np.abs(fresh - posterior).max()), fresh, rounds + 1
    log_likelihood = float((peak + np.log(total)).sum())
    return DawidSkene(prior, confusion, posterior, log_likelihood, rounds, moved <= tolerance)


def _drifted(table: LabelTable, model: DawidSkene) -> list[int]:
    """Labels that annotators as a whole do not say most often where the model has them as true."""
    size = model.prior.size
    said = np.stack(
        [np.bincount(table.label, model.posterior[table.item, true], minlength=size) for true in range(size)]
    )
    return [at for at in range(size) if said[at].max() > said[at, at]]


def _rates(table: LabelTable, said: Indices, posterior: Floats, smoothing: float) -> tuple[Floats, Floats]:
    """The M step: priors and confusion matrices of the posteriors."""
    many, size = len(table.annotators), posterior.shape[1]
    given = [np.bincount(said, posterior[table.item, true], minlength=many * size) for true in range(size)]
    confusion = np.stack(given, axis=1).reshape(many, size, size).transpose(0, 2, 1) + EVEN / size
    pooled = confusion.sum(axis=0)
    confusion = confusion + smoothing * pooled / pooled.sum(axis=1, keepdims=True)
    prior = posterior.sum(axis=0) + EVEN / size
    return prior / prior.sum(), confusion / confusion.sum(axis=2, keepdims=True)


def _joint(table: LabelTable, said: Indices, prior: Floats, confusion: Floats) -> Floats:
    """The E step: log-probability of each label together with what was said of the item, shape ``(items, labels)``."""
    logs, starts = np.log(confusion), table.starts
    # One label at a time: all ratings times all labels would be the largest array of the whole fit.
    columns = [np.add.reduceat(logs[:, true].ravel()[said], starts) for true in range(prior.size)]
    return np.asarray(np.stack(columns, axis=1) + np.log(prior))
