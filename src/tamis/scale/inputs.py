"""What is scored: one file, the files of a folder, or those of a pattern; each surveyed into blocks."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tamis.data import Row, read_rows
from tamis.data.open import open_file
from tamis.errors import DataError
from tamis.scale.blocks import Block, InputFile, Range, Size, numbered
from tamis.scale.parquet_blocks import first_rows, is_parquet, ranges_of
from tamis.scale.text_blocks import survey
from tamis.scoring.columns import ROWS, columns_in, guessed_in

TEXTS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
ENDINGS = (".parquet", *TEXTS, *(f"{ending}.gz" for ending in TEXTS))


def files_of(source: str | Path, output: str | Path = "") -> list[tuple[str, Path]]:
    """The files that a file's name, a folder or a pattern (``data/*.jsonl``, ``**``) means: names and paths, sorted.

    Of a folder those that end as files of rows do, in folders below it, too; names that begin with a dot or an
    underscore are left out, as Spark and Hadoop do, and what lies below ``output``, if that is said.

    Raises:
        DataError: there is none.
    """
    root = Path(source)
    if root.is_file():
        return [(root.name, root.resolve())]
    if not root.is_dir():
        above, found = _matching(str(source))
    else:
        above, found = root, [path for path in root.rglob("*") if path.name.lower().endswith(ENDINGS)]
    named = {path.relative_to(above).as_posix(): path for path in found if path.is_file() and not _in(output, path)}
    kept = {name: path for name, path in named.items() if not any(part[0] in "._" for part in name.split("/"))}
    if not kept:
        raise DataError(f"expected files that end in {', '.join(ENDINGS)}, found none", path=source)
    return [(name, kept[name].resolve()) for name in sorted(kept)]


def _in(folder: str | Path, path: Path) -> bool:
    return bool(folder) and path.resolve().is_relative_to(Path(folder).resolve())


def _matching(pattern: str) -> tuple[Path, list[Path]]:
    """What a pattern matches, and the folder above all of it."""
    if not glob.has_magic(pattern):
        open_file(Path(pattern)).close()  # raises: says what was perhaps meant
    fixed = Path(*_before_magic(Path(pattern).parts))
    return fixed, [Path(path) for path in glob.glob(pattern, recursive=True)]  # noqa: PTH207  # of any root


def _before_magic(parts: Sequence[str]) -> Iterator[str]:
    for part in parts[:-1]:
        if glob.has_magic(part):
            return
        yield part


def surveyed(
    files: Sequence[tuple[str, Path]], unpacked: Path, size: Size, told: Callable[[int], None]
) -> tuple[list[InputFile], list[Block]]:
    """Read all files once: what they are, and the blocks of their rows.

    Args:
        files: names and paths.
        unpacked: the folder for the text of files that cannot be read from their middle.
        size: of the blocks.
        told: called with the number of rows of each block.

    Raises:
        DataError: a file cannot be read, or no file has a row.
    """
    found, ranges = [], dict[int, list[Range]]()
    for at, (name, path) in enumerate(files):
        status, digest = path.stat(), sha256_of(path)
        if is_parquet(path):
            ranges[at] = [*ranges_of(path, size)]
            for block in ranges[at]:
                told(block[1])
            file = InputFile(name, str(path), "parquet", status.st_size, digest, status.st_mtime_ns, str(path))
        else:
            own = survey(path, unpacked / digest, size, told)
            ranges[at] = own.ranges
            where = (str(path), own.kind, status.st_size, digest, status.st_mtime_ns)
            file = InputFile(name, *where, str(own.read), own.header)
        found.append(file)
    blocks = [*numbered(ranges)]
    if not blocks:
        raise DataError("no rows: expected one a pair, with a query and a document", path=files[0][1].parent)
    return found, blocks


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # wants a name for read


def changed(known: Mapping[str, Any], path: Path) -> bool:
    """Whether a file is another than the manifest knows; read only where it was written since."""
    status = path.stat()
    if (status.st_size, status.st_mtime_ns) == (known["bytes"], known["modified"]):
        return False
    return bool(status.st_size != known["bytes"] or sha256_of(path) != known["sha256"])


def columns_for(files: Sequence[tuple[str, Path]], given: Mapping[str, str]) -> dict[str, str]:
    """What the files call ``query``, ``document`` and ``documents``: as given, by these names, or guessed from others.

    Raises:
        DataError: a file has no column of queries or of documents in its first rows.
    """
    columns: dict[str, str] | None = None
    for name, path in files:
        if rows := _first(name, path):
            held = dict.fromkeys(column for row in rows for column in row.values)
            columns = _named(rows, held, given) if columns is None else columns
            _expect(path, held, columns)
    return dict(given) if columns is None else columns


def _first(name: str, path: Path) -> list[Row]:
    if is_parquet(path):
        return first_rows(path, name, ROWS)
    return [*islice(read_rows(path, lambda error: None), ROWS)]


def _named(rows: Sequence[Row], held: Collection[str], given: Mapping[str, str]) -> dict[str, str]:
    """The given names, and guesses where a column is called neither as given nor as it usually is."""
    guess = guessed_in(columns_in(rows))
    found = dict(given)
    if "query" not in found and "query" not in held and "query" in guess:
        found["query"] = guess["query"]
    if not any(name in found or name in held for name in ("document", "documents")):
        found |= {name: guess[name] for name in ("document", "documents") if name in guess}
    return found


def _expect(path: Path, held: Collection[str], columns: Mapping[str, str]) -> None:
    there = ", ".join(held) or "none"
    for wanted in (("query",), ("document", "documents")):
        names = [columns.get(name, name) for name in wanted]
        if not any(name in held for name in names):
            what = f"expected a column {' or '.join(map(repr, names))}, found: {there}; name them: "
            raise DataError(what + f"{wanted[0]}=NAME", path=path)
