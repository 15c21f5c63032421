"""The index folder on disk: files that never change, written whole or not at all, by one writer at a time."""

from __future__ import annotations

import hashlib
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tamis.data.locks import lock
from tamis.errors import IndexCorruptError, IndexStoreError, StorageError
from tamis.recall.manifest import MANIFEST, FileRecord, Manifest

LOCK, MERGING = "writer.lock", "merge.lock"
BUILDING = "building.json"  # the manifest of a build that is under way: its files are whole
TEMPORARY = MANIFEST + ".tmp"
# Files of a generation, and of a merge, which goes on while generations come.
GENERATED = re.compile(r"[gm]\d{8}-[a-z0-9_.]+")


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """An OSError of the disk becomes a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path}: cannot write ({error.strerror or error}); what the folder held before is unharmed: "
            "make room or correct the permissions, then repeat"
        ) from error


def create(path: Path) -> BinaryIO:
    """A new file, open for writing; every byte of an index goes through a file opened here."""
    return path.open("xb")


class Output:
    """A new file that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _refusals(path):
            self._file = create(path)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            StorageError: the disk refused them.
        """
        with _refusals(self.path):
            self._file.write(data)

    def rewrite_start(self, data: bytes) -> None:
        """Replace the first bytes, then go back to the end."""
        with _refusals(self.path):
            self._file.seek(0)
            self._file.write(data)
            self._file.seek(0, os.SEEK_END)

    def close(self) -> FileRecord:
        """Bring the bytes to the disk, and say what they are."""
        with _refusals(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            return record(self.path)

    def abandon(self) -> None:
        """Close without caring what was written."""
        with suppress(OSError):
            self._file.close()


class ArrayOutput:
    """A ``.npy`` file that grows by rows, so that no array need be in memory whole."""

    def __init__(self, output: Output, dtype: DTypeLike, row_shape: tuple[int, ...] = ()) -> None:
        self.dtype, self.row_shape, self.rows = np.dtype(dtype), row_shape, 0
        self._output = output
        output.write(self._header())

    def append(self, rows: NDArray[Any]) -> None:
        """Append rows, shape ``(n, *row_shape)``."""
        whole = np.ascontiguousarray(rows, dtype=self.dtype)
        self._output.write(whole.tobytes())
        self.rows += len(whole)

    def finish(self) -> None:
        """State in the header how many rows there are."""
        self._output.rewrite_start(self._header())

    def _header(self) -> bytes:
        # numpy pads the header so that the first axis can grow without moving what follows.
        header = io.BytesIO()
        shape = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.rows, *self.row_shape)}
        np.lib.format.write_array_header_1_0(header, shape)
        return header.getvalue()


class Transaction:
    """New files of one generation; ``commit`` makes them the index, leaving without it removes them.

    Args:
        folder: the index.
        generation: a number that no file of the folder carries.
        letter: "g", or "m" for a merge, whose files other writers leave alone.
        written: what an interrupted build had written.
    """

    def __init__(
        self, folder: Path, generation: int, letter: str = "g", written: Mapping[str, FileRecord] | None = None
    ) -> None:
        self.folder, self.generation, self.letter = folder, generation, letter
        self._open: dict[str, Output] = {}
        self._written = dict(written or {})
        self._checked = set(self._written)  # files of a checkpoint, which outlive an error
        self._committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._committed:
            for output in self._open.values():
                output.abandon()
            for name in {*self._open, *self._written, TEMPORARY} - self._checked:
                _remove(self.folder / name)

    def output(self, kind: str) -> tuple[str, Output]:
        """A new file and its name, which no earlier generation has."""
        name = f"{self.letter}{self.generation:08d}-{kind}"
        self._open[name] = Output(self.folder / name)
        return name, self._open[name]

    def array(self, kind: str, values: NDArray[Any]) -> str:
        """Write an array as ``.npy`` and return the file's name."""
        name, output = self.output(f"{kind}.npy")
        rows = ArrayOutput(output, values.dtype, values.shape[1:])
        rows.append(values)
        rows.finish()
        return name

    def close_files(self) -> None:
        """Bring what was written so far to the disk, so that it can be mapped."""
        for name in list(self._open):
            self._written[name] = self._open[name].close()
            del self._open[name]

    def checkpoint(self, manifest: Manifest) -> None:
        """Keep what was written so far, whatever comes: a build that is interrupted now can go on from here.

        Raises:
            StorageError: the disk refused.
        """
        self.close_files()
        complete = self._complete(manifest, {})
        self._put(complete, BUILDING)
        for name in self._written.keys() - complete.files.keys():
            _remove(self.folder / name)
        self._written = dict(complete.files)
        self._checked = set(self._written)

    def commit(self, manifest: Manifest, kept: Mapping[str, FileRecord]) -> Manifest:
        """Make the manifest's files the index, in one step, then remove files that no manifest names.

        Readers that have an earlier generation open keep it: on POSIX systems a mapped file lives until it is unmapped.

        Raises:
            StorageError: the disk refused; the earlier generation stands.
        """
        self.close_files()
        complete = self._complete(manifest, kept)
        self._put(complete, MANIFEST)
        with suppress(OSError):  # it is the index now; what is left over, the next writer takes
            sweep(self.folder, complete)
        return complete

    def _complete(self, manifest: Manifest, kept: Mapping[str, FileRecord]) -> Manifest:
        records = {**kept, **self._written}
        named = {name for segment in manifest.segments for name in segment.files.values()}
        return replace(manifest, files={name: records[name] for name in sorted(named)})

    def _put(self, complete: Manifest, name: str) -> None:
        output = Output(self.folder / TEMPORARY)
        try:
            output.write(complete.encoded())
            output.close()
        finally:
            output.abandon()
        with _refusals(self.folder):
            _sync_folder(self.folder)
            (self.folder / TEMPORARY).replace(self.folder / name)
            self._committed = name == MANIFEST
            _sync_folder(self.folder)


