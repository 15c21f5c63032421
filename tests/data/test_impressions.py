"""Click logs on disk: columns by many names, lists and single rows, and errors that name line and field."""

import gzip
import io
import json

import pytest

from tamis.data.impressions import Columns, Impression, Log
from tamis.errors import DataError, InputError


def read(text, **columns):
    return list(Log(io.StringIO(text), Columns(**columns)).read())


def test_one_row_an_impression():
    found = read("query,document,position,clicked,propensity,dwell,session\nq,d,2,1,0.5,30,s1\nq,e,3,false,,,\n")
    assert found == [Impression("q", "d", 2, True, 0.5, 30.0, "s1"), Impression("q", "e", 3, False)]


def test_one_row_a_list_as_it_was_shown():
    row = {"query": "q", "documents": ["a", "b"], "clicked": [False, 1], "dwell": [None, 3], "propensity": [1, 0.4]}
    assert read(json.dumps(row) + "\n") == [
        Impression("q", "a", 1, False, 1.0, None, "line 1"),
        Impression("q", "b", 2, True, 0.4, 3.0, "line 1"),
    ]
    assert read(json.dumps({**row, "session_id": 7}))[1].session == "7"


@pytest.mark.parametrize("header", ["qid,doc_id,rank,click", "query_text,item_id,pos,is_click"])
def test_names_that_logs_use(header):
    assert read(f"{header}\nq,d,1,1\n") == [Impression("q", "d", 1, True)]


def test_names_of_your_own():
    assert read("terms,sku,slot,opened\nq,d,1,yes\n", query="terms", document="sku", position="slot", clicked="opened")


def test_gzip(tmp_path):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(b"query,doc,rank,click\nq,d,1,0\n"))
    assert list(Log(path).read()) == [Impression("q", "d", 1, False)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("query,doc,rank\nq,d,1\n", "line 2, field 'clicked': missing; found: query, doc, rank"),
        ("query,rank,click\nq,1,1\n", "line 2, field 'document': missing"),
        ("query,doc,rank,click\nq,d,1,1\nq,d,0,1\n", "line 3, field 'rank': expected a place in the list"),
        ("query,doc,rank,click\nq,d,1.5,1\n", "field 'rank': expected a place in the list, counted from 1, got 1.5"),
        ("query,doc,rank,click\nq,d,1,2\n", "field 'click': expected 0 or 1, got '2'"),
        ("query,doc,rank,click\nq,d,1,maybe\n", "field 'click': expected a number, got 'maybe'"),
        ("query,doc,rank,click\n ,d,1,1\n", "field 'query': expected an id, got a blank string"),
        ("query,doc,rank,click,propensity\nq,d,1,1,0\n", "expected a probability above 0 and at most 1, got 0"),
        ("query,doc,rank,click,dwell\nq,d,1,1,long\n", "field 'dwell': expected a number"),
        ('{"query": "q", "documents": ["a", "b"], "clicked": [1]}', "expected 2 values, one a document, got 1"),
        ('{"query": "q", "documents": ["a"]}', "field 'clicked': missing"),
    ],
)
def test_what_cannot_be_read(text, says):
    with pytest.raises(DataError) as error:
        read(text)
    assert says in str(error.value)


def test_column_names_from_the_command_line():
    assert Columns.parsed(["document=sku", "query=a=b"]) == Columns(document="sku", query="a=b")
    assert Columns.parsed([]) == Columns()
    for wrong, says in (
        ("documnet=x", "Did you mean 'document'"),
        ("document", "expected NAME=COLUMN"),
        ("q=", "NAME="),
    ):
        with pytest.raises(InputError, match=says):
            Columns.parsed([wrong])
