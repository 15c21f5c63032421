"""The store, on SQLite and on PostgreSQL: what is added is there once, whole, in order, and as private as promised."""

from __future__ import annotations

import random
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from tamis.errors import InputError, StorageError, StoreError
from tamis.observe.events import Decided, Event, Placed, Session
from tamis.observe.store import Added, Cleaned, Count, Store, Which, reading, retention

ITEMS = (
    Placed("d1", 2.5, 0.75, 1, 1.0, "", "text of one"),
    Placed("名", -1.25, None, 2, 0.1, "", ""),
    Placed("d3", -3.0, 0.125, 0, 0.9, "below the threshold", "text of three"),
)


def decided(number, at=None, **rest):
    whole = {"model": "mini", "scorer": "s1", "policy": "p1", "items": ITEMS, **rest}
    return Decided(f"r{number}", float(number) if at is None else at, **whole)


def test_decisions_and_events_come_back_as_they_were(opened):
    store = opened(texts=True)
    given = decided(1, query="何が sieve?", none_relevant=0.3, segment="zh", arm="canary")
    happened = Event("dwell", "e1", "r1", "名", "何が sieve?", 2, 31.5, at=1.7e9 + 1 / 3)
    assert store.add([given], [happened]) == Added(2, 0)
    assert [*store.decisions()] == [given] and [*store.events()] == [happened]
    assert [*store.sessions()] == [Session(given, (happened,))]


def test_what_is_sent_twice_counts_once(store):
    events = [Event("click", f"e{n}", request="r1", at=float(n)) for n in range(3)]
    assert store.add([decided(1)], events[:2]) == Added(3, 0)
    assert store.add([decided(1, model="other"), decided(2)], events) == Added(2, 3)
    assert store.add(events=[Event("click", "twin", at=1.0), Event("skip", "twin", at=2.0)]) == Added(1, 1)
    assert store.add() == Added(0, 0)
    assert [d.model for d in store.decisions()] == ["mini", "mini"]
    assert store.events_by_kind() == {"click": 4}


def test_events_may_come_before_their_decision_and_in_any_order(store):
    events = [Event("click", f"e{n}", request=f"r{n % 2}", at=float(n)) for n in range(10)]
    for event in random.Random(4).sample(events, 10):
        store.add(events=[event])
    store.add([decided(1, at=50.0), decided(0, at=40.0), decided(2, at=30.0)])
    store.add(events=[Event("session", "late", request="r0", value=9.0, at=0.5)])
    found = {session.decided.request: [event.event for event in session.events] for session in store.sessions()}
    assert found == {"r2": [], "r0": ["e0", "late", "e2", "e4", "e6", "e8"], "r1": ["e1", "e3", "e5", "e7", "e9"]}
    assert list(found) == ["r2", "r0", "r1"]  # by the decisions' time


@pytest.mark.parametrize("together", [1, 3, 10, 11, 500])
def test_the_order_is_that_of_time_however_many_are_read_at_once(store, monkeypatch, together):
    monkeypatch.setattr(reading, "TOGETHER", together)
    times = [3.0, 1.0, 2.0, 2.0, 2.0, 5.0, 4.0, 2.0, 1.0, 9.0]  # equal ones keep the order in which they came
    store.add(
        [decided(n, at=at) for n, at in enumerate(times)], [Event("click", f"e{n}", at=a) for n, a in enumerate(times)]
    )
    order = [f"r{n}" for n in sorted(range(10), key=lambda n: (times[n], n))]
    assert [d.request for d in store.decisions()] == order
    assert [d.request for d in store.decisions(newest=True)] == order[::-1]
    assert [d.request for d in store.decisions(limit=4)] == order[:4]
    assert [d.request for d in store.decisions(limit=4, newest=True)] == order[:-5:-1]
    assert [s.decided.request for s in store.sessions(limit=4)] == order[:4]
    assert [e.event for e in store.events()] == [f"e{name[1:]}" for name in order]
    assert [d.request for d in store.decisions(Which(since=2.0, until=4.0))] == [
        r for r in order if 2 <= times[int(r[1:])] < 4
    ]
    assert [*store.decisions(limit=0)] == []


def test_a_walk_stops_no_writer(store, monkeypatch):
    monkeypatch.setattr(reading, "TOGETHER", 2)
    store.add(decided(n) for n in range(6))
    seen = []
    for one in store.decisions():
        seen.append(one.request)
        if len(seen) == 3:
            store.add([decided(99), decided(50, at=0.0)])  # one behind, one before
    assert seen == ["r0", "r1", "r2", "r3", "r4", "r5", "r99"]


def test_decisions_are_found_by_policy_arm_and_segment(store):
    ways = [("p1", "", "en"), ("p1", "canary", "en"), ("p2", "canary", "zh"), ("", "", "")]
    store.add(decided(n, policy=p, arm=a, segment=s) for n, (p, a, s) in enumerate(ways))
    for name, place in (("policy", 0), ("arm", 1), ("segment", 2)):
        for value in {way[place] for way in ways}:
            expected = [f"r{n}" for n, way in enumerate(ways) if way[place] == value]
            assert [d.request for d in store.decisions(Which(**{name: value}))] == expected
            assert [s.decided.request for s in store.sessions(Which(**{name: value}))] == expected


