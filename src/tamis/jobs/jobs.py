"""The long work of a server: kept in a folder, done in threads, seen by its owners only."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tamis.data.locks import lock
from tamis.errors import ClosingError, DataError, InputError, NotFoundError, StoppedError, StorageError, TamisError
from tamis.jobs.job import Job, State
from tamis.jobs.task import Task, Work

LOCK = "lock"
EVERY = 0.5  # seconds between two notes of progress on the disk
THREADS = 2
MOST = 50  # jobs of one owner that wait or run
KEPT = 30  # days


@dataclass(slots=True)
class _Live:
    """A job of this process: what is known of it now, and whether it shall stop."""

    job: Job
    stop: threading.Event = field(default_factory=threading.Event)
    written: float = 0.0


class Jobs:
    """Long work in a folder of its own; a second server is refused the folder of a running one.

    A job that a server had not finished when it ended is ``"interrupted"`` for the next one, whatever ended it. Jobs
    that ended more than ``days`` ago are removed with their files when the folder is opened.

    Args:
        folder: made where there is none; only this user of the machine may read it.
        threads: jobs at a time; others wait.
        days: how long ended jobs are kept.

    Raises:
        InputError: another process uses the folder.

    >>> import tempfile
    >>> place = tempfile.TemporaryDirectory()
    >>> with Jobs(place.name) as jobs:
    ...     begun = jobs.start("me", "count", "to three", lambda task: {"counted": 3})
    ...     jobs.wait(begun.id)
    ...     jobs.get("me", begun.id).result
    {'counted': 3}
    >>> place.cleanup()
    """

    def __init__(self, folder: str | Path, *, threads: int = THREADS, days: int = KEPT) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_file = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        if not lock(self._lock_file):
            os.close(self._lock_file)
            raise InputError(f"{self.folder}: another server uses this folder for its work: name one of its own")
        self._guard = threading.RLock()
        self._live: dict[str, _Live] = {}
        self._pool = ThreadPoolExecutor(threads, "tamis-job")
        self._futures: dict[str, Future[None]] = {}
        self._closing = False
        self._ended = self._found(days)

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(
        self,
        owner: str,
        kind: str,
        title: str,
        work: Work,
        *,
        options: Mapping[str, Any] = {},
        files: Mapping[str, Path] = {},
    ) -> Job:
        """Begin work, or have it wait for a thread.

        Args:
            owner: who may see it.
            kind: what is done.
            title: what people call it.
            work: does it; called with the job's ``Task`` in a thread.
            options: what was asked, as JSON values; for people who look at the job later.
            files: copied into the job's folder before the work begins, by the name they get.

        Raises:
            InputError: too much work of this owner is under way.
            ClosingError: the server is stopping.
            StorageError: the disk refused the files.
        """
        with self._guard:
            self._check_room(owner)
        job = Job(secrets.token_hex(8), owner, kind, title[:200], created=_now(), options=dict(options))
        home = self.folder_of(job)
        try:
            home.mkdir(mode=0o700)
            for name, path in files.items():
                shutil.copyfile(path, home / name)
            job.save(home)
            with self._guard:
                self._begin(job, work)
        except Exception as error:  # nothing has begun: nothing is left
            shutil.rmtree(home, ignore_errors=True)
            if isinstance(error, OSError):
                raise StorageError(f"the work was not begun: {error.strerror or error}") from error
            raise
        return job

    def again(self, owner: str, id: str, work: Work) -> Job:
        """Begin the work of an ended job anew, in its folder as it stands; what it had come to is forgotten.

        Args:
            owner: who began it.
            id: of the job.
            work: goes on from what the folder holds, or begins over.

        Raises:
            NotFoundError: the owner has none of this id.
            InputError: it is under way, or too much work of this owner is.
        """
        with self._guard:
            before = self.get(owner, id)
            if before.under_way:
                raise InputError("the job is under way: cancel it first, or wait until it ends")
            self._check_room(owner)
            job = replace(before, state="waiting", started="", ended="", message="", result={})
            job.save(self.folder_of(job))
            self._begin(job, work)
            del self._ended[id]
        return job

    def of(self, owner: str, kind: str = "") -> list[Job]:
        """An owner's jobs, newest first; of one kind only where it is named."""
        with self._guard:
            known = [*self._ended.values(), *(one.job for one in self._live.values())]
        mine = [job for job in known if job.owner == owner and kind in ("", job.kind)]
        return sorted(mine, key=lambda job: (job.created, job.id), reverse=True)

    def get(self, owner: str, id: str) -> Job:
        """An owner's job.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        with self._guard:
            live = self._live.get(id)
            job = live.job if live else self._ended.get(id)
        if job is None or job.owner != owner:
            raise NotFoundError(f"no job {id!r:.40} of yours here")
        return job

    def folder_of(self, job: Job) -> Path:
        """The folder that a job's files stand in."""
        return self.folder / job.id

    def cancel(self, owner: str, id: str) -> Job:
        """Have an owner's job stop; it is cancelled when its work has seen that.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        job = self.get(owner, id)
        with self._guard:
            if live := self._live.get(id):
                live.stop.set()
                if self._futures[id].cancel():  # it had not begun
                    self._settle(id, "cancelled")
        return self.get(owner, id) if job.under_way else job

    def remove(self, owner: str, id: str) -> None:
        """Forget an owner's ended job, and remove its files.

        Raises:
            NotFoundError: the owner has none of this id.
            InputError: it is under way.
        """
        if (job := self.get(owner, id)).under_way:
            raise InputError("the job is under way: cancel it first")
        with self._guard:
            self._ended.pop(id, None)
        shutil.rmtree(self.folder_of(job), ignore_errors=True)

    def wait(self, id: str, seconds: float = 60.0) -> None:
        """Return when a job of this process has ended, or the time is over."""
        with self._guard:
            future = self._futures.get(id)
        if future is not None:
            with suppress(Exception):
                future.result(seconds)

    def close(self) -> None:
        """Have all work stop, wait for it, and give the folder back; what was under way is interrupted."""
        with self._guard:
            if self._closing:
                return
            self._closing = True
            for one in self._live.values():
                one.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for id in [*self._live]:  # those that had not begun
            self._settle(id, "interrupted")
        os.close(self._lock_file)

    def _check_room(self, owner: str) -> None:
        if sum(one.job.owner == owner for one in self._live.values()) >= MOST:
            raise InputError(f"{MOST} jobs are under way: wait until one ends, or cancel one")

    def _begin(self, job: Job, work: Work) -> None:
        if self._closing:
            raise ClosingError("the server is stopping: begin the work again when it is back")
        self._live[job.id] = _Live(job)
        self._futures[job.id] = self._pool.submit(self._run, job.id, work)

    def _run(self, id: str, work: Work) -> None:
        live = self._live[id]
        self._change(id, force=True, state="running", started=_now())
        task = Task(
            self.folder_of(live.job),
            live.stop.is_set,
            lambda done, total: self._change(id, done=done, total=total or 0),
            lambda message: self._change(id, message=message),
        )
        try:
            task.check()
            found = work(task)
        except StoppedError as stopped:
            self._settle(id, "cancelled", message=str(stopped) or live.job.message)
        except TamisError as error:  # people know their files by name, not where they lie here
            self._settle(id, "failed", message=str(error).replace(f"{task.folder}{os.sep}", ""))
        except Exception as error:  # a fault of ours must not leave a job that runs for ever
            self._settle(id, "failed", message=f"the server has failed: {type(error).__name__}: {error}")
            raise
        else:
            self._settle(id, "done", result=dict(found))

    def _change(self, id: str, *, force: bool = False, **values: Any) -> None:
        """Keep what has changed; on the disk not more often than people look."""
        with self._guard:
            if (live := self._live.get(id)) is None:
                return
            live.job = replace(live.job, **values)
            if force or time.monotonic() - live.written > EVERY:
                live.written = time.monotonic()
                live.job.save(self.folder_of(live.job))

    def _settle(self, id: str, state: State, **values: Any) -> None:
        """The job has ended."""
        if self._closing and state != "done":  # it stopped for the server, not for its owner
            state = "interrupted"
        with self._guard:
            live = self._live.pop(id)
            job = self._ended[id] = replace(live.job, state=state, ended=_now(), **values)
        with suppress(TamisError):  # the disk may be full; what is known here is still told
            job.save(self.folder_of(job))
        with self._guard:  # now, so that who waits finds the job on the disk
            self._futures.pop(id, None)

    def _found(self, days: int) -> dict[str, Job]:
        """The jobs of the folder; what another server left under way is interrupted, and what is old is removed."""
        oldest = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
        found: dict[str, Job] = {}
        for path in self.folder.iterdir():
            try:
                job = Job.load(path) if path.is_dir() else None
            except DataError:
                continue
            if job is None:
                continue
            if not job.under_way and (job.ended or job.created) < oldest:
                shutil.rmtree(path, ignore_errors=True)
                continue
            if job.under_way:  # however long ago it was begun
                job = replace(job, state="interrupted", ended=_now())
                job.save(path)
            found[job.id] = job
        return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
