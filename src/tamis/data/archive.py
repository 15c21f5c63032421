"""A folder as one file that people can fetch."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from pathlib import Path

from tamis.data.write import atomic_path
from tamis.errors import InputError


def archive(folder: str | Path, path: str | Path, *, without: Collection[str] = ()) -> Path:
    """Write a folder's files as a zip archive, under the folder's name; it appears whole or not at all.

    Nothing is compressed, since weights of models hardly can be. Links are left out.

    Args:
        folder: whose files.
        path: the archive.
        without: names of files and folders, at any depth, that are left out.

    Raises:
        InputError: there is no such folder, or the archive's folder does not exist.
        StorageError: the disk refused it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     home = Path(place) / "model"
    ...     home.mkdir()
    ...     _ = (home / "config.json").write_text("{}")
    ...     made = archive(home, Path(place) / "model.zip")
    ...     zipfile.ZipFile(made).namelist()
    ['model/config.json']
    """
    home, target = Path(folder), Path(path)
    if not home.is_dir():
        raise InputError(f"{home} is no folder: expected one to pack")
    with atomic_path(target) as made, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:
        for file in sorted(home.rglob("*")):
            name = file.relative_to(home)
            if file.is_file() and not file.is_symlink() and not set(name.parts) & set(without):
                packed.write(file, (Path(home.name) / name).as_posix())
    return target
