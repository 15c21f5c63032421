"""A worker process: it loads the model, scores the blocks that it is given, and ends when nobody gives it more."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from typing import IO, Any

from tamis.core import Scorer
from tamis.errors import ModelError, TamisError
from tamis.scale.blocks import Block
from tamis.scale.model import Loaded, Loading
from tamis.scale.part import Task
from tamis.scale.tries import tried
from tamis.score.threads import VARIABLE


@dataclass(frozen=True, slots=True)
class Start:
    """The first thing that a worker is told.

    Attributes:
        task: what is the same for all blocks.
        model: what its scorer comes from.
        device: where the scorer runs; empty where the model's own options say it.
        expected: what the first worker said of its scorer; None for the first.
    """

    task: Task
    model: Loading
    device: str = ""
    expected: Loaded | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A block to score, and how many threads may."""

    block: Block
    threads: int


@dataclass(frozen=True, slots=True)
class Failed:
    """What a worker says when it cannot go on, for a reason that concerns all of them."""

    error: TamisError

    @classmethod
    def by(cls, error: Exception) -> Failed:
        """By an error of ours as it is, by another as one sentence."""
        return cls(error if isinstance(error, TamisError) else TamisError(f"{type(error).__name__}: {error}"))


def opened(start: Start) -> tuple[Scorer, Loaded]:
    """The scorer, and what this process says of it.

    Raises:
        ModelError: it is not the scorer that others have.
        TamisError: it cannot be loaded.
    """
    scorer = start.model.load(start.device)
    loaded = Loaded.of(scorer)
    if start.expected is not None and start.expected.identity != loaded.identity:
        raise ModelError(f"a worker has another model or other versions: {start.expected.identity}, {loaded.identity}")
    return scorer, loaded


def main() -> None:
    """Answer the frames on stdin; whatever libraries print goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    frames: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, frames), daemon=True).start()
    try:
        start: Start = frames.get()
        scorer, loaded = opened(start)
        send(answers, loaded)
        while True:
            order: Order = frames.get()
            os.environ[VARIABLE] = str(order.threads)
            send(answers, tried(start.task, order.block, scorer))
    except Exception as error:
        send(answers, Failed.by(error))


def send(stream: IO[bytes], frame: object) -> None:
    """Send one object."""
    pickle.dump(frame, stream)
    stream.flush()


def _read(stream: IO[bytes], frames: SimpleQueue[Any]) -> None:
    """Take frames in, until the parent is gone: then nobody wants what is under way."""
    while True:
        try:
            frames.put(pickle.load(stream))
        except Exception:  # the end, or a torn frame of a parent that was killed
            os._exit(1)
