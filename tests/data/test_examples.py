from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tamis.data import Annotation, Example, read_annotations, read_examples
from tamis.errors import DataError


def examples(*rows: object, labelled: bool = True) -> list[Example]:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return list(read_examples(io.BytesIO(text.encode()), labelled=labelled))


GOOD_AND_BAD = Example("q", ("a", "b"), (1.0, 0.0))


@pytest.mark.parametrize(
    "row",
    [
        {"query": "q", "positive_doc": "a", "negative_doc": "b"},
        {"query": "q", "positive_doc": ["a"], "negative_doc": ["b"]},
        {"query": "q", "documents": ["a", {"text": "b"}], "labels": [1, 0]},
        {"query": "q", "response": "a", "rejected_response": ["b"]},
        {"anchor": "q", "positive": "a", "negative": "b"},
        {"anchor": "q", "positive": "a", "negative_1": "b"},
        {"query": "q", "positive": "a", "negative": "b"},
        {"query": "q", "pos": ["a"], "neg": ["b"]},
        {
            "messages": [{"role": "user", "content": "q"}],
            "positive_messages": [[{"role": "assistant", "content": "a"}]],
            "negative_messages": [[{"role": "assistant", "content": "b"}]],
        },
        {
            "messages": [{"role": "user", "content": "q"}],
            "positive_messages": [{"role": "assistant", "content": "a"}],
            "negative_messages": [{"role": "assistant", "content": "b"}],
        },
        "query,positive_doc,negative_doc\nq,a,b",
        "query,documents,labels\nq,\"[\"\"a\"\", \"\"b\"\"]\",\"[1, 0]\"",
        "anchor\tpositive\tnegative\nq\ta\tb",
    ],
)  # fmt: skip
def test_forms_of_a_good_and_a_bad_document(row: object) -> None:
    assert examples(row) == [GOOD_AND_BAD]


@pytest.mark.parametrize(
    "row",
    [
        {"query": "q", "document": "a", "label": 0.5},
        {"sentence1": "q", "sentence2": "a", "score": 0.5},
        {"sentence1": "q", "sentence2": "a", "label": "0.5"},
        "query,document,label\nq,a,0.5",
    ],
)
def test_forms_of_one_document(row: object) -> None:
    assert examples(row) == [Example("q", ("a",), (0.5,))]


def test_what_forms_may_leave_out_and_add() -> None:
    assert examples({"anchor": "q", "positive": "a"}) == [Example("q", ("a",), (1.0,))]
    assert examples("query,positive_doc,negative_doc\nq,a,") == [Example("q", ("a",), (1.0,))]
    row = {"anchor": "q", "positive": "a", "negative": "b", "negative_2": "c"}
    assert examples(row) == [Example("q", ("a", "b", "c"), (1.0, 0.0, 0.0))]
    system = {"role": "system", "content": "i"}
    row2 = {"messages": [system, {"role": "user", "content": "q"}], "positive_messages": [[{"content": "a"}]]}
    assert examples(row2) == [Example("q", ("a",), (1.0,), "i")]
    assert examples({"query": "q", "document": "a"}, labelled=False) == [Example("q", ("a",))]
    assert examples({"query": "q", "documents": ["a"]}, labelled=False) == [Example("q", ("a",))]
    assert examples({"query": "q", "documents": [{"title": "t", "text": "x"}]}, labelled=False)[0].documents == (
        "t\nx",
    )


def test_forms_may_change_within_a_file() -> None:
    pair = {"query": "q", "document": "a", "label": 1}
    assert len(examples(pair, {"query": "q", "positive_doc": "a", "negative_doc": "b"}, pair)) == 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"query": "q", "postive_doc": "a", "negative_doc": "b"}, "mean 'positive_doc' instead of 'postive_doc'"),
        ({"foo": 1}, r"line 1: unknown form: found the columns foo. Known: triplets \(query, positive_doc, "),
        ({"query": "q", "documents": ["a"], "labels": [1, 0]}, "field 'labels': expected 1 labels, .* got 2"),
        ({"query": "q", "documents": "a", "labels": [1]}, "field 'documents': expected a list, got 'a'"),
        ({"query": "q", "documents": ["a", 3], "labels": [1, 0]}, "field 'documents': expected a string, got 3"),
        ({"query": "q", "documents": [{"body": "a"}], "labels": [1]}, "got the keys body"),
        ({"query": "q", "document": "a"}, "no labels: pairs need a label"),
        ({"query": "q", "document": "a", "label": "yes"}, "field 'label': expected a number, got 'yes'"),
        ({"query": "q", "document": "a", "label": float("inf")}, "no labels"),
        ({"query": None, "document": "a", "label": 1}, "field 'query': expected a value, got null"),
        ({"query": "q", "positive_doc": " ", "negative_doc": "b"}, "field 'positive_doc': expected a positive"),
        ({"messages": [], "positive_messages": []}, "field 'messages': expected a message of the user"),
        ({"messages": ["q"], "positive_messages": []}, "expected messages with role and content, got 'q'"),
    ],
)  # fmt: skip
def test_bad_examples(row: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        examples(row)


def test_errors_name_the_line() -> None:
    with pytest.raises(DataError, match="line 2, field 'label'"):
        examples({"query": "q", "document": "a", "label": 1}, {"query": "q", "document": "a", "label": "x"})


def test_a_set_gives_its_judged_documents(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text('{"id": "a", "title": "T", "text": "x"}\n{"id": "b", "text": "y"}\n')
    (tmp_path / "queries.jsonl").write_text('{"id": "1", "text": "q"}\n{"id": "2", "text": "p"}\n')
    (tmp_path / "qrels.tsv").write_text("1\ta\t2\n1\tb\t0\n1\tghost\t1\n2\tghost\t1\n")
    assert list(read_examples(tmp_path)) == [Example("q", ("T\nx", "y"), (2.0, 0.0))]


def test_annotations() -> None:
    table = io.StringIO("item,annotator,label\n1,ann,yes\n1,bob,no\n")
    assert read_annotations(table) == [Annotation("1", "ann", "yes"), Annotation("1", "bob", "no")]
    rows = io.StringIO('{"id": 1, "worker": "w", "label": 2}\n')
    assert read_annotations(rows) == [Annotation("1", "w", "2")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "item,annotator,lable\n1,a,x\n",
            "field 'label': missing; found: item, annotator, lable. Did you mean 'lable'",
        ),
        ("item,annotator,label\n1,a,x\n1,a,y\n", "line 3: annotator 'a' labels item '1' twice, on lines 2 and 3"),
        ("item,label\n1,x\n", "field 'annotator': missing"),
    ],
)
def test_bad_annotations(content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_annotations(io.StringIO(content))
