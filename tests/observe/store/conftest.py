"""Stores on SQLite, and on a real PostgreSQL server where one is installed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sa = pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.observe.store import Store  # noqa: E402


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for a store."""
    if request.param == "sqlite":
        return str(tmp_path / "kept.db")
    import psycopg

    uri = request.getfixturevalue("postgresql")
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
