"""How often a block is tried: what fails, or ends its worker, three times is set aside, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tamis.core import Scorer
from tamis.data import atomic_write
from tamis.errors import DataError, StorageError, TamisError
from tamis.scale.blocks import Block
from tamis.scale.part import Part, Task, made, write_errors

MOST = 3
LONGEST = 500  # characters of what a model failed with
KILLED = "its worker ended before it had scored it: it was killed, or ran out of memory"
TRIES = ".bulk/tries"  # below the output


def tried(task: Task, block: Block, scorer: Scorer) -> Part:
    """The part of a block; or, after three tries of which none came to its end, that it is set aside.

    A try leaves a file before it begins, with what went wrong if it can still say so, and takes it away when it is
    done: so tries are counted where a worker is killed, too, and whichever worker is next.

    Raises:
        TamisError: something that concerns all blocks, such as a full disk.
    """
    for mark in _marks(task, block):
        if mark.exists():
            continue
        _leave(mark)
        try:
            part = made(task, block, scorer)
        except TamisError:
            mark.unlink(missing_ok=True)
            raise
        except Exception as error:  # whatever a model can fail with
            with atomic_write(mark) as out:
                out.write(f"{type(error).__name__}: {error}"[:LONGEST].encode("utf-8", "replace").decode())
        else:
            forget(task, block)
            return part
    return _set_aside(task, block)


def _leave(mark: Path) -> None:
    try:
        mark.parent.mkdir(exist_ok=True)  # not the output's: a machine that does not see it must not make its own
        mark.touch()
    except OSError as error:
        what = f"{mark} cannot be written: {error.strerror or error}"
        raise StorageError(f"{what}. Every machine must see the output under this path") from error


def forget(task: Task, block: Block) -> None:
    """Take away the marks of a block's tries."""
    for mark in _marks(task, block):
        mark.unlink(missing_ok=True)


def _marks(task: Task, block: Block) -> Iterator[Path]:
    for at in range(MOST):
        yield Path(task.output) / TRIES / f"{task.run}-{block.number:05}-{at}"


def _set_aside(task: Task, block: Block) -> Part:
    """Put down why a whole block is not scored, where its rows that cannot be used would stand."""
    said = [mark.read_text("utf-8") for mark in _marks(task, block) if mark.exists()]
    reason = next((text for text in reversed(said) if text), KILLED)
    what = f"the block of {block.rows} rows that begins here was tried {MOST} times and set aside: {reason}"
    errors = write_errors(task, block, [DataError(what, line=block.first)])
    forget(task, block)
    return Part(block.number, refused=block.rows, errors=errors, reason=reason)
