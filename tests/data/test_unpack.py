"""Archives: taken out whole, or refused before anything is written."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.data.unpack import unpack
from tamis.errors import DataError


def packed(path, files, **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


def test_files_come_out_but_for_what_systems_leave(tmp_path):
    files = {"set/corpus.jsonl": "{}", "set/qrels/test.tsv": "q\td\t1", "__MACOSX/set/._c": "x", ".DS_Store": "x"}
    made = unpack(packed(tmp_path / "a.zip", files), tmp_path / "out")
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in made) == [
        "set/corpus.jsonl",
        "set/qrels/test.tsv",
    ]
    assert (tmp_path / "out/set/qrels/test.tsv").read_text() == "q\td\t1"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a\\..\\..\\x", "C:\\x", "C:/x", "\\x", "\\\\host\\x"])
def test_what_leads_out_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="leads out"):
        unpack(packed(tmp_path / "a.zip", {"fine.txt": "x", name: "x"}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_backslashes_stand_between_folders(tmp_path):
    made = unpack(packed(tmp_path / "a.zip", {"set\\": "", "set\\corpus.jsonl": "{}"}), tmp_path / "out")
    assert made == [tmp_path / "out/set/corpus.jsonl"]


def test_a_file_and_a_folder_of_one_name_are_one_error(tmp_path):
    with pytest.raises(DataError, match="of one name"):
        unpack(packed(tmp_path / "a.zip", {"a": "x", "a/b": "x"}), tmp_path / "out")


def test_a_link_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        out.writestr(entry, "/etc/passwd")
    with pytest.raises(DataError, match="leads out"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_too_much_is_refused_before_it_is_written(tmp_path):
    path = packed(tmp_path / "a.zip", {"big": "0" * 1_000_000, "small": "1"})
    with pytest.raises(DataError, match="1,000,001 bytes: expected at most 10,000"):
        unpack(path, tmp_path / "out", size=10_000)
    with pytest.raises(DataError, match="2 files"):
        unpack(path, tmp_path / "out", files=1)
    assert not (tmp_path / "out").exists()


@given(st.binary(max_size=200))
def test_what_is_no_archive_is_refused_in_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("z") / "a.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected a zip archive"):
        unpack(path, path.parent / "out")
