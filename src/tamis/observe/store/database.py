"""Where a store lies: an SQLite file or a PostgreSQL database, with transactions that read or write."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tamis.data.locks import lock, unlock
from tamis.errors import InputError, StorageError
from tamis.extras import require
from tamis.observe.store.checkpoints import Checkpoints
from tamis.observe.store.lib import postgresql, sa, sqlite

PATIENCE = 30.0  # seconds that a writer of SQLite waits for one that does not hold our lock
CONNECT = 10  # seconds to reach a server, where the URL says nothing else
ADVISORY = 0x74616D69735F6F62  # the number under which PostgreSQL keeps our lock: "tamis_ob"
SYNCHRONOUS = "FULL"
PAGES = 2_000  # of 4 KiB that are given back at once: others write in between


class Database:
    """An open database; threads may share it, processes open their own.

    Transactions that write are on the disk when their block ends: SQLite syncs its log with each (``WAL``,
    ``synchronous=FULL``), PostgreSQL as its server is set (``synchronous_commit`` is on unless somebody turned it off).
    SQLite lets one process write at a time and has the others ask again after sleeping; so they queue at a lock of the
    file ``<database>.lock`` instead, where the system wakes the next.

    Args:
        where: the path of an SQLite file, made where there is none, or a ``postgresql://`` URL.

    Attributes:
        name: what messages call it; without a user's name or password.
        path: the SQLite file; None for PostgreSQL.

    Raises:
        InputError: neither a path that can be written nor such a URL.
        StorageError: the file cannot be opened.
    """

    def __init__(self, where: str | Path) -> None:
        self.path: Path | None = None
        self._mine, self._file = threading.Lock(), -1
        self._secrets: tuple[str, ...] = ()
        self._checkpoints: Checkpoints | None = None
        if "://" in str(where) and not isinstance(where, Path):
            self.engine = self._server(str(where))
            self.name = self._named(self.engine.url)
        else:
            self.path = Path(where).absolute()
            self.name = str(where)
            self.engine = self._single(self.path)
            self._checkpoints = Checkpoints(self.path)
        self._writer = self.engine.execution_options(tamis_writes=True)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: it sees one state and waits for nobody."""
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes; on the disk when the block ends, nothing of it where the block raises."""
        with self._told(), self._queued(), self._writer.begin() as connection:
            yield connection
        if self._checkpoints is not None:
            self._checkpoints.written()

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """A transaction in which no other process can be, of those that ask for this."""
        with self.writing() as connection:
            if self.path is None:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY)))
            yield connection

    def insert(self, table: sa.Table) -> Any:
        """An insert of the database's own, which can pass over what is there."""
        return (postgresql if self.path is None else sqlite).insert(table)

    def tidy(self) -> None:
        """Give the room of deleted rows back, and overwrite what SQLite's log still holds of them."""
        if self.path is None:
            return  # PostgreSQL's autovacuum does
        free = sys.maxsize
        while (left := self._script(f"PRAGMA incremental_vacuum({PAGES})")) and left < free:
            free = left
        self._script("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections; the last one of an SQLite file tidies its log away."""
        if self._checkpoints is not None:
            self._checkpoints.close()
        self.engine.dispose()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _script(self, statement: str) -> int:
        """Run a statement of SQLite's own outside of a transaction, to its end; returns how many pages are free."""
        with self._told(), self._queued(), closing(self.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.executescript(statement)
            cursor.execute("PRAGMA freelist_count")
            found: Any = cursor.fetchone()
            return int(found[0])

    @contextmanager
    def _queued(self) -> Iterator[None]:
        """Wait for this file's other writers: threads at a lock in memory, processes at one of the system."""
        if self.path is None:
            yield
            return
        with self._mine:
            if self._file < 0:
                raise StorageError(f"{self.name} was closed")
            lock(self._file, wait=True)
            try:
                yield
            finally:
                unlock(self._file)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Database errors as ours, without what a connection was opened with; broken constraints pass as they are."""
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise StorageError(f"{self.name} cannot be used: {self._said(error)}") from None

    def _said(self, error: Exception) -> str:
        lines = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
        said = lines[0]
        for secret in self._secrets:
            said = said.replace(secret, "***")
        return said

    def _single(self, path: Path) -> sa.Engine:
        if path.is_dir() or not path.parent.is_dir():
            raise InputError(f"{self.name} cannot be a store: expected a file in a folder that exists")
        try:
            # Before SQLite makes it, and for its owner only: its log and index get the permissions that it has.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._file = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(f"{self.name} cannot be opened: {error.strerror or error}") from error
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)),
            connect_args={"timeout": PATIENCE},
            json_serializer=_dumps,
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        return engine

    def _server(self, url: str) -> sa.Engine:
        scheme, _, rest = url.partition("://")
        if scheme not in ("postgresql", "postgres"):
            raise InputError(
                f"a store is the path of an SQLite file or a postgresql:// URL, got the scheme {scheme!r:.40}"
            )
        require("psycopg")
        try:
            made = sa.make_url(f"postgresql+psycopg://{rest}")
        except (sa.exc.ArgumentError, ValueError):
            raise InputError("the postgresql:// URL cannot be read: special characters in it need %-encoding") from None
        words = [made.password, *(str(v) for k, v in made.query.items() if "pass" in k)]
        self._secrets = tuple(str(word) for word in (*words, made.username) if word)
        made = made.update_query_dict({"connect_timeout": str(CONNECT), **made.query})
        return sa.create_engine(made, pool_pre_ping=True, hide_parameters=True, json_serializer=_dumps)

    @staticmethod
    def _named(url: sa.URL) -> str:
        host = url.host or url.query.get("host") or "localhost"
        return f"the PostgreSQL database {url.database or ''!r} on {host}"


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    """Settings of a new connection to SQLite; the first one to an empty file, under our lock, also fixes its form."""
    connection.isolation_level = None  # we say BEGIN, so that a transaction also holds what makes tables
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # see Checkpoints
    connection.execute("PRAGMA secure_delete = ON")  # what retention takes away is not left readable in the file


def _begin(connection: sa.Connection) -> None:
    """Begin as what it is: who reads first and then writes may find that another has written since, and must fail."""
    writes = connection.get_execution_options().get("tamis_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
