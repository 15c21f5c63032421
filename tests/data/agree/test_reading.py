"""Label tables from every layout of files, known labels, and errors that name the place."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from tamis.data import Annotation, read_annotations
from tamis.data.agree import LabelTable, Layout, read_gold, read_labels
from tamis.errors import DataError, InputError

LONG = "item,annotator,label\n1,ann,yes\n1,bob,no\n2,ann,no\n"


def said(table):
    """A table as annotations, in any order."""
    places = zip(table.item, table.annotator, table.label, strict=True)
    return {Annotation(table.items[i], table.annotators[a], table.labels[label]) for i, a, label in places}


@pytest.mark.parametrize(
    "content",
    [
        LONG,
        "id;worker;label\n1;ann;yes\n1;bob;no\n2;ann;no\n",
        '{"item": 1, "annotator": "ann", "label": "yes"}\n{"item": 1, "annotator": "bob", "label": "no"}\n'
        '{"item": 2, "annotator": "ann", "label": "no"}\n',
    ],
)
def test_a_row_a_label_as_read_annotations_reads_it(content):
    table = read_labels(io.StringIO(content))
    assert said(table) == set(read_annotations(io.StringIO(content)))
    assert (table.items, table.annotators, table.labels) == (("1", "2"), ("ann", "bob"), ("no", "yes"))
    assert table.counts.tolist() == [[1, 1], [1, 0]]
    assert table.starts.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("content", "header"),
    [("item,ann,note,bob\n1,yes,x,no\n2,no,,\n", ""), ("1\tyes\tx\tno\n2\tno\t\t\n", "item,ann,note,bob")],
)
def test_a_row_an_item(content, header):
    layout = Layout(annotators=("ann", "bob"), header=tuple(header.split(",")) if header else ())
    assert said(read_labels(io.StringIO(content), layout)) == said(read_labels(io.StringIO(LONG)))


def test_an_item_is_its_query_and_document_or_its_place_where_it_has_no_id():
    rows = [{"query": "q", "document": d, "annotator": who, "label": 1} for d in "de" for who in ("ann", "bob")]
    table = read_labels(io.StringIO("\n".join(map(json.dumps, rows))))
    assert table.items == ("q\td", "q\te") and table.texts == (("q", "d"), ("q", "e"))
    assert read_labels(io.StringIO("ann,bob\ny,n\ny,y\n"), Layout(annotators=("ann", "bob"))).items == ("0", "1")


def test_what_is_no_answer_is_left_out():
    content = "item,annotator,label\n1,ann,yes\n1,bob,?\n2,bob,\n3,ann,no\n"
    table = read_labels(io.StringIO(content), Layout(missing=frozenset({"?"})))
    assert (table.items, table.annotators, table.ratings) == (("1", "3"), ("ann",), 2)
    row = '{"item": 1, "annotator": "a", "label": %s}\n'
    assert read_labels(io.StringIO(row % '"x"' + '{"item": 1, "annotator": "b", "label": null}\n')).ratings == 1


def test_numbers_are_one_label_however_they_are_written_and_stand_in_their_order():
    rows = [(1, "ann", 10), (1, "bob", "10.0"), (2, "ann", "9"), (2, "bob", 0.5), (3, "ann", "1e1")]
    text = "\n".join(json.dumps(dict(zip(("item", "annotator", "label"), row, strict=True))) for row in rows)
    table = read_labels(io.StringIO(text))
    assert table.labels == ("0.5", "9", "10") and table.numbers.tolist() == [0.5, 9, 10]
    assert table.counts.tolist() == [[0, 0, 2], [1, 1, 0], [0, 0, 1]]


def test_grades_give_words_their_order_and_name_labels_that_nobody_used():
    layout = Layout(grades={"bad": 0, "fair": 1, "fine": 1, "good": 2})
    table = read_labels(io.StringIO("item,annotator,label\n1,a,good\n1,b,bad\n"), layout)
    assert table.labels == ("0", "1", "2") and table.counts.tolist() == [[1, 0, 1]]


@pytest.mark.parametrize(
    ("content", "layout", "message"),
    [
        ("item,annotator,lable\n1,a,x\n", Layout(), "line 2, field 'label': missing; found: .* mean 'lable'"),
        ("item,label\n1,x\n", Layout(), "field 'annotator': missing; found: item, label. Where each annotator has"),
        ("annotator,label\na,x\n", Layout(), "line 2, field 'item': missing"),
        ("item,annotator,label\n1,a,x\n1,a,y\n", Layout(), "line 3: annotator 'a' labels item '1' a second time"),
        ("item,annotator,label\n1,a,\n", Layout(), "there are no labels"),
        ("", Layout(), "there are no labels"),
        ("item,ann\n1,x\n", Layout(annotators=("anne",)), "field 'anne': missing; found: item, ann. .* 'ann'"),
        ("1,x\n", Layout(annotators=("a",), header=("item", "a", "b")), "line 1: expected 3 cells, .* got 2"),
        ('{"item": 1}', Layout(header=("item",)), "a header can be given for CSV and TSV files only"),
        ('{"item": 1, "annotator": "a", "label": ["x"]}', Layout(), "field 'label': expected one label, got"),
        (LONG, Layout(grades={"yes": 1}), "line 3, field 'label': label 'no' has no grade: expected one of yes"),
        ("item,annotator,label\n" + "\n".join(f"{i},a,w{i}" for i in range(300)), Layout(), "at most 256 different"),
        ("item,query,document,annotator,label\n1,q,d,a,x\n1,q,e,b,x\n", Layout(), "line 3.*another query or document"),
        ("item,query,document,annotator,label\n1,q,d,a,x\n2,q,,b,x\n3,,,b,x\n", Layout(), None),
        ('{"item":1,"annotator":"a","label":1}\n{"item":2,"query":"q","document":"d","annotator":"a","label":1}',
         Layout(), "line 2.*a query and a document for every item, or for none"),
        ('{"item":2,"query":"q","document":"d","annotator":"a","label":1}\n{"item":1,"annotator":"a","label":1}',
         Layout(), "line 2.*a query and a document for every item, or for none"),
    ],
)  # fmt: skip
def test_errors_name_the_place(content, layout, message):
    if message is None:
        assert len(read_labels(io.StringIO(content), layout).texts) == 3
        return
    with pytest.raises(DataError, match=message):
        read_labels(io.StringIO(content), layout)


def test_known_labels():
    table = read_labels(io.StringIO(LONG))
    assert read_gold(io.StringIO("item,label\n2,no\n1,maybe\n7,no\n"), table).tolist() == [2, 0]
    assert read_gold(io.StringIO('{"id": 2, "gold": "no"}'), table).tolist() == [-1, 0]
    numbers = LabelTable.of([Annotation("1", "a", "2"), Annotation("1", "b", "0.0")])
    assert read_gold(io.StringIO("item,label\n1,2.0\n"), numbers).tolist() == [1]
    graded = Layout(grades={"bad": 0, "good": 2})
    assert read_gold(io.StringIO("item,label\n1,good\n"), numbers, graded).tolist() == [1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("item,label\n9,no\n", "none of its items is among those that were labelled"),
        ("item,label\n1,no\n1,yes\n", "line 3: item '1' has a known label already"),
        ("item,truth\n1,no\n", "field 'label': missing; found: item, truth"),
    ],
)
def test_known_labels_that_cannot_be_used(content, message):
    with pytest.raises(DataError, match=message):
        read_gold(io.StringIO(content), read_labels(io.StringIO(LONG)))


def test_tables_of_annotations():
    with pytest.raises(InputError, match="annotator 'a' labels item '1' twice"):
        LabelTable.of([Annotation("1", "a", "x"), Annotation("1", "a", "x")])
    with pytest.raises(InputError, match="there are no labels"):
        LabelTable.of([])
    with pytest.raises(InputError, match="label 'x' has no grade"):
        LabelTable.of([Annotation("1", "a", "x")], grades={"y": 1})
    made = LabelTable.of([Annotation("2", "b", "x"), Annotation("1", "a", "x"), Annotation("2", "a", "y")])
    assert made.item.tolist() == [0, 0, 1] and made.annotator.tolist() == [0, 1, 1]
    assert np.array(made.labels)[made.label].tolist() == ["x", "y", "x"]
