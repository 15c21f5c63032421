"""From an older store to this tamis's: every row is still there; what is newer or not ours is refused untouched."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tamis.errors import StorageError, StoreError
from tamis.observe.events import Placed
from tamis.observe.store import Store
from tamis.observe.store.database import Database
from tamis.observe.store.migrate import VERSIONS, migrate
from tamis.observe.store.schema import METADATA

# Rows as the first version wrote them, word for word.
DECISION = (
    "INSERT INTO decisions (request, at, model, scorer, policy, arm, query, who, segment, none_relevant, items, "
    "accepted, best, expected) "
    "VALUES (:request, :at, 'mini', 's1', 'p1', '', 'q', 'u', 'en', 0.25, :items, 1, 2.5, 0.75)"
)
EVENT = (
    "INSERT INTO events (event, kind, request, document, query, position, value, who, at, received) "
    "VALUES (:event, 'dwell', :request, 'd1', '', 1, 31.5, 'u', :at, :at)"
)
ITEMS = [["d1", 2.5, 0.75, 1, 1.0, "", "h"], ["d2", -1.0, None, 0, 0.5, "low", ""]]


@pytest.fixture
def database(where):
    made = Database(where)
    yield made
    made.close()


def filled(database, count):
    migrate(database, "0001")
    with database.writing() as connection:
        for n in range(count):
            items = json.dumps(ITEMS[: n % 3])
            connection.execute(sa.text(DECISION), {"request": f"r{n}", "at": float(n), "items": items})
            connection.execute(sa.text(EVENT), {"event": f"e{n}", "request": f"r{n}", "at": n + 0.5})


def test_a_populated_store_goes_forward_with_all_its_rows(database, opened):
    filled(database, 1_203)
    with database.reading() as connection:
        assert "ledger" not in sa.inspect(connection).get_table_names()
    store = opened()
    sessions = [*store.sessions()]
    assert [s.decided.request for s in sessions] == [f"r{n}" for n in range(1_203)]
    assert [[e.event for e in s.events] for s in sessions] == [[f"e{n}"] for n in range(1_203)]
    assert sessions[2].decided.items == tuple(map(Placed.from_json, ITEMS)) and sessions[2].events[0].value == 31.5
    assert sum(row.candidates for row in store.counts()) == 1_203  # 0, 1, 2, 0, 1, 2: counted on the way
    store.append("propose", actor="ann", subject="s")
    assert store.verify() == 1
    assert opened().add(store.decisions()).known == 1_203  # opening again changes nothing


def test_the_tables_are_those_of_the_code(store):
    with store.database.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "version_table": VERSIONS},
        )
        assert compare_metadata(context, METADATA) == []


def test_a_newer_store_is_refused_and_left_alone(opened, database):
    opened().append("propose", actor="ann", subject="s")
    with database.writing() as connection:
        connection.execute(sa.text(f"UPDATE {VERSIONS} SET version_num = '9999'"))
    with pytest.raises(StoreError, match="is in version 9999 and this tamis reads up to 0002: install the newer tamis"):
        opened()
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM ledger")) == 1


def test_another_programs_tables_are_not_taken_for_ours(database, opened, where):
    with database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE events (id INTEGER)"))
    with pytest.raises(StoreError, match=r"holds tables of something else \(events\)"):
        opened()
    with database.reading() as connection:
        assert sa.inspect(connection).get_table_names() == ["events"]


def test_a_database_that_others_use_too_is_fine(database, opened):
    with database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('theirs')"))
    assert opened().verify() == 0


def test_a_revision_that_fails_leaves_the_store_as_it_was(database, opened):
    filled(database, 5)
    with database.writing() as connection:
        connection.execute(sa.text("CREATE INDEX ix_events_at ON events (at)"))  # what the last step makes
    with pytest.raises(StorageError, match="ix_events_at"):
        Store.open(database.path or database.engine.url.render_as_string(False).replace("+psycopg", ""))
    with database.writing() as connection:
        assert "ledger" not in sa.inspect(connection).get_table_names()
        assert connection.scalar(sa.text(f"SELECT version_num FROM {VERSIONS}")) == "0001"
        connection.execute(sa.text("DROP INDEX ix_events_at"))
    assert len([*opened().events()]) == 5
