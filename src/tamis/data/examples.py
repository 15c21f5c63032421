"""Training examples and annotators' labels from files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tamis.data.collection import Collection
from tamis.data.forms import Example, recognise
from tamis.data.open import Source
from tamis.data.rows import Row
from tamis.data.tables import read_rows


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one annotator said of one item."""

    item: str
    annotator: str
    label: str


def read_examples(source: Source, *, labelled: bool = True) -> Iterator[Example]:
    r"""The examples of a file in any of ``FORMS``, or of an evaluation set's folder; streamed.

    Args:
        source: a JSONL, CSV or TSV file, an open stream, or a folder that ``Collection.open`` reads.
        labelled: whether an example without labels is an error.

    Raises:
        DataError: a row's form is not known, or a value is missing or wrong; with file, line and field.

    >>> import io
    >>> next(read_examples(io.StringIO("query,document,label\nq,d,1\n")))
    Example(query='q', documents=('d',), labels=(1.0,), instruction='')
    """
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        yield from _judged(Collection.open(source))
        return
    form = None
    for row in read_rows(source):
        if form is None or not all(column in row.values for column in form.columns):
            form = recognise(row)
        example = form.example(row)
        if labelled and not example.labels:
            raise row.error(f"no labels: {form.name} need a label for each document to learn from")
        yield example


def _judged(collection: Collection) -> Iterator[Example]:
    for query in collection.judged:
        grades = {doc: grade for doc, grade in collection.qrels[query.id].items() if doc in collection.documents}
        if grades:
            texts = tuple(collection.documents[doc].full_text for doc in grades)
            yield Example(query.text, texts, tuple(map(float, grades.values())), query.instruction)


def read_annotations(source: Source) -> list[Annotation]:
    r"""Labels by several annotators: columns ``item`` (or ``id``), ``annotator`` (or ``worker``) and ``label``.

    Raises:
        DataError: a column is missing, or an annotator labels an item twice; with file, line and field.

    >>> import io
    >>> read_annotations(io.StringIO("item,worker,label\n1,ann,yes\n"))
    [Annotation(item='1', annotator='ann', label='yes')]
    """
    places: dict[tuple[str, str], int] = {}
    annotations = []
    for row in read_rows(source):
        said = Annotation(_first(row, "item", "id"), _first(row, "annotator", "worker"), _label(row))
        if (first := places.setdefault((said.item, said.annotator), row.line)) != row.line:
            raise row.error(
                f"annotator {said.annotator!r} labels item {said.item!r} twice, on lines {first} and {row.line}"
            )
        annotations.append(said)
    return annotations


def _first(row: Row, *fields: str) -> str:
    return row.name(next((field for field in fields if field in row), fields[0]))


def _label(row: Row) -> str:
    value = row.get("label")
    return row.text("label") if isinstance(value, str) else str(value)
