from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tamis.core import Document, Query
from tamis.data import Collection
from tamis.errors import DataError

CORPUS = b'{"id": "d1", "title": "T", "text": "x"}\n{"id": "d2", "title": "", "text": "y"}\n'
QUERIES = '{"id": "q1", "text": "筛"}\n{"id": "q2", "text": "unjudged"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(CORPUS))
    (tmp_path / "queries.jsonl").write_text(QUERIES, encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("q1\td1\t1\nq1\ttextless\t2\nq9\td2\t1\n")
    return tmp_path


def test_a_set(folder: Path) -> None:
    found = Collection.open(folder)
    assert found.name == folder.name
    assert found.documents == {"d1": Document("d1", "x", "T"), "d2": Document("d2", "y")}
    assert found.queries == [Query("筛", "q1"), Query("unjudged", "q2")]
    assert found.judged == [Query("筛", "q1")]
    assert found.qrels["q1"] == {"d1": 1, "textless": 2}
    assert (found.candidates, found.first_stage) == ({}, {})


def test_candidates_and_first_stage(folder: Path) -> None:
    (folder / "candidates.tsv").write_text("q1\td2\t1\t7.5\nq1\td1\t2\t7\n")
    found = Collection.open(str(folder))
    assert found.candidates == {"q1": ["d2", "d1"]}
    assert found.first_stage == {"q1": {"d2": 7.5, "d1": 7.0}}


def test_the_form_of_beir(folder: Path) -> None:
    (folder / "qrels.tsv").unlink()
    (folder / "qrels").mkdir()
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td1\t1\n")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    (folder / "corpus.jsonl.gz").unlink()
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "title": "", "text": "x", "metadata": {}}\n')
    found = Collection.open(folder)
    assert found.qrels == {"q1": {"d1": 1}}
    assert list(found.documents) == ["d1"]


def test_candidates_naming_unknown_documents_are_one_error(folder: Path) -> None:
    (folder / "candidates.tsv").write_text("q1\td1\nq1\tghost\nq2\tphantom\n")
    with pytest.raises(DataError) as caught:
        Collection.open(folder)
    assert str(caught.value) == (
        f"{folder / 'candidates.tsv'}: 2 candidates are not in the corpus, the first is document 'ghost' of query 'q1'"
    )


@pytest.mark.parametrize("missing", ["corpus.jsonl.gz", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named_with_what_is_there(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(DataError, match=rf"no {missing.split('.')[0]}\.\w+ here .*; found "):
        Collection.open(folder)


def test_a_file_is_no_set(folder: Path) -> None:
    with pytest.raises(DataError, match="expected a folder"):
        Collection.open(folder / "qrels.tsv")
    with pytest.raises(DataError, match="expected a folder"):
        Collection.open(folder / "nowhere")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "documents", "queries", "lists"),
    [
        ("scifact", 5183, 300, 0),
        ("trec_dl21", 5299, 53, 53),
        ("kuake_dev", 4987, 809, 809),
        ("house_dev", 11022, 3111, 3111),
    ],
)
def test_real_sets(shared_data: Path, name: str, documents: int, queries: int, lists: int) -> None:
    found = Collection.open(shared_data / "eval" / name)
    assert (len(found.documents), len(found.judged), len(found.candidates)) == (documents, queries, lists)
