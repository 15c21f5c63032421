"""The writer: what it says is kept is kept, what it cannot take is refused at once, and closing loses nothing."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, wait

import pytest

from tamis.errors import BusyError, ClosingError, InputError, StorageError
from tamis.observe.events import Decided, Event
from tamis.observe.store import Limits, Store, Writer


def click(name, **rest):
    return Event("click", name, **rest)


class Held:
    """A store whose next transaction waits until it is let go."""

    def __init__(self, store, monkeypatch):
        self.begun, self.go, self.sizes = threading.Event(), threading.Event(), []
        kept = store.put

        def put(connection, decisions, events):
            self.sizes.append(len(decisions) + len(events))
            self.begun.set()
            assert self.go.wait(10)
            return kept(connection, decisions, events)

        monkeypatch.setattr(store, "put", put)


def test_what_comes_meanwhile_goes_together(store, monkeypatch):
    held = Held(store, monkeypatch)
    with Writer(store, Limits(linger=0.0, together=8)) as writer:
        first = writer.add(click("first"))
        assert held.begun.wait(10)
        rest = [writer.add(click(f"e{n}"), Decided(f"r{n}")) for n in range(10)]
        assert writer.waiting == 20 and not first.done()
        held.go.set()
        assert wait([first, *rest], 10).not_done == set()
    assert held.sizes == [1, 8, 8, 4]
    assert store.events_by_kind() == {"click": 11} and len([*store.decisions()]) == 10


def test_too_much_is_refused_and_what_was_taken_is_kept(store, monkeypatch):
    held = Held(store, monkeypatch)
    with Writer(store, Limits(waiting=3, linger=0.0)) as writer:
        writer.add(click("first"))
        assert held.begun.wait(10)
        for n in range(3):
            writer.add(click(f"e{n}"))
        with pytest.raises(BusyError, match="3 decisions and events wait"):
            writer.add(click("one too many"))
        held.go.set()
    assert {event.event for event in store.events()} == {"first", "e0", "e1", "e2"}


def test_one_alone_may_be_larger_than_the_room(store):
    with Writer(store, Limits(waiting=2, together=1)) as writer:
        writer.add(*(click(f"e{n}") for n in range(5))).result(10)
    assert store.events_by_kind() == {"click": 5}


def test_closing_writes_what_waits_and_takes_no_more(store):
    writer = Writer(store, Limits(linger=1.0))
    done = [writer.add(click(f"e{n}")) for n in range(50)]
    writer.close()
    assert all(one.done() for one in done) and store.events_by_kind() == {"click": 50}
    with pytest.raises(ClosingError):
        writer.add(click("late"))
    writer.close()


def test_what_cannot_be_kept_is_refused_at_once(store):
    with Writer(store) as writer:
        with pytest.raises(InputError):
            writer.add(click("fine"), click("a\x00"))
        writer.add(click("next")).result(10)
    assert [event.event for event in store.events()] == ["next"]


def test_a_store_that_fails_is_told_to_each_and_tried_again_for_the_next(store, monkeypatch):
    kept = store.put

    def broken(*_):
        raise StorageError("no room")

    with Writer(store) as writer:
        monkeypatch.setattr(store, "put", broken)
        failed = [writer.add(click(f"e{n}")) for n in range(3)]
        for one in failed:
            with pytest.raises(StorageError, match="no room"):
                one.result(10)
        monkeypatch.setattr(store, "put", kept)
        writer.add(click("next")).result(10)
    assert [event.event for event in store.events()] == ["next"]


def test_what_its_caller_has_cancelled_is_not_written(store, monkeypatch):
    held = Held(store, monkeypatch)
    with Writer(store, Limits(linger=0.0)) as writer:
        writer.add(click("first"))
        assert held.begun.wait(10)
        gone = writer.add(click("gone"))
        assert gone.cancel()
        held.go.set()
        writer.add(click("last")).result(10)
    with pytest.raises(CancelledError):
        gone.result()
    assert {event.event for event in store.events()} == {"first", "last"}


def test_many_threads_hand_over_to_one_writer(tmp_path):
    with Store.open(tmp_path / "kept.db") as store, Writer(store) as writer:

        def work(number):
            wait([writer.add(click(f"e{number}-{n}")) for n in range(200)])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.events_by_kind() == {"click": 1600} and writer.waiting == 0


@pytest.mark.parametrize("bad", [{"waiting": 0}, {"together": 0}, {"linger": -1.0}, {"linger": float("nan")}])
def test_limits_that_let_nothing_through_are_refused(bad):
    with pytest.raises(InputError, match="expected waiting and together of at least 1"):
        Limits(**bad)