def sweep(folder: Path, manifest: Manifest | None) -> None:
    """Remove index files that the manifest does not name, such as those of a writer that was killed.

    What a merge is writing stays.
    """
    named = set(manifest.files) if manifest else set()
    left = [path for path in folder.iterdir() if GENERATED.fullmatch(path.name) and path.name not in named]
    merged = [path for path in left if path.name.startswith("m")]
    if merged and not _free(folder / MERGING):
        left = [path for path in left if path not in merged]
    for path in (*left, folder / TEMPORARY, folder / BUILDING):
        _remove(path)


def _free(path: Path) -> bool:
    """Whether nobody has the lock of this file (and nobody took it while we asked)."""
    with suppress(OSError):
        file = os.open(path, os.O_RDWR)
        try:
            return lock(file)
        finally:
            os.close(file)
    return True


def next_generation(folder: Path) -> int:
    """A number that no file of the folder carries."""
    return 1 + max((int(path.name[1:9]) for path in folder.iterdir() if GENERATED.fullmatch(path.name)), default=0)


def holds_only_leftovers(folder: Path) -> bool:
    """Whether everything in the folder was left by a writer that did not finish."""
    ours = (LOCK, MERGING, TEMPORARY, BUILDING)
    return all(path.name in ours or GENERATED.fullmatch(path.name) for path in folder.iterdir())


def record(path: Path) -> FileRecord:
    """Size and digest of a file."""
    with path.open("rb") as file:
        return FileRecord(os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


def check(folder: Path, manifest: Manifest, *, digests: bool) -> None:
    """Compare the files with what the manifest says of them: their sizes, and with ``digests`` every byte.

    Raises:
        FileNotFoundError: a file is missing, which is no damage when a writer has moved on meanwhile.
        IndexCorruptError: a file has other bytes than were written.
    """
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            same = record(path) == expected if digests else path.stat().st_size == expected.bytes
        except FileNotFoundError:
            raise
        except OSError as error:
            raise IndexStoreError(f"{path}: cannot read it: {error.strerror}") from error
        if not same:
            raise IndexCorruptError(
                f"{path}: its bytes are not those that were written ({expected.bytes} bytes, sha256 "
                f"{expected.sha256[:12]}...): restore the folder from a copy, or build the index again"
            )


@contextmanager
def writing(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the folder's writer lock; the system releases it when the process ends, however it ends.

    Args:
        folder: the index.
        wait: until whoever holds it is done.

    Raises:
        IndexStoreError: another writer holds it.
        StorageError: the folder cannot be written.
    """
    with _alone(folder, LOCK, "writing", wait):
        yield


@contextmanager
def merging(folder: Path) -> Iterator[None]:
    """Hold the folder's merge lock, beside which others may write.

    Raises:
        IndexStoreError: another process is merging.
        StorageError: the folder cannot be written.
    """
    with _alone(folder, MERGING, "merging", False):
        yield


@contextmanager
def _alone(folder: Path, name: str, doing: str, wait: bool) -> Iterator[None]:
    with _refusals(folder):
        file = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not lock(file, wait=wait):
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "?"
            raise IndexStoreError(f"{folder}: process {holder} is {doing} this index: wait until it ends, then repeat")
        with _refusals(folder / name):
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)


def _remove(path: Path) -> None:
    # Where the system forbids removing a mapped file, the next writer's sweep takes it.
    with suppress(OSError):
        path.unlink()


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
