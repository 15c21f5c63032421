"""The form that carries everything: one row a query, with lists of documents, labels, scores and weights."""

from __future__ import annotations

from tamis.data.forms.base import Cells, Example, numbers, plain, text_of, weight, with_instruction
from tamis.data.rows import Row


def read_list(row: Row) -> Example:
    """One query with all its documents.

    Raises:
        DataError: other numbers of labels, scores or weights than of documents, or a value that cannot be used.
    """
    documents = tuple(text_of(row, "documents", item) for item in row.elements("documents"))
    many = len(documents)
    weights = tuple(weight(row, "weights", value) for value in numbers(row, "weights", many))
    return Example(
        row.text("query"),
        documents,
        numbers(row, "labels", many),
        row.text("instruction", ""),
        numbers(row, "scores", many),
        () if all(value == 1 for value in weights) else weights,
    )


def write_list(example: Example) -> list[Cells]:
    """One row."""
    cells: Cells = {"query": example.query, "documents": list(example.documents)}
    for name, values in (("labels", example.labels), ("scores", example.scores), ("weights", example.weights)):
        if values:
            cells[name] = [plain(value) for value in values]
    return [with_instruction(cells, example)]
