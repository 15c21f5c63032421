"""A command of tamis as a job's work: a process of its own, that ends with the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tamis.errors import StoppedError, TamisError
from tamis.jobs.task import Task

PATIENCE = 120.0  # seconds that a command has for its checkpoint once it was told to stop
LOG = "log.txt"
LAST = 2_000  # characters of what it said that are told when it fails

# What the command runs in: it is interrupted as by Ctrl-C when the server is gone, however that ended.
_CHILD = """
import os, signal, sys, threading
def ended():
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=ended, daemon=True).start()
from tamis.cli.app import main
sys.argv = ["tamis", *sys.argv[1:]]
sys.exit(main())
"""


@dataclass(frozen=True, slots=True)
class Program:
    """``tamis ARGUMENTS...`` as work.

    Attributes:
        arguments: of the command, without ``tamis``; paths that shall lie in the job's folder are relative.
        looked: asked now and then with the task, to tell how far it has come.
        environ: variables beside the server's own.
    """

    arguments: Sequence[str]
    looked: Callable[[Task], None] = lambda task: None
    environ: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, task: Task) -> Mapping[str, Any]:
        """Run it to its end.

        Returns:
            what it printed, where that is JSON.

        Raises:
            StoppedError: it was told to stop, and has.
            TamisError: it failed; with the last of what it said.
        """
        command = [sys.executable, "-c", _CHILD, *self.arguments]
        with (task.folder / LOG).open("wb") as log, (task.folder / "out.json").open("wb") as out:
            child = subprocess.Popen(
                command,
                cwd=task.folder,
                env={**os.environ, **self.environ},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the server's terminal is for the server
            )
            try:
                self._watch(child, task)
            finally:
                _end(child)
                self.looked(task)
        if task.stopping():
            raise StoppedError
        if child.returncode:
            raise TamisError(_last(task.folder / LOG) or f"the command ended with {child.returncode}")
        return _json(task.folder / "out.json")

    def _watch(self, child: subprocess.Popen[bytes], task: Task) -> None:
        while child.poll() is None:
            if task.stopping():
                return
            self.looked(task)
            time.sleep(0.2)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Have it stop as by Ctrl-C, which lets it keep what it has; by force where it does not."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.stdin:
        child.stdin.close()


def _last(path: Path) -> str:
    """The last of what a command said, without the words that begin an error."""
    said = path.read_text("utf-8", errors="replace")[-LAST:].strip()
    return said.rpartition("error: ")[2] or said


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {"rows": found}