def test_figures_are_those_of_the_decisions(store):
    draw = np.random.default_rng(3)
    made = []
    for n in range(60):
        count = int(draw.integers(0, 4))
        scores, chances = draw.normal(size=count), draw.random(count)
        items = tuple(Placed(f"d{i}", float(scores[i]), float(chances[i]), i if i < 2 else 0) for i in range(count))
        made.append(decided(n, arm=("", "canary")[n % 2], policy=f"p{n % 3}", items=items))
    store.add(made)
    which = Which(since=10.0, until=50.0)
    asked = [d for d in made if 10 <= d.at < 50]
    for row in (found := store.counts(which)):
        of = [d for d in asked if (d.model, d.policy, d.arm) == (row.model, row.policy, row.arm)]
        known = [d.expected for d in of if d.expected is not None]
        figures = (len(of), sum(not d.accepted for d in of), sum(d.accepted for d in of), sum(len(d.items) for d in of))
        assert row == Count(row.model, row.policy, row.arm, *figures, expected=pytest.approx(np.mean(known)))
    assert sum(row.decisions for row in found) == 40 and len(found) == 6
    best = [d.best for d in made if d.best is not None][::-1]
    assert store.best(20).tolist() == best[:20]
    counts, edges = store.histogram(5, limit=30)
    assert np.array_equal(counts, np.histogram(best[:30], 5)[0]) and edges.shape == (6,)
    assert store.counts(Which(arm="none")) == [] and store.best(5, Which(arm="none")).shape == (0,)


def test_events_are_counted_by_kind(store):
    store.add(events=[Event(("click", "skip")[n % 2], f"e{n}", at=float(n)) for n in range(9)])
    assert store.events_by_kind() == {"click": 5, "skip": 4}
    assert store.events_by_kind(since=2.0, until=5.0) == {"click": 2, "skip": 1}
    assert [e.event for e in store.events(kind="skip", limit=2, newest=True)] == ["e7", "e5"]


def test_retention_takes_what_is_old_and_nothing_of_the_ledger(opened, where, monkeypatch):
    monkeypatch.setattr(retention, "TOGETHER", 7)
    store = opened(texts=True)
    store.add(
        [decided(n, query=f"old query {n}" + 500 * " x") for n in range(40)],
        [Event("click", f"e{n}", at=float(n)) for n in range(40)],
    )
    store.append("propose", actor="ann", subject="s")
    assert store.clean(before=30.0) == Cleaned(30, 30)
    assert [d.request for d in store.decisions()] == [f"r{n}" for n in range(30, 40)]
    assert [e.event for e in store.events()] == [f"e{n}" for n in range(30, 40)]
    assert store.verify() == 1 and store.clean(before=30.0) == Cleaned(0, 0)
    if store.database.path:
        with store.database.reading() as connection:
            assert connection.scalar(sa.text("PRAGMA freelist_count")) == 0
        assert b"old query 7" not in bytes_beside(where) and b"old query 33" in bytes_beside(where)


def test_events_that_say_they_are_from_the_future_go_when_they_came_in(store, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 100.0)
    store.add(events=[Event("click", "odd", at=1e12)])
    assert store.clean(before=101.0) == Cleaned(0, 1)


def bytes_beside(where):
    path = Path(where)
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()) if one.name.startswith(path.name))


def dumped(store, where):
    """All bytes that the database holds, as far as they can be had."""
    if store.database.path:
        return bytes_beside(where)
    with store.database.reading() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = [connection.execute(sa.text(f'SELECT t::text FROM "{table}" t')).scalars().all() for table in tables]
    return str(rows).encode()


@pytest.mark.parametrize("texts", [False, True])
def test_texts_are_kept_only_where_asked_for_and_users_never(opened, where, texts):
    store = opened(texts=texts)
    given = decided(1, query="a very private query", user="ann@example.org")
    store.add([given], [Event("click", "e1", request="r1", query="another private query", user="ann@example.org")])
    held = dumped(store, where)
    for text in (b"a very private query", b"another private query", b"text of three"):
        assert (text in held) is texts
    assert b"ann@example" not in held and b"d3" in held
    (kept,), (event,) = store.decisions(), store.events()
    assert kept.user == event.user and len(kept.user) == 32
    assert (kept.query == "a very private query") is texts
    assert kept.items[1].text == ""


def test_the_same_key_gives_the_same_hashes_and_another_others(tmp_path, monkeypatch):
    def query(name, **options):
        with Store.open(tmp_path / name, **options) as store:
            store.add([decided(1, query="sieve")])
            return next(store.decisions()).query

    monkeypatch.delenv("TAMIS_OBSERVE_KEY", raising=False)
    own = query("own")
    assert query("own") == own != query("other")
    keyed = query("keyed", key="0123456789abcdef")
    monkeypatch.setenv("TAMIS_OBSERVE_KEY", "0123456789abcdef")
    assert query("from the variable") == keyed
    assert not (tmp_path / "keyed.key").exists() and not (tmp_path / "from the variable.key").exists()


