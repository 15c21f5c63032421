"""Texts that were asked for before, by a digest of what was asked: in memory, and in a file if one is named."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from tamis.errors import InputError

_MADE = "CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID"
_READ = "SELECT text FROM replies WHERE key = ?"
_WRITE = "INSERT OR REPLACE INTO replies VALUES (?, ?)"
PATIENCE = 1.0  # seconds that another process's write is waited for
VERSION = 0x7A315257  # what the file says it is, since any program may name its file so


class Cache:
    """Remembers texts; those not asked for the longest are forgotten first. Threads and processes may share a file.

    The file is SQLite with a write-ahead log: what was written stays after ``kill -9``. It keeps everything, only its
    owner may read it (it holds what people asked, in other words), and where it cannot be read or written, the cache
    goes on without it.

    Args:
        path: the file, made where there is none; None remembers in memory only.
        entries: most texts that are held in memory.

    Attributes:
        hits: texts that were remembered, so far.
        misses: texts that were not.

    Raises:
        InputError: ``entries`` is below 1, or the path is no such file and none can be made there.

    >>> cache = Cache(entries=1)
    >>> cache.put(key("a"), "1"), cache.put(key("b"), "2"), cache.get(key("a")), cache.get(key("b"))
    (None, None, None, '2')
    """

    def __init__(self, path: str | Path | None = None, *, entries: int = 10_000) -> None:
        if entries < 1:
            raise InputError(f"entries must be at least 1, got {entries}")
        self.path, self.entries = None if path is None else Path(path), entries
        self.hits = self.misses = 0
        self._kept: OrderedDict[bytes, str] = OrderedDict()
        self._files: dict[int, sqlite3.Connection] = {}  # by process: SQLite's connections do not survive a fork
        self._lock = threading.Lock()
        if self.path is not None:
            try:
                self._files[os.getpid()] = _opened(self.path)
            except (sqlite3.Error, OSError) as error:
                what = f"{self.path} cannot be used to remember rewrites ({error})"
                raise InputError(f"{what}: name a new file in a folder that exists") from error

    def __len__(self) -> int:
        """How many texts are held in memory."""
        return len(self._kept)

    def get(self, key: bytes) -> str | None:
        """The text of a key; None where it is not known."""
        with self._lock:
            if (found := self._kept.get(key)) is None and (row := self._filed(_READ, (key,))) is not None:
                found = row
                self._keep(key, found)
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
                self._kept.move_to_end(key)
            return found

    def put(self, key: bytes, text: str) -> None:
        """Remember a text."""
        with self._lock:
            self._keep(key, text)
            self._filed(_WRITE, (key, text))

    def _keep(self, key: bytes, text: str) -> None:
        self._kept[key] = text
        self._kept.move_to_end(key)
        while len(self._kept) > self.entries:
            self._kept.popitem(last=False)

    def _filed(self, statement: str, values: tuple[object, ...]) -> str | None:
        """What a statement gives in the file; nothing where there is no file, or it is damaged, full or held."""
        if self.path is None:
            return None
        with suppress(sqlite3.Error, OSError, UnicodeEncodeError):  # the last: half a character, which no file holds
            if (file := self._files.get(os.getpid())) is None:
                file = self._files[os.getpid()] = _opened(self.path)
            with file:
                row = file.execute(statement, values).fetchone()
            return row[0] if row and isinstance(row[0], str) else None
        return None


def key(*parts: str) -> bytes:
    """Sixteen bytes that say what was asked: no two sequences of texts have the same."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()


def _opened(path: Path) -> sqlite3.Connection:
    """The file, made where there is none.

    Raises:
        sqlite3.Error: it is a file of something else.
    """
    with suppress(FileExistsError):
        path.touch(0o600, exist_ok=False)
    file = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False)  # the cache's lock stands before it
    try:
        (version,) = file.execute("PRAGMA application_id").fetchone()
        (tables,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version != VERSION and tables:
            raise sqlite3.DatabaseError("it holds the data of another program")
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = NORMAL")
        file.execute(f"PRAGMA application_id = {VERSION}")
        with file:
            file.execute(_MADE)
    except sqlite3.Error:
        file.close()
        raise
    return file
