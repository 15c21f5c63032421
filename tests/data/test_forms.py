"""What forms read beside texts and labels: a teacher's scores, weights, instructions; and how they are named."""

from __future__ import annotations

import io
import json

import pytest

from tamis.data import FORMS, Example, form_named, read_examples
from tamis.data.forms.traits import ALL, NO_NEGATIVE
from tamis.errors import DataError


def read(*rows: object) -> list[Example]:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return list(read_examples(io.BytesIO(text.encode()), labelled=False))


@pytest.mark.parametrize(
    "row",
    [
        {"query": "q", "documents": ["a", "b"], "labels": [1, 0], "scores": [2.5, "-1"]},
        {"query": "q", "pos": ["a"], "neg": ["b"], "pos_scores": [2.5], "neg_scores": [-1]},
        {"query": "q", "pos": ["a", " "], "neg": ["b"], "pos_scores": [2.5, 9], "neg_scores": [-1], "type": "normal"},
        'query,documents,labels,scores\nq,"[""a"", ""b""]","[1, 0]","[2.5, -1]"',
    ],
)
def test_scores_of_a_teacher(row: object) -> None:
    assert read(row) == [Example("q", ("a", "b"), (1.0, 0.0), scores=(2.5, -1.0))]


def test_pairs_with_weight_and_teacher_score() -> None:
    row = {"query": "q", "document": "a", "label": 1, "weight": 0.5, "teacher_score": 3}
    assert read(row) == [Example("q", ("a",), (1.0,), scores=(3.0,), weights=(0.5,))]
    table = "query,document,label,weight,teacher_score\nq,a,1,,3\nq,b,,2,\nq,c,0,1,"
    assert read(table) == [
        Example("q", ("a",), (1.0,), scores=(3.0,)),
        Example("q", ("b",), weights=(2.0,)),
        Example("q", ("c",), (0.0,)),
    ]


def test_weights_of_lists() -> None:
    row = {"query": "q", "documents": ["a", "b"], "labels": [1, 0], "weights": [1, 0.25]}
    assert read(row, {**row, "weights": [1, 1]}) == [
        Example("q", ("a", "b"), (1.0, 0.0), weights=(1.0, 0.25)),
        Example("q", ("a", "b"), (1.0, 0.0)),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"query": "q", "positive_doc": "a", "negative_doc": "b", "instruction": "find"},
        {"query": "q", "response": "a", "rejected_response": ["b"], "system": "find"},
        {"query": "q", "pos": ["a"], "neg": ["b"], "prompt": "find"},
        {"query": "q", "pos": ["a"], "neg": ["b"], "prompt": "another", "instruction": "find"},
        {"query": "q", "documents": ["a", "b"], "labels": [1, 0], "instruction": "find"},
        {
            "messages": [{"role": "system", "content": "find"}, {"role": "user", "content": "q"}],
            "positive_messages": [[{"role": "assistant", "content": "a"}]],
            "negative_messages": [[{"role": "assistant", "content": "b"}]],
        },
    ],
)
def test_instructions_under_each_forms_own_name(row: object) -> None:
    assert read(row) == [Example("q", ("a", "b"), (1.0, 0.0), "find")]


def test_rows_as_the_tools_document_them() -> None:
    """Shapes from the documentation of FlagEmbedding's reranker data, ms-swift 3.5 and ms-swift 3.6 and later."""
    flag = {
        "query": "what was the impact of the project?",
        "pos": ["The impact was large."],
        "neg": ["A launch in 1957.", "A plan for Europe."],
        "pos_scores": [96.6875],
        "neg_scores": [90.5625, 89.0],
        "prompt": "Given a query A and a passage B, determine whether the passage contains an answer to the query.",
    }
    old = {"query": "query", "response": "relevant_doc1", "rejected_response": ["irrelevant_doc1", "irrelevant_doc2"]}
    new = {
        "messages": [{"role": "user", "content": "query"}],
        "positive_messages": [
            [{"role": "assistant", "content": "relevant_doc1"}],
            [{"role": "assistant", "content": "relevant_doc2"}],
        ],
        "negative_messages": [[{"role": "assistant", "content": "irrelevant_doc1"}]],
    }
    assert [example.labels for example in read(flag, old, new)] == [(1, 0, 0), (1, 0, 0), (1, 1, 0)]
    assert read(flag)[0].scores == (96.6875, 90.5625, 89.0)


def test_a_text_that_looks_like_a_list_stays_a_text_inside_a_list() -> None:
    row = {"query": "q", "positive_doc": ['["a"]'], "negative_doc": "[]"}
    assert read(row) == [Example("q", ('["a"]',), (1.0,))]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"query": "q", "documents": ["a"], "labels": [1], "scores": [1, 2]}, "'scores': expected 1 scores, .* got 2"),
        ({"query": "q", "documents": ["a"], "labels": [1], "weights": [-1]}, "'weights': expected a weight of 0 or ab"),
        ({"query": "q", "documents": ["a"], "labels": [1], "weights": []}, "'weights': expected 1 weights"),
        ({"query": "q", "document": "a", "label": 1, "weight": "much"}, "'weight': expected a number, got 'much'"),
        ({"query": "q", "document": "a", "label": 1, "weight": -0.5}, "'weight': expected a weight of 0 or above"),
        ({"query": "q", "pos": ["a"], "neg": ["b"], "pos_scores": [1, 2]}, "'pos_scores': expected 1 pos_scores"),
        ({"query": "q", "pos": ["a"], "neg": ["b"], "pos_scores": [1]}, "'neg_scores': expected 1 neg_scores, .* none"),
    ],
)
def test_bad_scores_and_weights(row: object, message: str) -> None:
    with pytest.raises(DataError, match=f"line 1, field {message}"):
        read(row)


def test_each_form_has_a_word_of_its_own_and_carries_known_traits() -> None:
    assert len({form.word for form in FORMS}) == len(FORMS)
    for form in FORMS:
        assert form_named(form.word) is form
        assert form.carries <= ALL
        assert form.unread(form.columns) == []


@pytest.mark.parametrize(
    ("labels", "lacks"), [((1.0, 2.0), True), ((1.0, 0.0), False), ((0.0,), False), ((), False)]
)  # fmt: skip
def test_a_query_without_negatives(labels: tuple[float, ...], lacks: bool) -> None:
    assert NO_NEGATIVE.holds(Example("q", ("a", "b")[: len(labels)], labels)) == lacks
