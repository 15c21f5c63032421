"""Training data from files and folders, what is refused on the way, counts and digests."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tamis.data import Example, read_training
from tamis.data.training import Counts, counts, digest
from tamis.errors import DataError


def source(*rows: dict[str, object]) -> io.BytesIO:
    return io.BytesIO("\n".join(map(json.dumps, rows)).encode())


def test_labels_and_a_teachers_scores_from_two_files_meet() -> None:
    labels = source({"query": "q", "documents": ["a", "b"], "labels": [1, 0]})
    teacher = source({"query": "q", "documents": ["b", "a"], "scores": [-2.5, 3.0]})
    assert read_training([labels, teacher]) == [Example("q", ("a", "b"), (1.0, 0.0), scores=(3.0, -2.5))]


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
