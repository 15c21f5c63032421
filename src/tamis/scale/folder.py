"""The output folder: whose it is, what it was made from, which of its parts are whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tamis.data import atomic_write, canonical
from tamis.data.locks import lock
from tamis.errors import InputError, StorageError
from tamis.scale.blocks import Block
from tamis.scale.part import ERRORS, FORMS, Form, Part

MANIFEST = "manifest.json"
KIND, VERSION = "tamis-bulk", 1
OWN = ".bulk"  # what is needed to go on
BLOCKS, DONE, UNPACKED, TRIES, LOCK = "blocks.jsonl", "done.jsonl", "unpacked", "tries", "lock"


class Folder:
    """An output folder.

    Args:
        path: the folder; it is made where it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()
        self.own = self.path / OWN

    @property
    def unpacked(self) -> Path:
        """Where texts stand that were unpacked."""
        return self.own / UNPACKED

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, no other process works in this folder.

        Raises:
            InputError: another one does; or the folder holds something else, which shall not be mixed with parts.
            StorageError: the folder cannot be made.
        """
        if self.path.exists() and not self.own.is_dir() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise InputError(f"{self.path} is there and no output of tamis bulk: give a new or an empty folder")
        try:
            self.unpacked.mkdir(parents=True, exist_ok=True)
            file = (self.own / LOCK).open("ab")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror or error}") from error
        with file:
            if not lock(file.fileno()):
                raise InputError(f"another tamis bulk is at work in {self.path}: wait for it, or stop it")
            self._swept()
            yield

    def _swept(self) -> None:
        """Take away what a killed run left unfinished, and its tries."""
        for torn in (*self.path.glob(".*.tmp"), *(self.path / ERRORS).glob(".*.tmp"), *self.own.rglob(".*.tmp")):
            torn.unlink(missing_ok=True)
        shutil.rmtree(self.own / TRIES, ignore_errors=True)

    def manifest(self) -> dict[str, Any] | None:
        """What the folder was made from; None where nothing was made yet.

        Raises:
            InputError: it cannot be read, or a newer tamis wrote it.
        """
        path = self.path / MANIFEST
        if not path.exists():
            return None
        try:
            found = json.loads(path.read_text("utf-8"))
            if found["kind"] == KIND and found["version"] == VERSION:
                return dict(found)
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise InputError(f"{path} is no manifest that this tamis reads: begin anew with restart, or in another folder")

    def write_manifest(self, content: Mapping[str, Any]) -> None:
        """Write the manifest, which appears whole or not at all."""
        with atomic_write(self.path / MANIFEST) as out:
            out.write(canonical({**content, "kind": KIND, "version": VERSION}) + "\n")

    def blocks(self) -> list[Block]:
        """The blocks of the manifest's files.

        Raises:
            InputError: they cannot be read.
        """
        try:
            lines = (self.own / BLOCKS).read_text("utf-8").splitlines()
            return [Block(**json.loads(line)) for line in lines]
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{self.own / BLOCKS} cannot be read ({error}): begin anew with restart") from error

    def write_blocks(self, blocks: Sequence[Block]) -> None:
        """Put down the blocks."""
        with atomic_write(self.own / BLOCKS) as out:
            out.writelines(canonical(block.as_json()) + "\n" for block in blocks)

    def done(self, form: Form) -> dict[int, Part]:
        """The parts that are whole, by number: those put down as done whose files hold what was written.

        A line that a crash has torn counts for nothing, nor does a block that was set aside: it is tried again.
        """
        found: dict[int, Part] = {}
        with suppress(FileNotFoundError):
            for line in (self.own / DONE).read_text("utf-8", "replace").split("\n"):
                with suppress(ValueError, TypeError):
                    part = Part(**json.loads(line))
                    found[part.block] = part
        return {number: part for number, part in found.items() if not part.reason and self._is_whole(part, form)}

    def _is_whole(self, part: Part, form: Form) -> bool:
        files = [(self.path / f"part-{part.block:05}.{form}", part.sha256)]
        if part.errors:
            files.append((self.path / ERRORS / f"part-{part.block:05}.jsonl", part.errors))
        with suppress(OSError):
            return all(_digest(path) == digest for path, digest in files)
        return False

    def keep(self, part: Part) -> None:
        """Put down that a block is done; it is on the disk when this returns.

        Raises:
            StorageError: the disk refused it.
        """
        try:
            with (self.own / DONE).open("ab") as out:
                out.write(f"\n{canonical(part.as_json())}\n".encode())
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise StorageError(f"{self.own / DONE} was not written: {error.strerror or error}") from error

    def clear(self) -> None:
        """Take away all that was made here, first what says that it is done; what others put here stays."""
        (self.own / DONE).unlink(missing_ok=True)
        (self.path / MANIFEST).unlink(missing_ok=True)
        for pattern in (*(f"part-*.{form}" for form in FORMS), f"{ERRORS}/part-*.jsonl"):
            for path in self.path.glob(pattern):
                path.unlink()
        (self.own / BLOCKS).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away what nobody needs when all is done."""
        shutil.rmtree(self.unpacked, ignore_errors=True)
        shutil.rmtree(self.own / TRIES, ignore_errors=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
