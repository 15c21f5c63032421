"""Forms with columns for positive and for negative documents: triplets, ms-swift 3, FlagEmbedding."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tamis.data.forms.base import Cells, Example, numbers, plain, sides, text_of, there, with_instruction
from tamis.data.rows import Row, parse

Rows: TypeAlias = Callable[[Example], list[Cells]]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a form calls the query, its positive and its negative documents, and the instruction."""

    query: str
    positive: str
    negative: str
    instruction: str = "instruction"

    @property
    def more(self) -> str:
        """Columns for further negatives, as a regular expression: ``negative_2`` and so on."""
        return rf"{self.negative}_\d+"

    def read(self, row: Row) -> Example:
        """Positives and negatives in two columns, a text or a list each; more negatives in ``<negative>_2`` and so on.

        Raises:
            DataError: no positive document, or a value that is no text.
        """
        good = texts(row, self.positive)
        if not good:
            raise row.error("expected a positive document, got a blank one", self.positive)
        more = [column for column in row.values if re.fullmatch(self.more, column) and column in row]
        bad = [text for column in (self.negative, *more) if column in row for text in texts(row, column)]
        return graded(row.text(self.query), good, bad, self.said(row))

    def said(self, row: Row) -> str:
        """The instruction, under the form's own name for it or as ``instruction``."""
        return row.text("instruction", "") or row.text(self.instruction, "")


def graded(query: str, good: list[str], bad: list[str], instruction: str = "") -> Example:
    """An example with positives labelled 1 and then negatives labelled 0."""
    return Example(query, (*good, *bad), (1.0,) * len(good) + (0.0,) * len(bad), instruction)


def each_with_each(columns: Columns, blank: bool, carries_instruction: bool) -> Rows:
    """A row for each positive with each negative; a query without negatives leaves them blank, or the column out."""

    def rows(example: Example) -> list[Cells]:
        good, bad = sides(example)
        made: list[Cells] = [
            {columns.query: example.query, columns.positive: single(example.documents[g])} for g in good
        ]
        if bad:
            pairs = itertools.product(made, bad)
            made = [{**cells, columns.negative: single(example.documents[b])} for cells, b in pairs]
        elif blank:
            made = [{**cells, columns.negative: ""} for cells in made]
        return [with_instruction(cells, example) for cells in made] if carries_instruction else made

    return rows


def each_with_all(columns: Columns) -> Rows:
    """A row for each positive, with the list of all negatives."""

    def rows(example: Example) -> list[Cells]:
        good, bad = sides(example)
        negatives = [example.documents[at] for at in bad]
        made = [
            {columns.query: example.query, columns.positive: single(example.documents[at]), columns.negative: negatives}
            for at in good
        ]
        return [with_instruction(cells, example, columns.instruction) for cells in made]

    return rows


FLAG = Columns("query", "pos", "neg", "prompt")


def read_flag(row: Row) -> Example:
    """FlagEmbedding: lists ``pos`` and ``neg``, perhaps a teacher's ``pos_scores`` and ``neg_scores``, and ``prompt``.

    Raises:
        DataError: no positive document, or other numbers of scores than of documents.
    """
    example = FLAG.read(row)
    if not there(row, "pos_scores"):
        return example
    sides = [flag_scores(row, side) for side in ("pos", "neg")]
    return Example(
        example.query, example.documents, example.labels, example.instruction, tuple(itertools.chain(*sides))
    )


def flag_scores(row: Row, side: str) -> list[float]:
    """The scores of one side's documents that are not blank."""
    listed = as_list(row, side) if side in row else []
    scores = numbers(row, f"{side}_scores", len(listed))
    if len(scores) < len(listed):
        raise row.error(f"expected {len(listed)} {side}_scores, one a document, got none", f"{side}_scores")
    return [score for score, text in zip(scores, listed, strict=True) if text_of(row, side, text).strip()]


def write_flag(example: Example) -> list[Cells]:
    """One row with lists."""
    good, bad = sides(example)
    cells: Cells = {"query": example.query}
    for name, side in (("pos", good), ("neg", bad)):
        cells[name] = [example.documents[at] for at in side]
        if example.scores:
            cells[f"{name}_scores"] = [plain(example.scores[at]) for at in side]
    return [with_instruction(cells, example, FLAG.instruction)]


def texts(row: Row, field: str) -> list[str]:
    """The field's texts that are not blank: one string, or a list of them (in a table, a JSON list in the cell)."""
    return [text for item in as_list(row, field) if (text := text_of(row, field, item)).strip()]


def as_list(row: Row, field: str) -> list[Any]:
    """The field as a list, of one where it holds one value."""
    value = row.get(field)
    if isinstance(value, str) and like_list(value):
        value = parse(value, row.path, row.line, field)
    return value if isinstance(value, list) else [value]


def like_list(text: str) -> bool:
    """Whether a cell's text is taken for a JSON list of texts."""
    return text.startswith('["') or text == "[]"


def single(text: str) -> str | list[str]:
    """A document as a text; in a list where it would be taken for a list."""
    return [text] if like_list(text) else text
