"""Bringing a store to the form that this tamis reads: forward only, all at once or not at all."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tamis.errors import StoreError
from tamis.observe.store.lib import Config, EnvironmentContext, ScriptDirectory, sa
from tamis.observe.store.schema import METADATA

if TYPE_CHECKING:
    from tamis.observe.store.database import Database

VERSIONS = "tamis_version"  # not alembic's usual name: a database may hold another program's tables too
_ONE = threading.Lock()  # revisions speak to a module of alembic, of which a process has one


def migrate(database: Database, to: str = "head") -> None:
    """Bring a store forward, in one transaction that no other process can be in.

    Args:
        database: the store's.
        to: a revision; the newest otherwise.

    Raises:
        StoreError: a newer tamis made it, or it holds something else.
        StorageError: the database refused.
    """
    with _ONE, database.alone() as connection:
        script = ScriptDirectory(str(Path(__file__).parent / "migrations"))
        _refuse_others(connection, script, database.name)
        _run(connection, script, to)


def _refuse_others(connection: sa.Connection, script: ScriptDirectory, name: str) -> None:
    """Refuse what this tamis cannot read; an empty database is fine."""
    there = set(sa.inspect(connection).get_table_names())
    if VERSIONS in there:
        found = str(connection.scalar(sa.text(f"SELECT version_num FROM {VERSIONS}")))
        known = {revision.revision for revision in script.walk_revisions()}
        if found not in known:
            raise StoreError(
                f"{name} is in version {found} and this tamis reads up to {max(known)}: install the newer tamis"
            )
    elif clash := there & set(METADATA.tables):
        raise StoreError(f"{name} holds tables of something else ({', '.join(sorted(clash))}): give another database")


def _run(connection: sa.Connection, script: ScriptDirectory, to: str) -> None:
    """Run the revisions that are missing."""

    def missing(revision: Any, context: Any) -> Any:
        return script._upgrade_revs(to, revision)

    with EnvironmentContext(Config(), script, fn=missing, destination_rev=to) as environment:
        environment.configure(connection=connection, version_table=VERSIONS)
        environment.run_migrations()
