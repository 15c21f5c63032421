"""Everything that a table of labels says about its annotators, in one value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.data.agree.adjudicate import Adjudicated, Queue
from tamis.data.agree.annotators import Annotator, annotators, share_right
from tamis.data.agree.bootstrap import Estimate, estimates
from tamis.data.agree.coefficients import (
    Coefficient,
    Fleiss,
    Gwet,
    Interval,
    Krippendorff,
    Ordinal,
    PercentAgreement,
    linear,
    quadratic,
)
from tamis.data.agree.notes import notes
from tamis.data.agree.pairs import Pairwise, cohen
from tamis.data.agree.skene import DawidSkene, dawid_skene
from tamis.data.agree.table import Indices, LabelTable
from tamis.errors import InputError

FEW = 20  # labels of an annotator, on average, below which the model of Dawid and Skene gains nothing over the majority


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree, who is good, and what their labels come to.

    Attributes:
        table: the labels.
        ordinal: whether near misses count as part agreement.
        coefficients: figures with intervals by name, such as ``fleiss_kappa``.
        pairs: Cohen's kappa of each two annotators.
        model: Dawid & Skene's model of the labels.
        annotators: each one's quality.
        known: right labels of the model's and of the majority's adjudication, where labels are known; else empty.
        known_items: how many items have a known label.
    """

    table: LabelTable
    ordinal: bool
    coefficients: Mapping[str, Estimate]
    pairs: Pairwise
    model: DawidSkene
    annotators: tuple[Annotator, ...]
    known: Mapping[str, Estimate] = field(default_factory=dict)
    known_items: int = 0

    @property
    def prevalence(self) -> Floats:
        """Each label's share of all ratings, shape ``(labels,)``."""
        totals = self.table.counts.sum(axis=0)
        return np.asarray(totals / totals.sum())

    @property
    def specific(self) -> Floats:
        """How often others who labelled an item say a label where one says it, shape ``(labels,)``; NaN where unused.

        Uebersax's proportions of specific agreement, which Cicchetti & Feinstein (1990) want beside any kappa.
        """
        counts = self.table.counts
        rated = counts.sum(axis=1, keepdims=True)
        pairs = (counts * (rated - 1)).sum(axis=0)
        same = (counts * (counts - 1)).sum(axis=0)
        return np.asarray(np.divide(same, pairs, out=np.full(pairs.size, np.nan), where=pairs > 0))

    @property
    def notes(self) -> list[str]:
        """What the figures mean, in sentences, the most important first."""
        return notes(self)

    @property
    def few(self) -> bool:
        """Whether annotators gave too few labels for a model of each of them: the majority is as good, and plainer."""
        return self.table.ratings < FEW * len(self.table.annotators)

    def adjudicated(self, *, majority: bool = False) -> Adjudicated:
        """One label an item, by the model or by the majority."""
        table, model = self.table, self.model
        return Adjudicated.by_majority(table) if majority else Adjudicated.by_model(table, model)

    def queue(self) -> Queue:
        """The items for a second look."""
        return Queue.of(self.table, self.model)

    def as_json(self) -> dict[str, Any]:
        """The values as JSON holds them; a figure that is not defined is null, with its reason under ``undefined``."""
        table, figures = self.table, self.coefficients
        return {
            "items": len(table.items),
            "annotators": len(table.annotators),
            "ratings": table.ratings,
            "level": "ordinal" if self.ordinal else "nominal",
            **{name: found.value for name, found in figures.items()},
            "interval": {name: found.interval for name, found in figures.items()},
            "undefined": {name: found.reason for name, found in figures.items() if found.value is None},
            "notes": self.notes,
            "labels": self._labels(),
            "pairs": [pair.as_json() for pair in self.pairs.pairs],
            "quality": [who.as_json() for who in self.annotators],
            "adjudicated": self._adjudicated(),
            **({"gold": self._known()} if self.known else {}),
        }

    def _labels(self) -> list[dict[str, Any]]:
        rows = zip(self.table.labels, self.prevalence.tolist(), self.specific.tolist(), strict=True)
        return [
            {"label": name, "share": share, "agreement": None if math.isnan(same) else same}
            for name, share, same in rows
        ]

    def _adjudicated(self) -> dict[str, Any]:
        return {
            "disputed": int(((self.table.counts > 0).sum(axis=1) > 1).sum()),
            "queue": int(self.queue().items.size),
            "unlike_majority": int((self.adjudicated(majority=True).label != self.adjudicated().label).sum()),
            "prior": dict(zip(self.table.labels, self.model.prior.round(6).tolist(), strict=True)),
            "iterations": self.model.iterations,
            "converged": self.model.converged,
        }

    def _known(self) -> dict[str, Any]:
        return {
            "items": self.known_items,
            **{name: {"accuracy": found.value, "interval": found.interval} for name, found in self.known.items()},
        }


