"""Connections to PostgreSQL: opened as threads need them, kept, mended, and silent about what opens them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tamis.errors import InputError, RemoteError
from tamis.extras import require
from tamis.recall.engines.address import Address

CONNECT = 10  # seconds to reach a server, where the URL says nothing else
LONGEST_NAME = 50  # bytes of a table's name, which gets endings of ours and may have 63

Given = TypeVar("Given")


class Connections:
    """Connections to one database: taken when a thread needs one, given back, never shared at one time.

    Args:
        uri: the database, with what opens it.
        name: what messages call it.
        secrets: texts that no message may hold.
    """

    def __init__(self, uri: str, name: str, secrets: Sequence[str] = ()) -> None:
        self._uri, self._name, self._secrets = uri, name, secrets
        self._idle: LifoQueue[Any] = LifoQueue()
        weakref.finalize(self, _close, self._idle)

    def run(self, do: Callable[[Any], Given]) -> Given:
        """What ``do`` gives in a transaction; once more where a connection that had been idle is found broken.

        Raises:
            RemoteError: the server failed, refused, or was not reached.
        """
        with self._told():
            try:
                connection, idle = self._idle.get_nowait(), True
            except Empty:
                connection, idle = self._opened(), False
            try:
                return self._done(connection, do)
            except require("psycopg").OperationalError:
                if not (idle and connection.closed):
                    raise
            return self._done(self._opened(), do)

    def close(self) -> None:
        """Close those that are idle."""
        _close(self._idle)

    def _done(self, connection: Any, do: Callable[[Any], Given]) -> Given:
        try:
            with connection.transaction():
                return do(connection)
        finally:
            if not connection.closed:
                self._idle.put(connection)

    def _opened(self) -> Any:
        # Plans are made for each query: one for all of them would not know how selective a filter is.
        return require("psycopg").connect(self._uri, autocommit=True, prepare_threshold=None)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the client as ours, without what a connection is opened with."""
        psycopg = require("psycopg")
        try:
            yield
        except (psycopg.Error, OSError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            for secret in self._secrets:
                said = said.replace(secret, "***")
            raise RemoteError(f"{self._name}: {said}: check the URL and that the server runs", said=said) from None


def connected(where: Address) -> tuple[Connections, str, str]:
    """Connections, the table, and what messages call it."""
    psycopg = require("psycopg")
    table = where.options.get("table", "documents")
    if not table or len(table.encode()) > LONGEST_NAME or not table.isprintable():
        raise InputError(f"PostgreSQL can have no table {table!r:.60}: expected such as postgresql://host/db?table=law")
    parts = urlsplit(where.url)
    rest = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "table"])
    uri = urlunsplit(("postgresql", parts.netloc, parts.path, rest, ""))
    try:
        told = psycopg.conninfo.conninfo_to_dict(uri)
    except psycopg.ProgrammingError:
        # The message could repeat a password that was not %-encoded.
        raise InputError(
            "the postgresql: URL cannot be read: check its options, and %-encode what is special"
        ) from None
    secrets = tuple(str(told[name]) for name in ("password", "sslpassword", "user") if told.get(name))
    server = told.get("host") or "this machine"
    name = f"PostgreSQL table {table!r} of database {told.get('dbname') or told.get('user') or ''!r} on {server}"
    return Connections(psycopg.conninfo.make_conninfo(uri, **_patient(told)), name, secrets), table, name


def _patient(told: Mapping[str, Any]) -> dict[str, int]:
    return {} if "connect_timeout" in told else {"connect_timeout": CONNECT}


def _close(idle: LifoQueue[Any]) -> None:
    with suppress(Empty):
        while True:
            idle.get_nowait().close()
