"""Work spread over threads: order kept, few results in hand, errors passed on, children of a fork served."""

import multiprocessing
import threading
import time

import pytest

from tamis.score import threads
from tamis.score.threads import ahead, beside_others, kept_steady


@pytest.fixture(params=["1", "3"])
def workers(request, monkeypatch) -> int:
    monkeypatch.setenv(threads.VARIABLE, request.param)
    return int(request.param)


def test_results_come_in_order(workers):
    def slow_first(at):
        time.sleep(0.02 if at % 3 == 0 else 0)
        return at * at

    assert list(ahead(slow_first, range(20))) == [at * at for at in range(20)]
    assert list(ahead(slow_first, [])) == []


def test_no_more_at_once_than_there_are_threads_whoever_asks(workers):
    now, most, lock = [0], [0], threading.Lock()

    def work(at):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.002)
        with lock:
            now[0] -= 1
        return at

    callers = [threading.Thread(target=lambda: list(ahead(work, range(12)))) for _ in range(4 if workers > 1 else 1)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert most[0] <= workers


def test_little_is_done_that_nobody_asked_for(workers):
    started = []
    results = ahead(lambda at: started.append(at) or at, range(1000))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    time.sleep(0.02)
    assert len(started) <= 2 + 2 * workers


def test_an_error_reaches_the_caller(workers):
    def work(at):
        if at == 5:
            raise ValueError("five")
        return at

    seen = []
    with pytest.raises(ValueError, match="five"):
        for at in ahead(work, range(100)):
            seen.append(at)
    assert seen == [0, 1, 2, 3, 4]


def _squares(send):
    send.send(list(ahead(lambda at: at * at, range(5))))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch):
    monkeypatch.setenv(threads.VARIABLE, "2")
    assert list(ahead(lambda at: at, range(5))) == list(range(5))
    receive, send = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_squares, args=(send,))
    child.start()
    assert receive.poll(20), "the child hangs"
    assert receive.recv() == [0, 1, 4, 9, 16]
    child.join()


def test_steady_work_runs_in_the_same_kind_of_thread_whatever_their_number():
    with kept_steady():
        assert [*ahead(lambda _: beside_others(), [0, 1], workers=1)] == [True, True]
        assert [*ahead(lambda _: beside_others(), [0], workers=4)] == [True]
    assert [*ahead(lambda _: beside_others(), [0, 1], workers=1)] == [False, False]
