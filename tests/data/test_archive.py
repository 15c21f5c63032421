"""A folder as one file: what is in it, what is left out, and nothing half-written."""

from __future__ import annotations

import zipfile

import pytest

from tamis.data.archive import archive
from tamis.errors import InputError


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "faq"
    (home / "training" / "checkpoints").mkdir(parents=True)
    (home / "config.json").write_text("{}")
    (home / "模型.bin").write_bytes(bytes(1000))
    (home / "training" / "result.json").write_text("{}")
    (home / "training" / "checkpoints" / "state").write_text("x")
    return home


def test_all_files_under_the_folders_name(folder, tmp_path):
    made = archive(folder, tmp_path / "faq.zip", without=("checkpoints",))
    with zipfile.ZipFile(made) as packed:
        assert packed.namelist() == ["faq/config.json", "faq/training/result.json", "faq/模型.bin"]
        assert packed.read("faq/模型.bin") == bytes(1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faq", "faq.zip"]


def test_links_lead_nowhere(folder, tmp_path):
    (tmp_path / "secret").write_text("mine")
    (folder / "link").symlink_to(tmp_path / "secret")
    with zipfile.ZipFile(archive(folder, tmp_path / "faq.zip")) as packed:
        assert "faq/link" not in packed.namelist()


def test_what_is_no_folder(tmp_path):
    with pytest.raises(InputError, match="is no folder: expected one to pack"):
        archive(tmp_path / "none", tmp_path / "a.zip")
    assert not [*tmp_path.iterdir()]