def agreement(
    table: LabelTable, *, ordinal: bool = False, gold: Indices | None = None, confidence: float = 0.95, seed: int = 0
) -> Agreement:
    """Measure the agreement of a table's annotators.

    Nominal: percent agreement, Cohen's kappa (mean over pairs), Fleiss' kappa, Krippendorff's alpha, Gwet's AC1.
    Ordinal: alpha is the ordinal one, and weighted kappas (linear, quadratic), AC2 (quadratic), and alpha nominal and
    interval stand beside them; percent agreement, Cohen, Fleiss and AC1 stay what they are.

    Args:
        table: the labels.
        ordinal: whether the labels have an order.
        gold: the place of each item's known label, as ``read_gold`` gives it.
        confidence: wanted coverage of the intervals, in (0, 1).
        seed: of the resamples; the same seed gives the same intervals.

    Raises:
        InputError: ``ordinal`` where labels are words, or an option out of range.

    >>> from tamis.data import Annotation
    >>> said = {"ann": "yynnynnnyy", "bob": "yynnynnyny", "eve": "yynnynnnyn"}
    >>> table = LabelTable.of(Annotation(str(at), who, l) for who, row in said.items() for at, l in enumerate(row))
    >>> found = agreement(table)
    >>> round(found.coefficients["fleiss_kappa"].value, 2), round(found.coefficients["gwet_ac1"].value, 2)
    (0.6, 0.6)
    """
    if ordinal and table.numbers is None:
        raise InputError(f"labels {', '.join(map(repr, table.labels[:3]))} have no order: give each its grade")
    pairs = cohen(table, confidence=confidence)
    found = estimates(_nominal(), table.counts, confidence=confidence, seed=seed)
    figures = {"percent_agreement": found.pop("percent_agreement"), "cohen_kappa": pairs.mean, **found}
    if ordinal:
        size = len(table.labels)
        figures["krippendorff_alpha_nominal"] = figures["krippendorff_alpha"]
        figures |= estimates(_ordinal(table), table.counts, confidence=confidence, seed=seed)
        figures["kappa_linear"] = cohen(table, linear(size), confidence=confidence).mean
        figures["kappa_quadratic"] = cohen(table, quadratic(size), confidence=confidence).mean
    model = dawid_skene(table)
    known, items = _hits(table, model, gold, confidence) if gold is not None else ({}, 0)
    people = annotators(table, model, gold=gold, confidence=confidence)
    return Agreement(table, ordinal, figures, pairs, model, people, known, items)


def _nominal() -> dict[str, Coefficient]:
    return {
        "percent_agreement": PercentAgreement(),
        "fleiss_kappa": Fleiss(),
        "krippendorff_alpha": Krippendorff(),
        "gwet_ac1": Gwet(),
    }


def _ordinal(table: LabelTable) -> dict[str, Coefficient]:
    size = len(table.labels)
    numbers = np.arange(size, dtype=np.float64) if table.numbers is None else table.numbers
    return {
        "krippendorff_alpha": Krippendorff(Ordinal()),
        "krippendorff_alpha_interval": Krippendorff(Interval(numbers)),
        "gwet_ac2": Gwet(quadratic(size)),
    }


def _hits(table: LabelTable, model: DawidSkene, gold: Indices, confidence: float) -> tuple[dict[str, Estimate], int]:
    """Right labels of both adjudications among the items whose label is known."""
    seen = gold >= 0
    made = {"dawid_skene": Adjudicated.by_model(table, model), "majority": Adjudicated.by_majority(table)}
    right = {name: (each.label[seen] == gold[seen]).astype(np.float64) for name, each in made.items()}
    return {name: share_right(hits, confidence) for name, hits in right.items()}, int(seen.sum())
