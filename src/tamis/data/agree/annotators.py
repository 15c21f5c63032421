"""How good each annotator is: against the others, by the model's confusion matrix, and against known labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.data.agree.bootstrap import Estimate
from tamis.data.agree.coefficients import NOTHING
from tamis.data.agree.pairs import around
from tamis.data.agree.skene import DawidSkene
from tamis.data.agree.table import Indices, LabelTable
from tamis.evaluate.ratios import ratio

SURPRISE = 0.05  # one who always says the same is flagged where the others would do so less often than this


@dataclass(frozen=True, slots=True)
class Annotator:
    """One annotator's quality.

    Attributes:
        name: who.
        ratings: how many items they labelled.
        agreement: mean share of an item's other labels that are theirs; None where nobody else labelled their items.
        kappa: that, corrected for chance, with its interval: 0 is what one who does not look would reach.
        accuracy: the model's probability that what they say is true, mean over their labels, in [0, 1].
        confusion: the model's probability of what they say (columns) under each true label (rows).
        flags: what is wrong with them, in words; empty for most.
        gold: share of known labels that they hit, with its interval; None where none is known.
        gold_items: how many of their items have a known label.
    """

    name: str
    ratings: int
    agreement: float | None
    kappa: Estimate
    accuracy: float
    confusion: Floats
    flags: tuple[str, ...] = ()
    gold: Estimate | None = None
    gold_items: int = 0

    def as_json(self) -> dict[str, Any]:
        """The values as JSON holds them; known labels' part only where there are some."""
        known = {} if self.gold is None else {
            "gold_items": self.gold_items, "gold_accuracy": self.gold.value, "gold_interval": self.gold.interval
        }  # fmt: skip
        return {
            "annotator": self.name,
            "ratings": self.ratings,
            "agreement": self.agreement,
            "kappa": self.kappa.value,
            "kappa_interval": self.kappa.interval,
            "accuracy": self.accuracy,
            "confusion": self.confusion.round(6).tolist(),
            "flags": list(self.flags),
            **known,
        }


def annotators(
    table: LabelTable, model: DawidSkene, *, gold: Indices | None = None, confidence: float = 0.95
) -> tuple[Annotator, ...]:
    """The quality of every annotator of a table, in its order.

    Kappa is Cohen's of the annotator and one of the others drawn at random for each item, with the interval of Fleiss,
    Cohen & Everitt (1969); with two annotators it is theirs.

    Args:
        table: the labels.
        model: the model fitted to it.
        gold: the place of each item's known label, as ``read_gold`` gives it.
        confidence: wanted coverage of the intervals, in (0, 1).

    >>> from tamis.data import Annotation
    >>> from tamis.data.agree.skene import dawid_skene
    >>> said = {"ann": "yynnynnnyn", "bob": "yynnynnyyn", "eve": "yyyyyyyyyy"}
    >>> table = LabelTable.of(Annotation(str(at), who, l) for who, row in said.items() for at, l in enumerate(row))
    >>> annotators(table, dawid_skene(table))[2].flags
    ("always says 'y'",)
    """
    tail = (1 + confidence) / 2
    rest = _Rest.of(table)
    right = model.posterior[table.item, table.label]
    own = table.annotator
    many = len(table.annotators)
    ratings = np.bincount(own, minlength=many)
    accuracy = np.bincount(own, right, minlength=many) / ratings
    known: Mapping[int, tuple[Estimate, int]] = {} if gold is None else _known(table, gold, confidence)
    found = []
    for at, name in enumerate(table.annotators):
        agreement, kappa = rest.figures(at, tail)
        flags = tuple(flag for flag in (rest.constant(at, table.labels), rest.blind(at, kappa)) if flag)
        hit, items = known.get(at, (None, 0))
        confusion = model.confusion[at]
        found.append(
            Annotator(name, int(ratings[at]), agreement, kappa, float(accuracy[at]), confusion, flags[:1], hit, items)
        )
    return tuple(found)


