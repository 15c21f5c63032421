"""The ledger: what was done with policies, by whom, in rows that are never changed, each bound to the one before."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.data.artefacts import canonical, digest
from tamis.errors import InputError, StaleError, StoreError
from tamis.observe.store.database import Database
from tamis.observe.store.lib import sa
from tamis.observe.store.rows import named
from tamis.observe.store.schema import LEDGER

TRIES = 1_000  # a lost try means that another row was written, so this many must come between
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger.

    Attributes:
        id: its number, from 1 without gaps.
        at: when, in seconds since 1970.
        actor: who did it.
        act: what was done.
        subject: what it was done to.
        policy: the digest of the policy that it is about; empty where it is about none.
        details: what else there is to say.
        digest: of the row with the digest of the one before: who changes a row breaks all that follow.
    """

    id: int
    at: float
    actor: str
    act: str
    subject: str
    policy: str
    details: Mapping[str, Any]
    digest: str


class Ledger:
    """Rows that are added and read; the database itself refuses to change or delete one.

    Two that add at once cannot both follow the same row, also not from two replicas: a row names the digest of the one
    before it, and no digest can be named twice.

    Args:
        database: the store's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        act: str,
        *,
        actor: str,
        subject: str,
        policy: str = "",
        details: Mapping[str, Any] = NOTHING,
        expected: int | None = None,
    ) -> Entry:
        """Add a row; on the disk when this returns.

        Args:
            act: what was done.
            actor: who did it.
            subject: what it was done to.
            policy: the digest of the policy that it is about.
            details: JSON values.
            expected: the id of what the caller knows as the newest row, 0 for none; any otherwise.

        Raises:
            InputError: no act, a name that cannot be kept, or details that are no JSON values.
            StaleError: the newest row is another than was expected.
            StorageError: the database refused it.
        """
        if not act:
            raise InputError("a row of the ledger needs an act: say what was done")
        row = {"act": act, "actor": actor, "subject": subject, "policy": policy}
        for field, value in row.items():
            named(value, field)
        try:
            said = canonical(dict(details))
        except (TypeError, ValueError) as error:
            raise InputError(f"the details of {act!r} are no JSON values: {error}") from error
        for _ in range(TRIES):
            try:
                with self._database.writing() as connection:
                    return self._added(connection, {**row, "details": said}, expected)
            except sa.exc.IntegrityError:  # another replica has followed the same row: follow that one
                time.sleep(random.uniform(0, 0.005))
        raise StoreError(f"the ledger was written by others {TRIES} times in a row: try again")

    def entries(self, after: int = 0) -> list[Entry]:
        """The rows whose id is greater than ``after``, in their order."""
        with self._database.reading() as connection:
            found = connection.execute(sa.select(LEDGER).where(LEDGER.c.id > after).order_by(LEDGER.c.id))
            return [_entry(dict(row)) for row in found.mappings()]

    def head(self) -> Entry | None:
        """The newest row; None where there is none."""
        with self._database.reading() as connection:
            return _head(connection)

    def verify(self) -> int:
        """Work out the chain anew; returns the number of rows.

        What this cannot see is that the newest rows are gone: for that, keep the digest of the head elsewhere.

        Raises:
            StoreError: a row was changed, taken out or put in; the message names the first.
        """
        parent, count = "", 0
        with self._database.reading() as connection:
            for row in connection.execute(sa.select(LEDGER).order_by(LEDGER.c.id)).mappings():
                count += 1
                if row["id"] != count:
                    raise StoreError(f"the ledger is broken: row {count} is missing")
                if row["parent"] != parent or row["digest"] != _digest(dict(row)):
                    raise StoreError(f"the ledger is broken at row {count} ({row['act']} of {row['subject']})")
                parent = row["digest"]
        return count

    def _added(self, connection: sa.Connection, row: Mapping[str, str], expected: int | None) -> Entry:
        before = _head(connection)
        newest = before.id if before else 0
        if expected is not None and expected != newest:
            raise StaleError(
                f"the ledger's newest row is {newest}, not {expected}: {row['act']} was not done. Read it again"
            )
        whole: dict[str, Any] = {
            **row, "id": newest + 1, "at": time.time(), "parent": before.digest if before else ""
        }  # fmt: skip
        whole["digest"] = _digest(whole)
        connection.execute(sa.insert(LEDGER), whole)
        return _entry(whole)


def _head(connection: sa.Connection) -> Entry | None:
    row = connection.execute(sa.select(LEDGER).order_by(LEDGER.c.id.desc()).limit(1)).mappings().first()
    return _entry(dict(row)) if row else None


def _digest(row: Mapping[str, Any]) -> str:
    """What binds a row to the one before it: all of it but its own digest."""
    return digest({name: row[name] for name in LEDGER.c.keys() if name != "digest"})  # noqa: SIM118


def _entry(row: Mapping[str, Any]) -> Entry:
    names = ("id", "at", "actor", "act", "subject", "policy", "digest")
    return Entry(**{name: row[name] for name in names}, details=json.loads(row["details"]))
