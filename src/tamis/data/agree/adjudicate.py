"""One label an item out of several, with how much it counts; and the items that deserve a second look."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Floats
from tamis.data.agree.skene import DawidSkene
from tamis.data.agree.table import Indices, LabelTable
from tamis.data.write import atomic_write

SURE = 0.99  # a label that is less probable than this goes to the queue even where nobody disagreed


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """One label for each item of a table.

    Attributes:
        table: what it was made from.
        label: places in the table's labels, shape ``(items,)``.
        weight: how much each counts, in (0, 1], shape ``(items,)``: its probability by the model, or share of votes.
    """

    table: LabelTable
    label: Indices
    weight: Floats

    @classmethod
    def by_model(cls, table: LabelTable, model: DawidSkene) -> Adjudicated:
        """Each item's most probable label; the weight is its posterior probability: doubtful items teach less."""
        label = model.posterior.argmax(axis=1)
        return cls(table, label, model.posterior[np.arange(label.size), label])

    @classmethod
    def by_majority(cls, table: LabelTable) -> Adjudicated:
        """The label with most votes; the weight is its share of them. Of tied ones, that which is commonest in all.

        >>> from tamis.data import Annotation
        >>> said = [Annotation("1", "ann", "y"), Annotation("1", "bob", "n"), Annotation("2", "ann", "n")]
        >>> made = Adjudicated.by_majority(LabelTable.of(said))
        >>> [made.table.labels[at] for at in made.label], made.weight.tolist()
        (['n', 'n'], [0.5, 1.0])
        """
        counts = table.counts
        common = counts.sum(axis=0)
        label = (counts + common / (common.sum() + 1)).argmax(axis=1)
        return cls(table, label, counts[np.arange(label.size), label] / counts.sum(axis=1))

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row an item: ``item, label, weight, votes``; with ``query, document`` it is a training pair.

        Labels that are numbers are written as numbers, which is what training reads.
        """
        named = _names(self.table)
        counts = self.table.counts.astype(int)
        for at, item in enumerate(self.table.items):
            votes = {name: int(counts[at, place]) for place, name in enumerate(self.table.labels) if counts[at, place]}
            yield {
                "item": item,
                **_texts(self.table, at),
                "label": named[self.label[at]],
                "weight": round(float(self.weight[at]), 6),
                "votes": votes,
            }


@dataclass(frozen=True, slots=True)
class Queue:
    """The items that a second look teaches most about, most first.

    Attributes:
        table, model: what it was made from.
        items: places of the items: those on which annotators differ, or whose label is less than .99 probable.
        entropy: what the label would tell by the model, in bits, shape ``(len(items),)``; it orders the queue.
        split: the same of the votes alone; it orders items that the model leaves equally open.
    """

    table: LabelTable
    model: DawidSkene
    items: Indices
    entropy: Floats
    split: Floats

    @classmethod
    def of(cls, table: LabelTable, model: DawidSkene) -> Queue:
        """The queue of a table.

        >>> from tamis.data import Annotation
        >>> from tamis.data.agree.skene import dawid_skene
        >>> said = {"ann": "yynnyn", "bob": "yynnyn", "eve": "yynyyn"}
        >>> table = LabelTable.of(Annotation(str(at), who, l) for who, row in said.items() for at, l in enumerate(row))
        >>> next(Queue.of(table, dawid_skene(table)).rows())["votes"]
        {'ann': 'n', 'bob': 'n', 'eve': 'y'}
        """
        counts = table.counts
        entropy, split = _bits(model.posterior), _bits(counts / counts.sum(axis=1, keepdims=True))
        open_items = np.flatnonzero((split > 0) | (model.posterior.max(axis=1) < SURE))
        # Equal posteriors differ in their last digits by the order of sums: rounded, ties go to the votes.
        order = open_items[np.lexsort((open_items, -split[open_items].round(9), -entropy[open_items].round(9)))]
        return cls(table, model, order, entropy[order], split[order])

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row an item: every vote by annotator, what the model makes of them, and both entropies in bits."""
        table, starts = self.table, np.append(self.table.starts, self.table.ratings)
        for place, at in enumerate(self.items):
            said = range(starts[at], starts[at + 1])
            votes = {table.annotators[table.annotator[r]]: table.labels[table.label[r]] for r in said}
            probabilities = zip(table.labels, self.model.posterior[at].round(6).tolist(), strict=True)
            yield {
                "item": table.items[at],
                **_texts(table, int(at)),
                "votes": votes,
                "probability": dict(probabilities),
                "entropy": round(float(self.entropy[place]), 6),
                "split": round(float(self.split[place]), 6),
            }


def write_rows(path: str | Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as JSONL, the whole file or nothing; returns how many there were.

    Raises:
        InputError: the path cannot be a file.
        StorageError: the disk refused it.
    """
    count = 0
    with atomic_write(path) as out:
        for count, row in enumerate(rows, 1):  # noqa: B007
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count


def _names(table: LabelTable) -> list[Any]:
    """The labels as rows write them: whole numbers as integers, other numbers as they are, words as words."""
    if table.numbers is None:
        return list(table.labels)
    return [int(number) if number.is_integer() else number for number in table.numbers.tolist()]


def _texts(table: LabelTable, at: int) -> dict[str, str]:
    return dict(zip(("query", "document"), table.texts[at], strict=True)) if table.texts else {}


def _bits(shares: Floats) -> Floats:
    """Entropy of each row, in bits."""
    return np.asarray(-(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1)) + 0.0
