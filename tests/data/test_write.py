from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tamis.data import atomic_path, atomic_write, atomic_write_bytes, write_run
from tamis.errors import InputError, StorageError


def only(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_text_and_bytes(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a") as out:
        out.write("筛\n")
    with atomic_write_bytes(tmp_path / "b") as raw:
        raw.write(b"\x00\r\n")
    with atomic_path(tmp_path / "c") as path:
        path.write_text("c")
    assert only(tmp_path) == {"a": "筛\n".encode(), "b": b"\x00\r\n", "c": b"c"}


def test_readers_see_the_old_file_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with atomic_write(path) as out:
        out.write("new")
        out.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_an_error_in_the_block_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyError), atomic_write(path) as out:
        out.write("half")
        raise KeyError
    assert only(tmp_path) == {"file": b"old"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: str
) -> None:
    path = tmp_path / "run"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), refuse)
    with pytest.raises(StorageError, match=r"was not written: .*What was there before is unchanged"):
        write_run(path, {"q": {"d": 1.0}})
    assert only(tmp_path) == {"run": b"old"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_write_that_the_disk_refuses(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(StorageError, match="No space left"), atomic_path(path), open("/dev/full", "wb", 0) as full:  # noqa: PTH123
        full.write(b"x")
    assert only(tmp_path) == {"file": b"old"}


def test_errors_about_other_files_are_not_taken_for_ours(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "file"):
        (tmp_path / "missing").read_text()
    assert only(tmp_path) == {}


def test_paths_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"), atomic_write(tmp_path):
        pass
    with pytest.raises(InputError, match="does not exist"), atomic_write(tmp_path / "no" / "file"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="devices, links and modes of POSIX")
def test_devices_are_refused_links_followed_and_modes_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="device or pipe"), atomic_write("/dev/null"):
        pass
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    with atomic_write(link) as out:
        out.write("new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
