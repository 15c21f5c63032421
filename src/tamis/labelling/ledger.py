"""What a project's folder holds at one moment, read and changed under its lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from tamis.calibrate import Labelled
from tamis.core import Floats
from tamis.labelling.folder import LABELS, LEASES, LOCK, PLAN, POOL, Charter
from tamis.labelling.leases import MINUTES, Leases
from tamis.labelling.lock import held
from tamis.labelling.log import Entry, LabelLog, Said
from tamis.labelling.outlook import Outlook
from tamis.labelling.pool import Pool
from tamis.labelling.queue import disputed, next_pair
from tamis.labelling.results import Judged
from tamis.labelling.rounds import Round, load_rounds, save_rounds, weights

Clock = Callable[[], float]


class Ledger:
    """A folder's pool, rounds, labels and leases; everything but the pool is read and changed within ``turn``.

    Attributes:
        folder: where it lies.
        charter: what the project is for.
        pool: all pairs.
        rounds: those that were drawn, the present one last.
        log: what annotators said.
        minutes: how long a pair that was handed out is kept for whoever has it.
        clock: seconds since 1970.
        told: the outlook that was worked out last, and the labels for which it was.
    """

    def __init__(self, folder: Path, charter: Charter, pool: Pool) -> None:
        self.folder, self.charter, self.pool = folder, charter, pool
        self.rounds: tuple[Round, ...] = ()
        self.log, self.minutes = LabelLog(folder / LABELS), MINUTES
        self.clock: Clock = time.time
        self.told: tuple[tuple[str, int, int], Outlook] | None = None
        self._turn = threading.RLock()
        self._seen: tuple[int, ...] = ()  # the plan file that ``rounds`` were read from

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The ledger of a folder.

        Raises:
            NotFoundError: it holds no project.
            PolicyError: its files were changed by hand, or are of a newer tamis.
        """
        charter = Charter.load(folder)
        return cls(folder, charter, Pool.load(folder / POOL, charter.pool))

    @contextmanager
    def turn(self) -> Iterator[Said]:
        """What was said, by anybody, while nobody else can say more or draw pairs."""
        with self._turn, held(self.folder / LOCK):
            self.log.refresh()
            state = (self.folder / PLAN).stat()
            if (seen := (state.st_ino, state.st_mtime_ns, state.st_size)) != self._seen:
                self.rounds, self._seen = load_rounds(self.folder / PLAN), seen
            yield self.log.said

    @property
    def present(self) -> Round:
        """The round that is being labelled."""
        return self.rounds[-1]

    @property
    def drawn(self) -> list[str]:
        """The pairs of all rounds."""
        return [item for one in self.rounds for item in one.items]

    @property
    def leases(self) -> Leases:
        """Who has which pair now."""
        return Leases.load(self.folder / LEASES)

    def lease(self, annotator: str, item: str) -> None:
        """Hand a pair to an annotator, in the place of what they had."""
        until = self.clock() + 60 * self.minutes
        self.leases.with_one(annotator, item, until).save(self.folder / LEASES)

    def release(self, annotator: str, item: str) -> None:
        """Take a pair back from an annotator, if they have it."""
        leases = self.leases
        if leases.of(annotator, self.clock()) == item:
            leases.without(annotator).save(self.folder / LEASES)

    def plan(self, rounds: tuple[Round, ...]) -> None:
        """Write down other rounds."""
        save_rounds(self.folder / PLAN, rounds)
        self.rounds, self._seen = rounds, ()

    def instruct(self, guidelines: str) -> None:
        """Write down other guidelines."""
        self.charter = replace(self.charter, guide=replace(self.charter.guide, guidelines=guidelines))
        self.charter.save(self.folder)

    def due(self, annotator: str) -> str | None:
        """The pair that an annotator has, or else the next one for them: of the present round, then disputed ones."""
        said, leases, now = self.log.said, self.leases, self.clock()
        earlier = [item for one in self.rounds[:-1] for item in one.items if disputed(item, said)]
        order = [*self.present.items, *earlier]
        mine = leases.of(annotator, now)
        if mine in order and mine not in said.by_annotator.get(annotator, {}):
            return mine
        overlap = self.charter.guide.overlap
        return next_pair(order, annotator, said, overlap, lambda item: leases.others(item, annotator, now))

    def begun(self, item: str) -> bool:
        """Whether anybody said anything of a pair, or has it before them."""
        return self.log.said.touched(item) or self.leases.others(item, "", self.clock()) > 0

    def done(self, items: Iterable[str]) -> list[str]:
        """Those of the pairs that have a label."""
        return [item for item in items if self.log.said.labels(item)]

    def say(self, entry: Entry) -> None:
        """Write down what an annotator said."""
        self.log.add(entry)
        self.release(entry.annotator, entry.item)

    def judged(self, rounds: Sequence[Round], *, model: bool = False) -> Judged:
        """One label for each pair of these rounds that has any."""
        items = (item for one in rounds for item in one.items)
        return Judged.of(items, self.log.said, self.charter.guide, model=model)

    def weights(self, rounds: Sequence[Round], items: Sequence[str]) -> Floats:
        """One over the chance with which pairs came to be labelled in any of these rounds, shape ``(len(items),)``."""
        return weights(self.pool, rounds, items, lambda item: bool(self.log.said.labels(item)))

    def labelled(self, rounds: Sequence[Round]) -> Labelled | None:
        """Scores and labels of these rounds, weighted; None where nothing is labelled."""
        found = self.judged(rounds)
        return found.labelled(self.pool, self.charter.guide, self.weights(rounds, found.items))
