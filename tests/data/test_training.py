"""Merging rows into one example a query, what is refused on the way, and digests."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.data import Example, merged, read_training
from tamis.data.training import Counts, counts, digest, query_key
from tamis.errors import DataError


def source(*rows: dict[str, object]) -> io.BytesIO:
    return io.BytesIO("\n".join(map(json.dumps, rows)).encode())


def test_rows_of_one_query_become_one_example() -> None:
    rows = [
        Example("Why sieve?", ("a", "b"), (1.0, 0.0)),
        Example("what is a tamis", ("c",), (2.0,)),
        Example("why  sieve？", ("c", "a"), (0.0, 1.0)),  # a full-width mark and two blanks: the same query
    ]
    assert merged(rows) == [
        Example("Why sieve?", ("a", "b", "c"), (1.0, 0.0, 0.0)),
        Example("what is a tamis", ("c",), (2.0,)),
    ]


def test_another_instruction_is_another_query() -> None:
    rows = [Example("q", ("a",), (1.0,), "find code"), Example("q", ("a",), (0.0,), "find prose")]
    assert merged(rows) == rows


def test_traditional_and_simplified_spellings_are_one_query() -> None:
    assert query_key("繁體字") == query_key("繁体字")


def test_labels_and_a_teachers_scores_from_two_files_meet() -> None:
    labels = source({"query": "q", "documents": ["a", "b"], "labels": [1, 0]})
    teacher = source({"query": "q", "documents": ["b", "a"], "scores": [-2.5, 3.0]})
    assert read_training([labels, teacher]) == [Example("q", ("a", "b"), (1.0, 0.0), scores=(3.0, -2.5))]


def test_weights_of_repeated_rows_are_averaged_and_ones_are_left_out() -> None:
    row = Example("q", ("a", "b"), (1.0, 0.0), weights=(0.5, 1.0))
    assert merged([row, Example("q", ("a",), (1.0,))])[0].weights == (0.75, 1.0)
    assert merged([Example("q", ("a",), (1.0,), weights=(1.0,))])[0].weights == ()


TORN = [
    Example("q", ("a", "b"), (1.0, 0.0)),
    Example("Q ", ("a",), (0.0,), weights=(3.0,)),
    Example("p", ("c",), (1.0,)),
    Example("p", ("c",), (2.0,)),
]


def test_contradictions_are_refused_with_what_to_do() -> None:
    with pytest.raises(DataError) as caught:
        merged(TORN)
    assert str(caught.value) == (
        "2 documents have contradictory labels: query 'q', document 'a': labelled 0 and 1; query 'p', document 'c': "
        "labelled 1 and 2. `tamis data check` lists all with their lines; correct them, or choose what becomes of "
        "them: conflicts 'drop' leaves such documents out, 'mean' averages"
    )


def test_contradictions_are_dropped_or_averaged() -> None:
    assert merged(TORN, conflicts="drop") == [Example("q", ("b",), (0.0,))]
    assert merged(TORN, conflicts="mean") == [
        Example("q", ("a", "b"), (0.25, 0.0), weights=(2.0, 1.0)),
        Example("p", ("c",), (1.5,)),
    ]


def test_a_row_that_contradicts_itself() -> None:
    with pytest.raises(DataError, match="1 document has contradictory labels"):
        merged([Example("q", ("a", "a"), (1.0, 0.0))])


def test_a_teachers_scores_may_differ_by_noise_only() -> None:
    near = [Example("q", ("a",), scores=(1.0,)), Example("q", ("a",), scores=(1.02,))]
    assert merged(near)[0].scores == pytest.approx((1.01,))
    with pytest.raises(DataError, match="scored 1 and 3"):
        merged([near[0], Example("q", ("a",), scores=(3.0,))])


@pytest.mark.parametrize("field", ["labels", "scores"])
def test_labels_for_some_documents_of_a_query_are_refused(field: str) -> None:
    told = Example("q", ("a",), **{field: (1.0,)})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="for 1 of its 2 documents"):
        merged([told, Example("q", ("b",))])


def test_weights_of_zero_do_not_divide_by_zero() -> None:
    rows = [Example("q", ("a",), (label,), weights=(0.0,)) for label in (0.0, 1.0)]
    assert merged(rows, conflicts="mean") == [Example("q", ("a",), (0.5,), weights=(0.0,))]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows: expected queries"),
        ([{"query": "q", "document": "a"}], "neither labels nor a teacher's scores, the first is 'q'"),
        ([{"query": "q", "document": "a", "label": 0}], "no query has a positive document"),
        ([{"query": " ", "document": "a", "label": 1}], "line 1: the query is blank"),
        ([{"query": "q", "doc": "a", "label": 1}], "line 1: unknown form"),
    ],
)
def test_nothing_to_learn_from(rows: list[dict[str, object]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_training(source(*rows))


def test_unlabelled_rows_are_read_when_asked() -> None:
    assert read_training(source({"query": "q", "document": "a"}), labelled=False) == [Example("q", ("a",))]


def test_errors_name_all_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("query,document,label\nq,a,1\n")
    two.write_text("query,document,label\nq,a,0\n")
    with pytest.raises(DataError, match=r"one\.csv, .*two\.csv: 1 document has contradictory"):
        read_training([one, str(two)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps({"id": d, "text": f"text {d}"}) + "\n" for d in "abc"))
    (tmp_path / "queries.jsonl").write_text('{"id": "1", "text": "q"}\n{"id": "2", "text": "unjudged"}\n')
    (tmp_path / "qrels.tsv").write_text("1\ta\t2\n")
    (tmp_path / "candidates.tsv").write_text("1\tb\n1\ta\n2\tc\n")
    return tmp_path


def test_a_folder_gives_unjudged_candidates_as_negatives_only_when_asked(folder: Path) -> None:
    assert read_training(folder) == [Example("q", ("text a",), (2.0,))]
    assert read_training(folder, unjudged="negative") == [Example("q", ("text a", "text b"), (2.0, 0.0))]


def test_a_folder_with_several_parts_gives_train_and_never_test(folder: Path) -> None:
    (folder / "qrels.tsv").unlink()
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t1\n")
    with pytest.raises(DataError, match="judgments of test, none of train"):
        read_training(folder)
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n2\tc\t1\n")
    assert read_training(folder) == [Example("unjudged", ("text c",), (1.0,))]


def test_counts() -> None:
    examples = [
        Example("q", ("a", "b"), (1.0, 0.0)),
        Example("p", ("a",), (3.0,)),
        Example("o", ("c", "d"), (0.0, -1.0)),
        Example("n", ("a",), scores=(0.3,)),
    ]
    assert counts(examples) == Counts(4, 4, 6, 2, 3, 1, without_positive=1, without_negative=1)


texts = st.text("abc é漢", min_size=1, max_size=4).filter(str.strip)
grades = st.sampled_from([0.0, 1.0, 2.0])


@st.composite
def rows_of(draw: st.DrawFn) -> list[Example]:
    """Rows without contradictions: a table of grades decides."""
    table = draw(st.dictionaries(st.tuples(texts.map(query_key), texts), grades, min_size=1, max_size=12))
    pairs = [*table.items(), *draw(st.lists(st.sampled_from(sorted(table.items())), max_size=5))]
    return [Example(q, (d,), (grade,)) for (q, d), grade in draw(st.permutations(pairs))]


@settings(deadline=None, max_examples=60)
@given(rows_of(), st.randoms(use_true_random=False))
def test_merging_loses_nothing_adds_nothing_and_ends(rows: list[Example], shuffle: random.Random) -> None:
    found = merged(rows)
    pairs = {(e.query, d, label) for e in found for d, label in zip(e.documents, e.labels, strict=True)}
    assert pairs == {(e.query, e.documents[0], e.labels[0]) for e in rows}
    assert sum(len(e.documents) for e in found) == len(pairs)
    assert merged(found) == found
    shuffle.shuffle(rows)
    assert digest(merged(rows)) == digest(found)


def test_a_digest_changes_with_everything_that_counts() -> None:
    base = Example("q", ("a", "b"), (1.0, 0.0))
    others = [
        Example("p", ("a", "b"), (1.0, 0.0)),
        Example("q", ("a", "c"), (1.0, 0.0)),
        Example("q", ("a", "b"), (0.0, 1.0)),
        Example("q", ("a", "b"), (1.0, 0.0), "instruction"),
        Example("q", ("a", "b"), (1.0, 0.0), scores=(1.0, 0.0)),
        Example("q", ("a", "b"), (1.0, 0.0), weights=(1.0, 0.5)),
        Example("q", ("a", "b")),
        Example("q", ("a", "b"), scores=(1.0, 0.0)),
    ]
    assert len({digest([one]) for one in (base, *others)}) == len(others) + 1
    assert digest([Example("q", ("a", "b"), (1.0, 0.0), weights=(1.0, 1.0))]) == digest([base])
