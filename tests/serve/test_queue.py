"""The queue: what each request gets, in which order, and what is refused."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tamis.errors import BusyError, ClosingError, OvertimeError, RemoteError
from tamis.serve.queue import Limits, Queue


class Work:
    """Doubles numbers, in batches that can be held up and are written down."""

    def __init__(self, seconds=0.0):
        self.batches, self.seconds = [], seconds
        self.go, self.busy, self.lock = threading.Event(), threading.Event(), threading.Lock()
        self.go.set()

    def __call__(self, items):
        with self.lock:
            self.batches.append(list(items))
        self.busy.set()
        assert self.go.wait(60)
        time.sleep(self.seconds)
        if -1 in items:
            raise ValueError("minus one")
        return [2 * item for item in items]


def queue(work, **limits):
    return Queue(work, lambda item: 10, Limits(**{"beside": 1, **limits}))


async def held(work, line, count=1):
    """Tasks that keep the workers busy until ``work.go`` is set."""
    work.go.clear()
    tasks = []
    for _ in range(count):
        work.busy.clear()
        tasks.append(asyncio.create_task(line.submit([0])))
        await asyncio.to_thread(work.busy.wait, 60)
    return tasks


def test_each_gets_its_own_in_its_order():
    async def run():
        line = Queue(Work(), lambda item: item % 7, Limits(together=20))
        asked = [list(range(at, at + at % 5)) for at in range(200)]
        found = await asyncio.gather(*(line.submit(items) for items in asked))
        await line.close()
        return asked, found

    asked, found = asyncio.run(run())
    assert [list(part) for part in found] == [[2 * item for item in items] for items in asked]


def test_requests_that_wait_are_worked_on_together_the_urgent_first():
    async def run():
        work = Work()
        line = queue(work, together=40)
        tasks = await held(work, line)
        for item, priority in ((1, 5), (2, 5), (3, 0), (4, 5), (5, 5), (6, 9)):
            tasks.append(asyncio.create_task(line.submit([item], priority=priority)))
            await asyncio.sleep(0)
        assert line.waiting == 60 and line.running == 10
        work.go.set()
        await asyncio.gather(*tasks)
        assert line.waiting == line.running == 0
        return work.batches

    assert asyncio.run(run()) == [[0], [3, 1, 2, 4], [5, 6]]


def test_a_large_request_goes_by_itself():
    async def run():
        work = Work()
        line = queue(work, together=20)
        tasks = await held(work, line)
        tasks += [asyncio.create_task(line.submit(items)) for items in ([1], [2] * 8, [3])]
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.gather(*tasks)
        return work.batches

    assert asyncio.run(run()) == [[0], [1], [2] * 8, [3]]


def test_work_that_depends_on_companions_takes_one_request_at_a_time():
    async def run():
        work = Work()
        line = Queue(work, lambda item: 1, Limits(beside=1), alone=True)
        tasks = await held(work, line)
        tasks += [asyncio.create_task(line.submit([item])) for item in (1, 2)]
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.gather(*tasks)
        return work.batches

    assert asyncio.run(run()) == [[0], [1], [2]]


def test_two_batches_are_under_way_at_a_time_and_no_more():
    async def run():
        work = Work()
        line = queue(work, beside=2, together=10)
        tasks = await held(work, line, 2)
        tasks.append(asyncio.create_task(line.submit([3])))
        await asyncio.sleep(0.05)
        assert len(work.batches) == 2 and line.running == 20 and line.waiting == 10
        work.go.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def test_what_does_not_fit_is_refused_and_says_when_to_come_again():
    async def run():
        work = Work()
        line = queue(work, waiting=30)
        await line.submit([7])
        tasks = await held(work, line)
        tasks += [asyncio.create_task(line.submit([1] * 2))]
        await asyncio.sleep(0)
        with pytest.raises(BusyError) as refused:
            await line.submit([1] * 2)
        assert refused.value.seconds >= 1
        tasks.append(asyncio.create_task(line.submit([2])))
        await asyncio.sleep(0)
        work.go.set()
        await asyncio.gather(*tasks)
        assert list(await line.submit([1] * 50)) == [2] * 50, "however large, with nobody before it"

    asyncio.run(run())


def test_what_comes_too_late_is_not_worked_on():
    async def run():
        work = Work()
        line = queue(work)
        tasks = await held(work, line)
        late = asyncio.create_task(line.submit([1], within=0.01))
        tasks.append(asyncio.create_task(line.submit([2], within=30)))
        await asyncio.sleep(0.05)
        work.go.set()
        with pytest.raises(OvertimeError):
            await late
        await asyncio.gather(*tasks)
        return work.batches

    assert asyncio.run(run()) == [[0], [2]]


def test_whose_caller_has_gone_is_not_worked_on():
    async def run():
        work = Work()
        line = queue(work)
        tasks = await held(work, line)
        gone = asyncio.create_task(line.submit([1]))
        tasks.append(asyncio.create_task(line.submit([2])))
        await asyncio.sleep(0)
        gone.cancel()
        work.go.set()
        await asyncio.gather(*tasks)
        return work.batches

    assert asyncio.run(run()) == [[0], [2]]


def test_one_requests_failure_is_not_the_others():
    async def run():
        work = Work()
        line = queue(work, together=100)
        tasks = await held(work, line)
        asked = [asyncio.create_task(line.submit([item])) for item in (1, -1, 2)]
        await asyncio.sleep(0)
        work.go.set()
        found = await asyncio.gather(*tasks, *asked, return_exceptions=True)
        assert line.running == 0
        return found[1:]

    one, failed, two = asyncio.run(run())
    assert (list(one), list(two)) == ([2], [4])
    assert isinstance(failed, ValueError)


def test_those_who_have_gone_take_no_place():
    async def run():
        work = Work()
        line = queue(work, waiting=30, together=10)
        tasks = await held(work, line)
        gone = [asyncio.create_task(line.submit([item])) for item in (1, 2, 3)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(line.submit([4])))
        await asyncio.sleep(0)
        assert line.waiting == 10
        work.go.set()
        await asyncio.gather(*tasks)
        assert line.waiting == line.running == 0
        return work.batches

    assert asyncio.run(run()) == [[0], [4]]


def test_after_a_failure_only_those_are_tried_again_who_still_wait():
    async def run():
        work = Work(0.05)
        line = queue(work, together=100)
        tasks = await held(work, line)
        asked = [asyncio.create_task(line.submit([item])) for item in (1, -1, 2)]
        await asyncio.sleep(0)
        work.busy.clear()
        work.go.set()
        await asyncio.gather(*tasks)
        await asyncio.to_thread(work.busy.wait, 60)
        asked[2].cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        assert line.running == 0
        return work.batches

    assert asyncio.run(run()) == [[0], [1, -1, 2], [1], [-1]]


def test_closing_finishes_what_was_let_in():
    async def run():
        work = Work(0.01)
        line = queue(work, together=10)
        tasks = [asyncio.create_task(line.submit([item])) for item in range(9)]
        await asyncio.sleep(0)
        await line.close()
        with pytest.raises(ClosingError):
            await line.submit([1])
        return [list(task.result()) for task in tasks]

    assert asyncio.run(run()) == [[2 * item] for item in range(9)]


def test_a_request_that_comes_as_the_last_worker_leaves_is_worked_on():
    async def run():
        line = queue(Work())
        for item in range(300):
            first = asyncio.create_task(line.submit([item]))
            first.add_done_callback(lambda _: None)
            await first
            assert list(await asyncio.wait_for(line.submit([item]), 5)) == [2 * item]
        await line.close()

    asyncio.run(run())


def test_no_items_are_no_request():
    assert asyncio.run(Queue(Work(), lambda item: 1).submit([])) == []


def test_others_go_between_the_parts_of_a_much_larger_request():
    async def run():
        work = Work()
        line = queue(work, together=20)
        work.go.clear()
        large = asyncio.create_task(line.submit(list(range(1, 14))))
        await asyncio.to_thread(work.busy.wait, 60)
        small = asyncio.create_task(line.submit([99]))
        await asyncio.sleep(0)
        work.go.set()
        found = await asyncio.gather(large, small)
        assert line.waiting == line.running == 0
        return found, work.batches

    (large, small), batches = asyncio.run(run())
    assert list(large) == [2 * item for item in range(1, 14)] and list(small) == [198]
    assert batches[0] == [1, 2] and [99] in batches[:3] and sum(map(len, batches)) == 14


@pytest.mark.parametrize("leaves", [True, False])
def test_a_large_request_that_ends_early_leaves_nothing(leaves):
    async def run():
        work = Work()
        line = queue(work, together=20)
        work.go.clear()
        large = asyncio.create_task(line.submit([1, 2, 3, 4] + [-1] * 9))
        await asyncio.to_thread(work.busy.wait, 60)
        if leaves:
            large.cancel()
        work.go.set()
        with pytest.raises(asyncio.CancelledError if leaves else ValueError):
            await large
        assert list(await line.submit([5])) == [10]
        assert line.waiting == line.running == 0
        await line.close()
        return work.batches

    assert len(asyncio.run(run())) == (2 if leaves else 4)


def test_closing_finishes_all_parts():
    async def run():
        line = queue(Work(), together=20)
        large = asyncio.create_task(line.submit(list(range(30))))
        await asyncio.sleep(0)
        await line.close()
        return large.done() and list(large.result())

    assert asyncio.run(run()) == [2 * item for item in range(30)]


def test_a_server_that_failed_is_not_asked_again_for_each():
    def fails(items):
        calls.append(items)
        raise RemoteError("no answer")

    async def run():
        work = Work()
        line = queue(lambda items: work(items) if items == [0] else fails(items), together=40)
        tasks = await held(work, line)
        tasks += [asyncio.create_task(line.submit([item])) for item in (1, 2, 3)]
        await asyncio.sleep(0)
        work.go.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        return [type(one) for one in found[1:]]

    calls = []
    assert asyncio.run(run()) == [RemoteError] * 3 and calls == [[1, 2, 3]]


def test_waiting_and_work_are_counted_once_a_request_and_once_a_batch():
    async def run():
        work = Work(seconds=0.02)
        line = queue(work, together=20)
        tasks = await held(work, line)
        tasks += [asyncio.create_task(line.submit(items)) for items in ([1], [2], [*range(3, 14)])]  # in parts
        await asyncio.sleep(0.12)
        work.go.set()
        await asyncio.gather(*tasks)
        await line.close()
        return work, line

    work, line = asyncio.run(run())
    assert line.waits.count == 4 and 0.3 < line.waits.total < 20, "a request waits until its first part is begun"
    assert line.works.count == len(work.batches) == 5 and line.works.total >= 5 * 0.02
    assert line.worked == 10 * (1 + 1 + 1 + 11)
