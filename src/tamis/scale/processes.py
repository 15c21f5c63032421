"""Several processes on this machine, one a core or device; one that dies is replaced and its block done again."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, cast

from tamis.errors import TamisError
from tamis.scale.blocks import Block
from tamis.scale.model import SPREAD, Loaded, Loading
from tamis.scale.part import Part, Task
from tamis.scale.tries import MOST
from tamis.scale.worker import Failed, Order, Start, send
from tamis.score.threads import VARIABLE, threads

CODE = "from tamis.scale.worker import main; main()"
STARTS = 3  # in a row that may fail before a worker has scored anything
# One thread each: a worker's own threads compute side by side, and libraries would start as many in each of them.
SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Gone(Exception):
    """A worker process has ended; with its exit code."""


class Worker:
    """A worker process as its parent sees it.

    Args:
        start: what it is told first.
        limit: threads that it may use.

    Raises:
        Gone: it ended before it had loaded the model.
        TamisError: it cannot load it.
    """

    def __init__(self, start: Start, limit: int) -> None:
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        limits = dict.fromkeys(SINGLE, "1") | {VARIABLE: str(limit), "RAYON_NUM_THREADS": str(limit)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **limits, "PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C at the terminal is for the parent
        )
        self._start = start

    def loaded(self) -> Loaded:
        """What it says of the scorer that it loads."""
        return cast(Loaded, self._ask(self._start))

    def part(self, block: Block, limit: int) -> Part:
        """The part of a block that it scores with so many threads."""
        return cast(Part, self._ask(Order(block, limit)))

    def _ask(self, frame: Start | Order) -> object:
        try:
            send(cast(IO[bytes], self._process.stdin), frame)
            answer = pickle.load(cast(IO[bytes], self._process.stdout))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            self.end()
            raise Gone(self._process.returncode) from error
        if isinstance(answer, Failed):
            self.end()
            raise answer.error
        return answer

    def end(self) -> None:
        """Have it gone; what it was at is lost."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent to a process that is gone
                cast(IO[bytes], stream).close()


class Processes:
    """Worker processes, each with a thread here that hands it blocks.

    Args:
        task: what is the same for all blocks.
        model: what scorers come from.
        blocks: how many there are to be scored: no more workers than that.
        workers: how many; None is one a CUDA device where the model runs on one, else one a core.
    """

    def __init__(self, task: Task, model: Loading, blocks: int, workers: int | None = None) -> None:
        self._start, self._most, self._wanted = Start(task, model), max(1, blocks), workers
        self.workers = min(self._most, workers or threads())
        self._cards = 0
        self._blocks: SimpleQueue[Block] = SimpleQueue()
        self._results: SimpleQueue[Part | BaseException] = SimpleQueue()
        self._lock, self._running, self._ended = threading.Lock(), set[Worker](), False
        self._first: Worker | None = None

    def loaded(self) -> Loaded:
        """What the first worker says of its scorer; it decides how many others there will be.

        Raises:
            TamisError: the model cannot be loaded.
        """
        self._first, loaded = self._started("")
        self._start = replace(self._start, expected=loaded)
        self._cards = loaded.cards if self._start.model.device in SPREAD else 0
        if loaded.cards:  # a device that was named is one device
            self.workers = min(self._most, self._wanted or self._cards or 1)
        return loaded

    def parts(self, blocks: Sequence[Block]) -> Iterator[Part]:
        """The parts of the blocks, as they are done.

        Raises:
            TamisError: a worker cannot go on for a reason that concerns all, or none can be started.
        """
        for block in blocks:
            self._blocks.put(block)
        for place in range(self.workers):
            threading.Thread(target=self._lane, args=(place,), daemon=True).start()
        for _ in blocks:
            result = self._results.get()
            if isinstance(result, BaseException):
                raise result
            yield result

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._ended = True
            running, self._running = self._running, set()
        for worker in running:
            worker.end()

    def _lane(self, place: int) -> None:
        """Hand one worker, and whoever takes its place, blocks until there are none."""
        worker = self._first if place == 0 else None
        device = f"cuda:{place % self._cards}" if self._cards else ""
        limit = max(1, threads() // self.workers)
        try:
            while True:
                block = self._blocks.get_nowait()
                for _ in range(MOST + 1):  # the last one sets it aside
                    try:
                        worker = worker or self._started(device)[0]
                        self._results.put(worker.part(block, limit))
                        break
                    except Gone as error:
                        worker, code = None, error.args[0]
                else:
                    raise TamisError(f"worker processes end before they begin with a block (exit code {code})")
        except Empty:
            return
        except BaseException as error:  # whatever it is, the one who waits is told
            self._results.put(error)

    def _started(self, device: str) -> tuple[Worker, Loaded]:
        """A worker that has loaded the model, and what it says of it.

        Raises:
            TamisError: three in a row have ended before they had.
        """
        for _ in range(STARTS):
            worker = self._new(device)
            try:
                return worker, worker.loaded()
            except Gone as error:
                code = error.args[0]
        raise TamisError(
            f"{STARTS} worker processes in a row ended before they had loaded the model (exit code {code}): where "
            "memory is short, ask for fewer workers"
        )

    def _new(self, device: str) -> Worker:
        with self._lock:
            if self._ended:
                raise Gone("the run is over")
            worker = Worker(replace(self._start, device=device), max(1, threads() // self.workers))
            self._running.add(worker)
        return worker
