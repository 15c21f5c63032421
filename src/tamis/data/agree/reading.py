"""Label tables from files: a row a label, or a row an item with a column for each annotator; known labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tamis.data.agree.table import Gathered, Indices, LabelTable, as_grade, written
from tamis.data.examples import Annotation
from tamis.data.open import Source, name_of, read_lines
from tamis.data.rows import Row, peeked
from tamis.data.tables import delimiter_of, is_json, read_rows, table_records
from tamis.errors import DataError, InputError
from tamis.text import clean


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of labels is written.

    Attributes:
        annotators: columns that hold one annotator's labels each; empty where a column says who the annotator is.
        header: names of all columns of a CSV or TSV file that has no header line.
        missing: labels that mean that no answer was given; a blank cell and null always do.
        grades: the number of each label, for labels that are words.
    """

    annotators: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset()
    grades: Mapping[str, float] | None = None


USUAL = Layout()


def read_labels(source: Source, layout: Layout = USUAL) -> LabelTable:
    r"""Labels by several annotators, with the items' query and document where the file has them.

    A row holds one label: ``item`` (or ``id``), ``annotator`` (or ``worker``) and ``label``, the columns that
    ``read_annotations`` reads; or, with ``layout.annotators``, the labels of one item. Where there is no ``item``,
    query and document together are the item. Items without any label are left out.

    Raises:
        DataError: the file cannot be read, a column is missing, an annotator labels an item twice, an item has two
            texts, or nothing is labelled; with file, line and field.

    >>> import io
    >>> table = read_labels(io.StringIO("item,ann,bob\n1,yes,no\n2,yes,\n"), Layout(annotators=("ann", "bob")))
    >>> table.annotators, table.ratings
    (('ann', 'bob'), 3)
    """
    gathered = Gathered()
    for at, row in enumerate(_rows(source, layout)):
        for said in _wide(row, layout, at) if layout.annotators else _long(row, layout):
            if not gathered.add(said):
                raise row.error(f"annotator {said.annotator!r} labels item {said.item!r} a second time")
            _remember(gathered, row, said.item)
    try:
        return gathered.table(layout.grades)
    except InputError as error:
        raise DataError(str(error), path=name_of(source)) from error


def read_gold(source: Source, table: LabelTable, layout: Layout = USUAL) -> Indices:
    r"""The known label of each item of a table: columns ``item`` (or ``id``) and ``label`` (or ``gold``).

    Returns:
        Places in ``table.labels``, shape ``(items,)``: -1 where the label is not known, ``len(table.labels)`` where it
        is one that no annotator uses.

    Raises:
        DataError: the file cannot be read, an item stands twice, or no item of it is in the table.

    >>> import io
    >>> table = LabelTable.of([Annotation("1", "ann", "yes"), Annotation("2", "ann", "no")])
    >>> read_gold(io.StringIO("item,label\n2,no\n"), table).tolist()
    [-1, 0]
    """
    items = {name: at for at, name in enumerate(table.items)}
    labels = {name: at for at, name in enumerate(table.labels)}
    gold = np.full(len(items), -1, dtype=np.int64)
    for row in read_rows(source):
        field = "label" if "label" in row.values else "gold"
        if field not in row.values:
            raise row.error(f"missing; found: {', '.join(row.values)}", "label")
        at, said = items.get(_item(row)), _label(row, field, layout)
        if at is None or said is None:
            continue
        if gold[at] >= 0:
            raise row.error(f"item {table.items[at]!r} has a known label already")
        gold[at] = labels.get(_name(said, table, layout), len(labels))
    if (gold < 0).all():
        raise DataError("none of its items is among those that were labelled: use the same ids", path=name_of(source))
    return gold


def _name(said: str, table: LabelTable, layout: Layout) -> str:
    """A known label as the table writes it."""
    number = as_grade(said) if layout.grades is None or said not in layout.grades else layout.grades[said]
    return said if table.numbers is None or number is None else written(float(number))


def _rows(source: Source, layout: Layout) -> Iterator[Row]:
    """The rows of a file, with the layout's column names where it has no header line."""
    if not layout.header:
        yield from read_rows(source)
        return
    path = name_of(source)
    first, lines = peeked(read_lines(source))
    if is_json(first):
        raise DataError("a header can be given for CSV and TSV files only, this is JSON", path=path)
    for line, cells in table_records(lines, delimiter_of(first), path):
        if len(cells) != len(layout.header):
            raise DataError(
                f"expected {len(layout.header)} cells, one for each name of the header given, got {len(cells)}",
                path=path,
                line=line,
            )
        yield Row(path, line, dict(zip(layout.header, cells, strict=True)))


def _long(row: Row, layout: Layout) -> Iterator[Annotation]:
    """The one label of a row; none where it is missing."""
    who = next((field for field in ("annotator", "worker") if field in row.values), None)
    if who is None:
        raise row.error(
            f"missing; found: {', '.join(row.values)}. Where each annotator has a column of their own, name these "
            "columns as the annotators",
            "annotator",
        )
    item, annotator, said = _item(row), row.name(who), _label(row, "label", layout)
    if said is not None:
        yield Annotation(item, annotator, said)


def _wide(row: Row, layout: Layout, at: int) -> Iterator[Annotation]:
    """The labels of a row that is an item; it is named by its position where it has no id and no texts."""
    named = "item" in row.values or "id" in row.values or _pair(row)
    item = _item(row) if named else str(at)
    for annotator in layout.annotators:
        if (said := _label(row, annotator, layout)) is not None:
            yield Annotation(item, annotator, said)


def _label(row: Row, field: str, layout: Layout) -> str | None:
    """A label as clean text, or None where no answer was given."""
    value = row.values[field] if field in row.values else row.get(field)
    if value is None:
        return None
    if isinstance(value, (list, dict)):
        raise row.error(f"expected one label, got {value!r:.60}", field)
    said = clean(value).strip() if isinstance(value, str) else str(value)
    if not said or said in layout.missing:
        return None
    if layout.grades is not None and said not in layout.grades:
        raise row.error(f"label {said!r} has no grade: expected one of {', '.join(layout.grades)}", field)
    return said


def _item(row: Row) -> str:
    field = next((field for field in ("item", "id") if field in row), None)
    if field is None and _pair(row):
        return "\t".join(_pair(row))
    return row.name(field or "item")


def _pair(row: Row) -> tuple[str, ...]:
    """Query and document; empty where the row does not have both."""
    return (row.text("query"), row.text("document")) if "query" in row and "document" in row else ()


def _remember(gathered: Gathered, row: Row, item: str) -> None:
    """Keep the item's texts; an item without them, or with others than before, is an error once there are some."""
    pair = _pair(row)
    if not pair and not gathered.texts:
        return
    if not pair or (len(gathered.items) > 1 and not gathered.texts):
        raise row.error("expected a query and a document for every item, or for none", "query")
    if gathered.texts.setdefault(item, (pair[0], pair[1])) != pair:
        raise row.error(f"item {item!r} has another query or document here than in a row before", "item")
