"""Ray Data: blocks are the rows of a dataset, scored by a pool of actors, on this machine or on a cluster."""

from __future__ import annotations

import json
import logging
import os
import pickle
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from tamis.errors import RemoteError
from tamis.extras import require
from tamis.scale.blocks import Block
from tamis.scale.model import Loaded, Loading
from tamis.scale.part import Part, Task
from tamis.scale.tries import tried
from tamis.scale.worker import Failed, Start, opened
from tamis.score.threads import VARIABLE

PATIENCE = 10.0  # seconds that a cluster has to answer a call
LOCAL = "local"  # the address that means: start Ray on this machine, for this run
# A cluster that we start is for this process alone, on this machine: no keys are written to the home folder for it, and
# nobody is told of it.
ALONE = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


class Scoring:
    """An actor: a scorer that is loaded once, and blocks one by one.

    Args:
        start: the task, the model, and what its scorer must be.
    """

    def __init__(self, start: Start) -> None:
        self._task = start.task
        self._scorer, _ = opened(start)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[bytes]]:
        """The parts of the blocks, or what concerns all of them, pickled."""
        found: list[Part | Failed] = []
        for text in batch["block"]:
            try:
                found.append(tried(self._task, Block(**json.loads(str(text))), self._scorer))
            except Exception as error:
                found.append(Failed.by(error))
        return {"part": [pickle.dumps(each) for each in found]}


def looked(start: Start) -> Loaded | Failed:
    """What a process of the cluster says of the scorer."""
    try:
        return opened(start)[1]
    except Exception as error:
        return Failed.by(error)


class OnRay:
    """A pool of actors; one that dies is replaced by Ray, and its block done again.

    Args:
        task: what is the same for all blocks; its paths must be there on every machine.
        model: what scorers come from.
        blocks: how many there are to be scored: no more actors than that.
        address: ``"local"`` starts Ray here for this run, ``"auto"`` finds the cluster that this machine belongs to;
            else a cluster's address.
        workers: actors; None is one a GPU for ``device="cuda"``, else one a CPU of the cluster.
    """

    def __init__(self, task: Task, model: Loading, blocks: int, address: str, workers: int | None = None) -> None:
        self._start, self._most, self._address, self._wanted = Start(task, model), max(1, blocks), address, workers
        self.workers = 1
        self._opened = ExitStack()
        self._ray: Any = None

    def loaded(self) -> Loaded:
        """What a process of the cluster says of the scorer, once Ray is there.

        Raises:
            MissingExtraError: Ray is not installed.
            RemoteError: there is no cluster at the address, or none that has what an actor needs.
            TamisError: the model cannot be loaded.
        """
        self._ray = require("ray")
        require("ray.data")
        self._opened.enter_context(redirect_stdout(sys.stderr))  # Ray prints; stdout is for data
        self._connect()
        needs = self._needs()
        kind, each = ("GPU", needs["num_gpus"]) if "num_gpus" in needs else ("CPU", needs["num_cpus"])
        there = int(self._ray.cluster_resources().get(kind, 0) // each)
        if not there:
            raise RemoteError(f"the Ray cluster has no {kind}: expected at least one")
        self.workers = min(self._most, self._wanted or there, there)
        with self._told():
            found: Loaded | Failed = self._ray.get(self._ray.remote(**needs)(looked).remote(self._start))
        if isinstance(found, Failed):
            raise found.error
        self._start = replace(self._start, expected=found)
        return found

    def parts(self, blocks: Sequence[Block]) -> Iterator[Part]:
        """The parts of the blocks, as they are done.

        Raises:
            TamisError: something that concerns all blocks.
        """
        data = self._ray.data
        rows = [{"block": json.dumps(block.as_json())} for block in blocks]
        # As many of Ray's blocks as rows: what is one block goes to one actor, however many there are.
        found = data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            Scoring,
            fn_constructor_args=(self._start,),
            batch_size=1,
            compute=data.ActorPoolStrategy(size=self.workers, max_tasks_in_flight_per_actor=2),
            **self._needs(),
        )
        with self._told():
            for row in found.iter_rows():
                part = pickle.loads(row["part"])
                if isinstance(part, Failed):
                    raise part.error
                yield part

    def close(self) -> None:
        """Leave the cluster; one that was started here is ended."""
        self._opened.close()

    def _needs(self) -> dict[str, Any]:
        """What an actor takes up; its scorer has one thread, as there is an actor a CPU."""
        many = self._start.model.device.startswith("cuda")
        variables = {**SINGLE, VARIABLE: "1"}
        if self._address == LOCAL:  # where what this process can import is at the same place
            variables["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        return {**({"num_gpus": 1} if many else {"num_cpus": 1}), "runtime_env": {"env_vars": variables}}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Within, what Ray fails with is one sentence."""
        try:
            yield
        except self._ray.exceptions.RayError as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise RemoteError(f"Ray could not go on: {said[-1]:.300}") from error

    def _connect(self) -> None:
        if self._ray.is_initialized():
            return
        local = self._address == LOCAL
        _answered(self._address)
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        with _variables(ALONE if local else {}):
            try:
                if local:
                    self._ray.init(address="local", num_cpus=self._wanted, include_dashboard=False, **quiet)
                else:
                    self._ray.init(address=self._address, **quiet)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise RemoteError(f"no Ray cluster at {self._address!r}: {error}") from error
        self._opened.callback(self._ray.shutdown)
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = self._ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False


def _answered(address: str) -> None:
    """Refuse an address where nobody listens; Ray itself would try for a quarter of an hour.

    Raises:
        RemoteError: nobody does.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise RemoteError(f"no Ray cluster at {address!r}: {error}") from error


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Have variables of the environment set, where they are not, while something is started that inherits them."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]
