"""What comes out of a project: one label a pair with its weight, everybody's labels, the overlap of two annotators."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tamis.calibrate import Labelled
from tamis.core import Floats
from tamis.data import Annotation, atomic_write
from tamis.data.agree import Adjudicated, LabelTable, dawid_skene
from tamis.data.formulas import guarded
from tamis.errors import InputError
from tamis.labelling.guide import Guide
from tamis.labelling.log import Said
from tamis.labelling.pool import Pool

ENDINGS = (".jsonl", ".csv")
MARK = "\ufeff"  # by which spreadsheets know UTF-8


@dataclass(frozen=True, slots=True)
class Judged:
    """Pairs with one label each, out of all that annotators said of them.

    Attributes:
        items: names of the pairs.
        grades: each one's number, shape ``(len(items),)``.
        sure: how much speaks for it: its share of the votes, or its probability by the model; in (0, 1].
        annotators: who labelled it.
    """

    items: tuple[str, ...]
    grades: Floats
    sure: Floats
    annotators: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, items: Iterable[str], said: Said, guide: Guide, *, model: bool = False) -> Judged:
        """One label for each of the pairs that has any: the majority's, or that of the model of Dawid and Skene."""
        kept = [item for item in items if said.labels(item)]
        if not kept:
            return cls((), np.zeros(0), np.zeros(0), ())
        table = table_of(kept, said, guide)
        made = Adjudicated.by_model(table, dawid_skene(table)) if model else Adjudicated.by_majority(table)
        numbers = np.array(guide.numbers)[made.label]
        who = tuple(tuple(entry.annotator for entry in said.labels(item)) for item in kept)
        return cls(tuple(kept), numbers, made.weight, who)

    def labelled(self, pool: Pool, guide: Guide, weights: Floats | None = None) -> Labelled | None:
        """Their scores, labels and queries; None where there is no pair."""
        if not self.items:
            return None
        items = [pool[item] for item in self.items]
        scores = [item.score for item in items]
        queries = [item.query_id for item in items]
        return Labelled.of(scores, self.grades, queries, weights, relevant_if=guide.least)  # type: ignore[arg-type]

    def rows(self, pool: Pool, weights: Floats) -> Iterator[dict[str, Any]]:
        """A row a pair, as ``tamis tune``, ``tamis calibrate`` and ``tamis report`` read it.

        ``weight`` is one over the chance with which a pair came to be labelled. How sure its label is stands apart, as
        ``agreed``: a certificate counts pairs, and may reach only so far as they were drawn alike.
        """
        for place, name in enumerate(self.items):
            item, grade = pool[name], float(self.grades[place])
            yield {
                "item": name,
                "query_id": item.query_id,
                "query": item.query,
                "document": item.document,
                "title": item.title,
                "score": item.score,
                "label": int(grade) if grade.is_integer() else grade,
                "weight": round(float(weights[place]), 9),
                "annotators": ", ".join(self.annotators[place]),
                "agreed": round(float(self.sure[place]), 6),
            }


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file of labels holds.

    Attributes:
        path: the file.
        pairs: how many stand in it.
        disputed: those on which two annotators differ and no third has spoken.
        left_out: pairs of other rounds that are labelled and not in it.
        left: pairs of the round that nobody has labelled yet.
    """

    path: Path
    pairs: int
    disputed: int
    left_out: int
    left: int

    def as_json(self) -> dict[str, Any]:
        """The values as JSON holds them."""
        return {
            "path": str(self.path),
            "pairs": self.pairs,
            "disputed": self.disputed,
            "left_out": self.left_out,
            "left": self.left,
        }


def table_of(items: Sequence[str], said: Said, guide: Guide, most: int | None = None) -> LabelTable:
    """The labels of pairs as a table whose labels are the grades' numbers; of each pair the first ``most`` of them."""
    grades = {f"{number:g}": number for number in guide.numbers}
    told = (
        Annotation(item, entry.annotator, f"{guide.number(entry.label):g}")
        for item in items
        for entry in said.labels(item)[:most]
    )
    return LabelTable.of(told, grades=grades)


def annotation_rows(items: Iterable[str], said: Said, guide: Guide, pool: Pool) -> Iterator[dict[str, Any]]:
    """A row a label: ``item, annotator, label``, and the pair's texts, as ``tamis agree`` reads them."""
    for name in items:
        for entry in said.labels(name):
            number = guide.number(entry.label)
            texts = {"query": pool[name].query, "document": pool[name].document}
            label = int(number) if number.is_integer() else number
            yield {"item": name, "annotator": entry.annotator, "label": label, **texts}


def checked_ending(path: str | Path) -> Path:
    """A path that ends as a file of rows does.

    Raises:
        InputError: it ends otherwise.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: expected a name that ends in {' or '.join(ENDINGS)}")
    return path


def write_table(path: Path, rows: Sequence[Mapping[str, Any]], *, spreadsheet: bool = False) -> int:
    """Write rows as JSONL or CSV, by the path's ending, the whole file or nothing; returns how many there were.

    Args:
        path: the file.
        rows: all with the same columns.
        spreadsheet: a CSV for people with spreadsheets: a byte order mark, and no text that is run as a formula.
    """
    with atomic_write(path) as out:
        if path.suffix == ".csv":
            out.write(MARK if spreadsheet else "")
            table = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
            table.writeheader()
            table.writerows(map(_safe, rows) if spreadsheet else rows)
        else:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return len(rows)


def _safe(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: guarded(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