def test_files_are_their_owners_only(tmp_path):
    with Store.open(tmp_path / "kept.db") as store:
        store.add([decided(1)])
        names = {path.name for path in tmp_path.iterdir()}
        assert {"kept.db", "kept.db.key", "kept.db.lock", "kept.db-wal"} <= names
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_another_key_is_refused(where, opened, monkeypatch):
    opened(key="0123456789abcdef")
    with pytest.raises(StoreError, match="was begun with another key"):
        opened(key=b"another key of some length")
    monkeypatch.delenv("TAMIS_OBSERVE_KEY", raising=False)
    with pytest.raises(StoreError, match="a key that is not here: set TAMIS_OBSERVE_KEY"):
        opened()
    with pytest.raises(InputError, match="at least 16"):
        opened(key="short")


@pytest.mark.parametrize(
    "bad",
    [
        {"request": ""}, {"request": "r" * 501}, {"request": "a\x00"}, {"model": "\ud800"}, {"at": float("nan")},
        {"items": (Placed("d", float("inf")),)}, {"items": (Placed("d\x00", 1.0),)}, {"arm": None},
    ],
)  # fmt: skip
def test_one_that_cannot_be_kept_leaves_none(store, bad):
    with pytest.raises(InputError):
        store.add([decided(1), Decided(**{"request": "r2", **bad})], [Event("click", "e1")])
    with pytest.raises(InputError):
        store.add([decided(1)], [Event("click", "e1"), Event("click", "e2", position=2**31)])
    assert [*store.decisions()] == [] and [*store.events()] == []


def test_texts_that_no_database_takes_are_mended(opened):
    store = opened(texts=True)
    store.add([decided(1, query="a\x00b\ud800", items=(Placed("d", 1.0, text="x\x00"),))])
    (kept,) = store.decisions()
    assert kept.query == "a\ufffdb?" and kept.items[0].text == "x\ufffd"


def test_long_names_of_documents_are_kept(store):
    name = "".join(random.Random(1).choices("abcdefghij名é", k=9_000))
    store.add([decided(1, items=(Placed(name, 1.0, position=1),))], [Event("click", "e1", request="r1", document=name)])
    (session,) = store.sessions()
    assert session.clicked == {name: 1} and session.decided.items[0].document == name


def test_threads_share_a_store(store):
    def work(number):
        for turn in range(10):
            store.add([decided(f"{number}-{turn}", at=1.0)], [Event("click", f"all-{turn}")])
            assert sum(store.events_by_kind().values()) >= 1

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(work, range(8))] == [None] * 8
    assert len([*store.decisions()]) == 80 and store.events_by_kind() == {"click": 10}


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("mysql://annabel:secret@host/db", "got the scheme 'mysql'"),
        ("postgresql://annabel:sec:ret@host:port/db", "special characters in it need %-encoding"),
        ("postgresql://annabel:secret@127.0.0.1:1/db", "the PostgreSQL database 'db' on 127.0.0.1 cannot be used"),
        ("missing/kept.db", "expected a file in a folder that exists"),
        (".", "expected a file in a folder that exists"),
    ],
)
def test_places_that_can_be_no_store_are_named_without_credentials(tmp_path, monkeypatch, where, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((InputError, StorageError), match=says) as caught:
        Store.open(where)
    assert (
        "secret" not in str(caught.value) and "annabel" not in str(caught.value) and "sec:ret" not in str(caught.value)
    )
    assert caught.value.__cause__ is None


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database at all, " * 100)
    with pytest.raises(StorageError, match="file is not a database"):
        Store.open(path)
    assert path.read_text().startswith("not a database")


def test_a_full_disk_is_told_and_loses_nothing(tmp_path):
    with Store.open(tmp_path / "kept.db") as store:
        store.add([decided(1)])
        with store.database.writing() as connection:
            pages = connection.scalar(sa.text("PRAGMA page_count"))
        sa.event.listen(
            store.database.engine, "connect", lambda c, _: c.execute(f"PRAGMA max_page_count = {pages + 2}")
        )
        store.database.engine.dispose()
        with pytest.raises(StorageError, match="database or disk is full"):
            store.add(decided(n) for n in range(2, 900))
        assert [d.request for d in store.decisions()] == ["r1"]


def test_a_closed_store_says_so(tmp_path):
    store = Store.open(tmp_path / "kept.db")
    store.close()
    with pytest.raises(StorageError, match="was closed"):
        store.add([decided(1)])


def test_sqlite_is_synced_with_each_transaction(tmp_path):
    with Store.open(tmp_path / "kept.db") as store, store.database.reading() as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2  # FULL
        assert connection.scalar(sa.text("PRAGMA auto_vacuum")) == 2  # incremental
    assert sqlite3.connect(tmp_path / "kept.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_replicas_hash_alike(opened):
    one, other = opened(), opened()
    one.add([decided(1, query="sieve", user="ann")])
    other.add([decided(2, query="sieve", user="ann")])
    first, second = one.decisions()
    assert (first.query, first.user) == (second.query, second.user) and first.query != first.user
