"""Training examples and annotators' labels from files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tamis.data.collection import Collection
from tamis.data.forms import Example, Form, recognise
from tamis.data.open import Source
from tamis.data.rows import Refused, Row, refuse
from tamis.data.tables import read_rows
from tamis.data.trec import read_qrels
from tamis.errors import DataError

Unjudged: TypeAlias = Literal["ignore", "negative"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one annotator said of one item."""

    item: str
    annotator: str
    label: str


@dataclass(frozen=True, slots=True)
class Placed:
    """An example, the file's line (or the folder) it comes from, the row's form, and its columns.

    Attributes:
        example: the example.
        path, line: where it stands; no line in an evaluation set's folder.
        form: the row's form; None in a folder.
        columns: those of the row.
    """

    example: Example
    path: str
    line: int | None
    form: Form | None = None
    columns: tuple[str, ...] = ()


def read_examples(source: Source, *, labelled: bool = True, unjudged: Unjudged = "ignore") -> Iterator[Example]:
    r"""The examples of a file in any of ``FORMS``, or of an evaluation set's folder; streamed.

    Args:
        source: a JSONL, CSV or TSV file, an open stream, or a folder that ``Collection.open`` reads; where the folder
            holds the judgments of several parts (``qrels/train.tsv``), those of train.
        labelled: whether an example without labels is an error.
        unjudged: ``"negative"`` labels a folder's candidates that nobody judged 0; ``"ignore"`` leaves them out.

    Raises:
        DataError: a row's form is not known, or a value is missing or wrong; with file, line and field.

    >>> import io
    >>> next(read_examples(io.StringIO("query,document,label\nq,d,1\n"))).labels
    (1.0,)
    """
    for placed in read_placed(source, unjudged=unjudged):
        if labelled and placed.form and not placed.example.labels:
            what = f"no labels: {placed.form.name} need a label for each document to learn from"
            raise DataError(what, path=placed.path, line=placed.line)
        yield placed.example


def read_placed(source: Source, *, unjudged: Unjudged = "ignore", refused: Refused | None = None) -> Iterator[Placed]:
    """The examples of a source with their places; rows that cannot be read are handed to ``refused`` if it is given.

    Raises:
        DataError: as ``read_examples`` where ``refused`` is None; else only for what makes the whole source unreadable.

    >>> import io
    >>> wrong = []
    >>> rows = io.StringIO("query,document,label\\nq,d,x\\nq,d,1\\n")
    >>> [placed.line for placed in read_placed(rows, refused=wrong.append)], wrong[0].field
    ([3], 'label')
    """
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        yield from _judged(Path(source), unjudged)
        return
    known: dict[tuple[str, ...], Form | DataError] = {}
    for row in read_rows(source, refused):
        columns = tuple(row.values)
        if (form := known.get(columns)) is None:
            form = known[columns] = _form(row)
        try:
            if isinstance(form, DataError):
                raise row.error(form.message)
            yield Placed(form.example(row), row.path, row.line, form, columns)
        except DataError as error:
            refuse(error, refused)


def _form(row: Row) -> Form | DataError:
    """The row's form, or what is wrong with its columns, which is the same for all rows that have them."""
    try:
        return recognise(row)
    except DataError as error:
        return error


def _judged(folder: Path, unjudged: Unjudged) -> Iterator[Placed]:
    collection = Collection.open(folder)
    train = folder / "qrels" / "train.tsv"
    qrels = read_qrels(train) if train.exists() else collection.qrels
    for query in collection.queries:
        listed = collection.candidates.get(query.id, ()) if unjudged == "negative" and qrels.get(query.id) else ()
        grades = {**qrels.get(query.id, {}), **{doc: 0 for doc in listed if doc not in qrels[query.id]}}
        if known := {doc: grade for doc, grade in grades.items() if doc in collection.documents}:
            texts = tuple(collection.documents[doc].full_text for doc in known)
            example = Example(query.text, texts, tuple(map(float, known.values())), query.instruction)
            yield Placed(example, str(folder), None)


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
