"""Which processes a run has, by what started it; how several are started, and what they say when they fail."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tamis.errors import InputError, TamisError, TrainingError
from tamis.extras import require
from tamis.score.threads import threads
from tamis.train.processes.base import ELSEWHERE, Alone, Processes

# Strategies by their words on the command line: the module of this package, and the class.
STRATEGIES = {"ddp": ("ddp", "Ddp"), "fsdp": ("fsdp", "Fsdp2"), "zero2": ("zero", "Zero2")}
FAILURES = "TAMIS_FAILURES"  # names the folder where processes that ``launch`` started leave their errors
GRACE = 600  # seconds to finish a step and write a checkpoint after Ctrl-C


def started() -> bool:
    """Whether torchrun started this process as one of several."""
    return "RANK" in os.environ


def talks() -> bool:
    """Whether this process tells people what goes on: alone, or the first of several.

    >>> talks()
    True
    """
    return os.environ.get("RANK", "0") == "0"


def processes(strategy: str = "ddp") -> Processes:
    """This process alone, or one of several that torchrun started (RANK and WORLD_SIZE say so).

    Args:
        strategy: how several share the work: ``"ddp"``, ``"fsdp"`` or ``"zero2"``.

    Raises:
        InputError: no such strategy, or one that shares memory in one process.
        MissingExtraError: the strategy's package is not installed.

    >>> processes().name
    'alone'
    """
    if strategy not in STRATEGIES:
        raise InputError(f"strategy={strategy!r}: expected {', '.join(STRATEGIES)}")
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        if strategy != "ddp":
            raise InputError(f"--strategy {strategy} shares memory between processes, and there is one: give --nproc 2")
        return Alone()
    module, kind = STRATEGIES[strategy]
    found: Processes = getattr(import_module(f"tamis.train.processes.{module}"), kind)()
    return found


@contextmanager
def running(strategy: str = "ddp") -> Iterator[Processes]:
    """The processes of a run, which part when it is done; what goes wrong in the block is told once, by ``launch``.

    Raises:
        InputError, MissingExtraError: as ``processes``.
    """
    try:
        found = processes(strategy)
        yield found
        found.end()
    except Exception as error:
        if not (folder := os.environ.get(FAILURES)):
            raise
        _leave(error, Path(folder))
        sys.exit(1)


def launch(nproc: int, arguments: Sequence[str]) -> int:
    """Run ``tamis`` in so many processes under torchrun, and wait for them.

    Ctrl-C and SIGTERM go on to all of them, which have ten minutes to write a checkpoint.

    Args:
        nproc: how many.
        arguments: the command line behind ``tamis``.

    Returns:
        The exit code: 0, or 128 and the signal that ended it.

    Raises:
        MissingExtraError: PyTorch is not installed.
        TrainingError: a process failed; with its own words, or how it ended.
    """
    run, elastic = require("torch.distributed.run"), require("torch.distributed.elastic.multiprocessing")
    failed = require("torch.distributed.elastic.multiprocessing.errors").ChildFailedError
    given = run.get_args_parser().parse_args(["--standalone", f"--nproc-per-node={nproc}", "-m", "tamis"])
    given.training_script_args = [*arguments]  # its parser would take some of ours for its own
    with tempfile.TemporaryDirectory(prefix="tamis-") as folder, _surroundings(nproc, folder):
        try:
            run.run(given)
        except elastic.SignalException as error:
            return 128 + int(error.sigval)
        except failed as error:
            codes = {rank: int(failure.exitcode) for rank, failure in error.failures.items()}
            return _told(_left(Path(folder)), codes, nproc)
    return 0


@contextmanager
def _surroundings(nproc: int, folder: str) -> Iterator[None]:
    """What the processes find in their environment; torchrun itself says nothing."""
    ours = {FAILURES: folder, "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(GRACE)}
    usual = {"OMP_NUM_THREADS": str(max(1, threads() // nproc))}
    before, disabled = dict(os.environ), logging.root.manager.disable
    os.environ.update({**usual, **before, **ours})
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(disabled)
        os.environ.clear()
        os.environ.update(before)


def _leave(error: Exception, folder: Path) -> None:
    """Write an error down for ``launch``."""
    meant = isinstance(error, TamisError)
    row = {
        "time": time.time(),
        "meant": meant,
        "echo": str(error) == ELSEWHERE,
        "text": str(error) if meant else "".join(traceback.format_exception(error)),
    }
    (folder / f"{os.environ['RANK']}.json").write_text(json.dumps(row), "utf-8")


def _left(folder: Path) -> list[dict[str, Any]]:
    """The errors of all processes; what the others failed of comes first."""
    found = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda row: (row["echo"], not row["meant"], row["time"]))


def _told(left: Sequence[Mapping[str, Any]], codes: Mapping[int, int], nproc: int) -> int:
    """Say why processes failed.

    Raises:
        TrainingError: with the words of the process that failed first, or how it was ended.
    """
    ended = {rank: -code for rank, code in codes.items() if code < 0 and -code != signal.SIGTERM}
    if ended:  # the others then fail because they are alone
        rank, number = next(iter(ended.items()))
        raise TrainingError(
            f"process {rank + 1} of {nproc} was ended by {signal.Signals(number).name}; the last checkpoint is whole: "
            "go on with --resume"
        )
    if left and left[0]["meant"]:
        raise TrainingError(left[0]["text"])
    if left:
        sys.stderr.write(left[0]["text"])
    return next((code for code in codes.values() if code > 0), 1)
