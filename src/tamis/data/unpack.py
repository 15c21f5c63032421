"""Files of a zip archive, taken out where they can do no harm."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path

from tamis.errors import DataError

MOST_FILES, MOST_BYTES = 200, 2_000_000_000


def unpack(archive: str | Path, folder: str | Path, *, files: int = MOST_FILES, size: int = MOST_BYTES) -> list[Path]:
    """Take the files of a zip archive out into a folder, which is made; returns their paths.

    Names that lead out of the folder, links, encrypted files, and archives that hold more than was asked for are
    refused before anything is written. Hidden files and what operating systems leave in archives are passed over.

    Args:
        archive: the file.
        folder: where its files come to stand.
        files: how many it may hold.
        size: how many bytes all of them may be together.

    Raises:
        DataError: it is no such archive, or one of those.
    """
    path = Path(archive)
    try:
        with zipfile.ZipFile(path) as opened:
            return _taken(opened, path, Path(folder), files, size)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise DataError(f"expected a zip archive: {error}", path=path.name) from error
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise DataError("holds a file and a folder of one name", path=path.name) from error


def _taken(opened: zipfile.ZipFile, path: Path, folder: Path, files: int, size: int) -> list[Path]:
    # Names as they will be used: some systems write a backslash between folders.
    named = {entry.filename.replace("\\", "/"): entry for entry in opened.infolist()}
    entries = {name: entry for name, entry in named.items() if not name.endswith("/") and not _beside(name)}
    if len(entries) > files:
        raise DataError(f"holds {len(entries):,} files: expected at most {files:,}", path=path.name)
    if (whole := sum(entry.file_size for entry in entries.values())) > size:
        raise DataError(f"holds {whole:,} bytes: expected at most {size:,}", path=path.name)
    for name, entry in entries.items():
        parts = name.split("/")
        leads = stat.S_ISLNK(entry.external_attr >> 16), name.startswith("/"), ".." in parts, ":" in parts[0]
        if any(leads):
            raise DataError(f"holds {entry.filename!r:.100}, which leads out of the archive", path=path.name)
        if entry.flag_bits & 1:
            raise DataError("is encrypted: give one without a password", path=path.name)
    made = []
    for name, entry in entries.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(entry) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)
        made.append(target)
    return made


def _beside(name: str) -> bool:
    """Whether an entry is none that its author meant."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.split("/"))
