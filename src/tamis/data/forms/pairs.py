"""Forms with one document a row: pairs, and the pairs of sentence-transformers."""

from __future__ import annotations

from dataclasses import dataclass

from tamis.data.forms.base import Cells, Example, plain, text_of, there, weight, with_instruction
from tamis.data.rows import Row


@dataclass(frozen=True, slots=True)
class PairColumns:
    """What a form calls the query, the document and its label; whether it has columns for more."""

    query: str
    document: str
    label: str
    more: bool = False

    def read(self, row: Row) -> Example:
        """One document; ``label``, ``weight`` and ``teacher_score`` where they are there.

        Raises:
            DataError: a value that is no text, no finite number, or a weight below 0.
        """
        said = weight(row, "weight", row.get("weight")) if self.more and there(row, "weight") else 1.0
        return Example(
            row.text(self.query),
            (text_of(row, self.document, row.get(self.document)),),
            (row.number(self.label),) if there(row, self.label) else (),
            row.text("instruction", ""),
            (row.number("teacher_score"),) if self.more and there(row, "teacher_score") else (),
            () if said == 1 else (said,),
        )

    def rows(self, example: Example) -> list[Cells]:
        """A row for each document."""
        made = []
        for at, document in enumerate(example.documents):
            cells: Cells = {self.query: example.query, self.document: document}
            if example.labels:
                cells[self.label] = plain(example.labels[at])
            if example.scores:
                cells["teacher_score"] = plain(example.scores[at])
            if example.weights:
                cells["weight"] = plain(example.weights[at])
            made.append(with_instruction(cells, example))
        return made
