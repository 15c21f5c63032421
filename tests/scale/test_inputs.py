"""Which files are meant, what their columns are, and what says that a file was changed."""

import os

import pytest

from tamis.errors import DataError
from tamis.scale.inputs import changed, columns_for, files_of, sha256_of

from .conftest import rows, written


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in/b").mkdir(parents=True)
    for name in ("a.jsonl", "b/c.csv.gz", "b/_d.jsonl", ".e.jsonl", "readme.md", "_SUCCESS"):
        (tmp_path / "in" / name).write_text("query,document\na,b\n")
    return tmp_path / "in"


def test_a_folder_is_its_files_of_rows(folder):
    assert [name for name, _ in files_of(folder)] == ["a.jsonl", "b/c.csv.gz"]
    assert files_of(folder)[0][1] == (folder / "a.jsonl").resolve()


def test_a_pattern_is_what_it_matches(folder):
    assert [name for name, _ in files_of(f"{folder}/**/*.csv*")] == ["b/c.csv.gz"]
    assert [name for name, _ in files_of(f"{folder}/*/*.gz")] == ["b/c.csv.gz"]
    assert [name for name, _ in files_of(f"{folder}/readme.md")] == ["readme.md"]


def test_nothing_is_an_error_that_says_what_was_expected(folder, tmp_path):
    with pytest.raises(DataError, match=r"no such file, did you mean 'a\.jsonl'"):
        files_of(folder / "a.json")
    with pytest.raises(DataError, match=r"found none"):
        files_of(f"{folder}/*.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"expected files that end in .parquet, .jsonl"):
        files_of(tmp_path / "empty")


@pytest.mark.parametrize(
    ("row", "given", "found"),
    [
        ({"query": "a", "document": "b"}, {}, {}),
        ({"query": "a", "documents": ["b"], "title": "t"}, {}, {}),
        ({"问题": "a", "答案": "b", "id": 1}, {}, {"query": "问题", "document": "答案"}),
        ({"q": "a", "docs": ["b"]}, {}, {"query": "q", "documents": "docs"}),
        ({"asked": "a", "text": "b", "title": "c"}, {"query": "asked"}, {"query": "asked", "document": "text"}),
    ],
)
def test_columns_are_as_given_or_usual_or_guessed(tmp_path, row, given, found):
    files = files_of(written(tmp_path / "rows.jsonl", [row]))
    assert columns_for(files, given) == found


def test_a_file_without_such_columns_is_refused_before_anything_is_scored(tmp_path):
    written(tmp_path / "a.jsonl", rows(3))
    written(tmp_path / "b.jsonl", [{"query": "a", "reply": "b"}])
    with pytest.raises(DataError, match=r"b.jsonl: expected a column 'document' or 'documents', found: query, reply"):
        columns_for(files_of(tmp_path), {})


def test_a_file_is_changed_where_its_bytes_are(tmp_path):
    path = written(tmp_path / "a.jsonl", rows(3))
    status = path.stat()
    known = {"bytes": status.st_size, "sha256": sha256_of(path), "modified": status.st_mtime_ns}
    os.utime(path, (1, 1))
    assert not changed(known, path)
    path.write_text(path.read_text().replace("query 0", "query 9"))
    assert changed(known, path)


def test_an_output_below_the_input_is_none(folder):
    (folder / "scored").mkdir()
    (folder / "scored/part-00000.jsonl").write_text("{}")
    assert [name for name, _ in files_of(folder, folder / "scored")] == ["a.jsonl", "b/c.csv.gz"]
