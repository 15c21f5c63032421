"""What a server keeps of its decisions and of what users did, and how it follows the ledger that its replicas share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from tamis.core import Decision
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError, StaleError, TamisError, UnavailableError
from tamis.observe.events import Decided, Event
from tamis.observe.status import Status
from tamis.observe.store import Writer
from tamis.observe.watch import Watch
from tamis.serve.lineup import Lineup, short
from tamis.serve.policies import Policies
from tamis.serve.recording import Made

REREAD = 1.0  # seconds between two looks at the ledger: what one replica is told, all do soon after
QUIET = 60.0  # seconds between two lines of log about the same
TRIES = 20  # replicas that may begin at once
THREADS = 4  # a look, the ledger, and what owners ask
MANY = 100  # events whose rows are made in a thread: they would hold the loop up

Given = ParamSpec("Given")
Found = TypeVar("Found")

_log = logging.getLogger("tamis")


class Observing:
    """A watch over a store, for a server.

    What is acknowledged of feedback is on the disk. Decisions are written behind the answers, many together; where the
    store cannot keep up they are dropped and counted, and no request waits for it or fails with it; unless they are to
    be ``kept_first``.

    Args:
        watch: over the store; closed with this.
        policies: the server's, which learn from here who decides.
        reread: seconds between two looks at the ledger.

    Attributes:
        watch: the same.
        status: where everything stands, as of the last look; None before the first.
        decided: decisions that this process has handed to the store, by the policy's digest and the arm.
        told: events that this process has acknowledged, by kind.
        dropped: decisions that this process could not keep.
    """

    def __init__(self, watch: Watch, policies: Policies, *, reread: float = REREAD) -> None:
        self.watch, self._policies, self._reread = watch, policies, reread
        self.status: Status | None = None
        self.decided: Counter[tuple[str, str]] = Counter()
        self.told: Counter[str] = Counter()
        self.dropped = 0
        self._writer = Writer(watch.store)
        self._threads = ThreadPoolExecutor(THREADS, "tamis-observe")
        self._following = threading.Lock()
        self._renewing = threading.Lock()
        self._soon: asyncio.Event | None = None
        self._said: dict[tuple[str, type[Exception]], float] = {}

    def begin(self, policy: Policy | None, name: str = "") -> None:
        """Tell the ledger what the configuration asks for, and follow what it says.

        Raises:
            StorageError, StoreError: the store cannot be used.
        """
        for left in range(TRIES, 0, -1):
            try:
                self.watch.lifecycle.begin(policy, name)
                break
            except StaleError:  # another replica begins, too: the second one finds it told already
                if left == 1:
                    raise
        self.follow()

    def follow(self) -> None:
        """Read who decides from the ledger; where nothing was written since, nothing is exchanged."""
        with self._following:  # the newest is written last
            lineup = self._policies.lineup
            if lineup is None or self.watch.lifecycle.standing().head != lineup.standing.head:
                self._policies.lineup = Lineup.read(self.watch.lifecycle)

    def renew(self, *, tick: bool = True) -> Status:
        """See where everything stands; with ``tick`` also look, propose and move on, where that is due."""
        if tick:
            with contextlib.suppress(StaleError):  # another replica was first
                self.watch.tick()
        with self._renewing:  # one after the other, so that no older reading comes in last
            self.status = self.watch.status()
            return self.status

    def record(self, made: Made) -> Decision:
        """Have a decision written, with those of the shadows beside; never an error.

        Returns:
            what is shown: the decision, where exploring is on now and then with one more document.
        """
        made = made.explored(self.watch.options.exploration)
        self.keep(*self._rows(made))
        return made.decision

    async def recorded(self, made: Made) -> Decision:
        """As ``record``; where decisions are ``kept_first``, it is on the disk when this returns.

        Raises:
            InputError, StorageError, UnavailableError: it cannot be kept, where it has to be.
        """
        if not self.watch.options.kept_first:
            return self.record(made)
        made = made.explored(self.watch.options.exploration)
        rows = self._rows(made)
        try:
            await asyncio.wrap_future(self._writer.add(*rows))
        except TamisError as error:
            self._lost(len(rows), error)
            raise
        self._count(rows)
        return made.decision

    def name(self, digest: str) -> str:
        """What a policy is called; empty for the one that shows everything."""
        lineup = self._policies.lineup
        return lineup.name(digest) if lineup else short(digest)

    def keep(self, *decided: Decided) -> None:
        """Have decisions written, later; never an error."""
        try:
            self._writer.add(*decided).add_done_callback(lambda done: self._written(done, len(decided)))
        except (InputError, UnavailableError) as error:
            self._lost(len(decided), error)
        else:
            self._count(decided)

    def failed(self, what: str, error: Exception) -> None:
        """Say in the log what could not be done; what fails again and again in the same way, once a minute."""
        key, now = (what, type(error)), time.monotonic()
        if now - self._said.get(key, -math.inf) >= QUIET:
            self._said[key] = now
            known = isinstance(error, TamisError)
            _log.error("%s: %s", what, error, exc_info=None if known else error)

    async def add(self, events: Sequence[Event]) -> None:
        """Write events; they are on the disk when this returns.

        Raises:
            InputError: a name cannot be kept.
            StorageError: the store refused them; none is kept.
            UnavailableError: too many are waiting, or the server is stopping.
        """
        many = len(events) > MANY
        coming = await self.run(self._writer.add, *events) if many else self._writer.add(*events)
        await asyncio.wrap_future(coming)
        self.told.update(event.kind for event in events)

    async def run(self, work: Callable[Given, Found], *given: Given.args, **more: Given.kwargs) -> Found:
        """What comes of work with the store, done in a thread."""
        return await asyncio.wrap_future(self._threads.submit(work, *given, **more))

    async def act(self, work: Callable[Given, Found], *given: Given.args, **more: Given.kwargs) -> Found:
        """What comes of an act of the lifecycle; when this returns, this replica decides accordingly.

        Raises:
            StaleError: somebody else has acted meanwhile.
        """
        found = await self.run(work, *given, **more)
        await self.run(self.follow)
        if self._soon is not None:
            self._soon.set()
        return found

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """While the block runs, the ledger is followed and the policy watched; what fails there is only logged."""
        self._soon = asyncio.Event()
        ways = (
            self._often("the ledger cannot be read", self.follow, self._reread, asyncio.Event()),
            self._often("the watch cannot look", self.renew, self.watch.options.every, self._soon),
        )
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Write what waits, and close the store."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown()
        self._writer.close()
        self.watch.close()

    async def _often(self, what: str, work: Callable[[], Any], seconds: float, soon: asyncio.Event) -> None:
        while True:
            soon.clear()
            try:
                await self.run(work)
            except Exception as error:
                self.failed(what, error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(soon.wait(), seconds)

    def _rows(self, made: Made) -> list[Decided]:
        """A decision as it is kept, and beside it what the shadows would have decided."""
        kept = [made.kept()]
        for shadow in made.ruling.shadows:
            try:
                kept.append(made.beside(shadow))
            except TamisError as error:
                self.failed(f"the shadow {short(shadow.digest)} cannot decide", error)
        return kept

    def _count(self, decided: Sequence[Decided]) -> None:
        self.decided.update((one.policy, one.arm) for one in decided)

    def _written(self, done: Future[None], count: int) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self._lost(count, error)

    def _lost(self, count: int, error: BaseException) -> None:
        self.dropped += count
        self.failed("decisions are not kept", error if isinstance(error, Exception) else RuntimeError(str(error)))