def share_right(right: Floats, confidence: float = 0.95) -> Estimate:
    """The share of right labels, with Wilson's interval; ``right`` holds 0 or 1 an item.

    >>> share_right(np.array([1.0, 1.0, 0.0, 1.0])).value
    0.75
    """
    if not right.size:
        return Estimate(None, reason="no item of theirs has a known label")
    found = ratio(right, np.ones(right.size), confidence=confidence)
    return Estimate(found.value, found.low, found.high)


def _known(table: LabelTable, gold: Indices, confidence: float) -> dict[int, tuple[Estimate, int]]:
    truth = gold[table.item]
    seen = np.flatnonzero(truth >= 0)
    seen = seen[np.argsort(table.annotator[seen], kind="stable")]
    ends = np.searchsorted(table.annotator[seen], np.arange(1, len(table.annotators)))
    right = np.split((table.label[seen] == truth[seen]).astype(np.float64), ends)
    return {at: (share_right(mine, confidence), mine.size) for at, mine in enumerate(right)}


@dataclass(frozen=True, slots=True)
class _Rest:
    """Each annotator against the others of their items; sums over the labels of items that others labelled too.

    Attributes:
        items: how many there are.
        agreement: mean share of the others who say the same.
        chance: that of labels drawn from both sides' shares.
        error: standard error of kappa.
        mine, rest: shares of the annotator's labels, and of the others', shape ``(annotators, labels)``.
    """

    items: Indices
    agreement: Floats
    chance: Floats
    error: Floats
    mine: Floats
    rest: Floats

    @classmethod
    def of(cls, table: LabelTable) -> _Rest:
        """One pass over the labels."""
        counts, many, size = table.counts, len(table.annotators), len(table.labels)
        others = counts.sum(axis=1)[table.item] - 1
        seen = others > 0
        own, label, item, others = table.annotator[seen], table.label[seen], table.item[seen], others[seen]
        shares = counts[item]
        shares[np.arange(label.size), label] -= 1
        shares /= others[:, None]
        items = np.bincount(own, minlength=many)
        there = np.maximum(items, 1)
        same = shares[np.arange(label.size), label]
        agreement = np.bincount(own, same, minlength=many) / there
        mine: Floats = np.bincount(own * size + label, minlength=many * size).reshape(many, size) / there[:, None]
        rest = np.stack([np.bincount(own, column, minlength=many) for column in shares.T], axis=1) / there[:, None]
        chance = (mine * rest).sum(axis=1)
        # Kappa's derivative in one item: of what is observed, and of what both sides' shares make of chance.
        moved = rest[own, label] + (mine[own] * shares).sum(axis=1) - 2 * chance[own]
        below = np.where(1 - chance > NOTHING, 1 - chance, np.inf)[own]
        slope = ((same - agreement[own]) - (1 - agreement[own]) / below * moved) / below
        error = np.sqrt(np.bincount(own, slope**2, minlength=many)) / there
        return cls(items, agreement, chance, error, mine, rest)

    def figures(self, at: int, tail: float) -> tuple[float | None, Estimate]:
        """Agreement and kappa of one annotator."""
        items = int(self.items[at])
        if not items:
            return None, Estimate(None, reason="nobody else labelled their items")
        agreement, expected = float(self.agreement[at]), float(1 - self.chance[at])
        if expected <= NOTHING:
            return agreement, Estimate(None, reason="they and all others use one label only")
        rarest = (1 - (1 - tail) ** (1 / items)) / expected
        return agreement, around(1 - (1 - agreement) / expected, float(self.error[at]), items, tail, rarest)

    def constant(self, at: int, labels: tuple[str, ...]) -> str:
        """A word on one who always says the same where the others do not."""
        top, items = int(self.mine[at].argmax()), int(self.items[at])
        if self.mine[at, top] < 1 or float(self.rest[at, top]) ** items >= SURPRISE:
            return ""
        return f"always says {labels[top]!r}"

    def blind(self, at: int, kappa: Estimate) -> str:
        """A word on one whose agreement with the others is chance, or less."""
        if kappa.low is None or kappa.high is None or kappa.low > 0:
            return ""
        after = f"after {int(self.items[at])} labels"
        return f"below chance {after}: labels swapped?" if kappa.high < 0 else f"cannot be told from chance {after}"
