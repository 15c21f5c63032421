"""A store with a drift, an alarm, a proposal and a canary."""

from __future__ import annotations

from unittest import mock

import pytest

pytest.importorskip("sqlalchemy", reason="needs tamis[store]")

from tamis.observe.report import page

from ...pages import EVIL
from .. import world


@pytest.fixture(scope="session", autouse=True)
def short():
    """Replays of fewer decisions: they take most of the time of a page."""
    with mock.patch("tamis.observe.watch.LATEST", 600):
        yield


@pytest.fixture(scope="session")
def evil(short, tmp_path_factory):
    """A store in which everything has happened, and everybody is called something bad."""
    named = world.Named(policy=f"p {EVIL}", proposal=f"q {EVIL}", actor=f"a {EVIL}"[:80], reason=f"because {EVIL}")
    with world.build(tmp_path_factory.mktemp("evil") / "kept.db", named=named) as watch:
        yield watch


@pytest.fixture(scope="session")
def made(evil):
    return page(evil, days=12, until=world.END, title=EVIL)
