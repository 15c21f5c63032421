"""How far a project has come: by round, by annotator, towards its promise."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.labelling.folder import LABELS
from tamis.labelling.forecast import Rest
from tamis.labelling.ledger import Ledger
from tamis.labelling.log import Entry
from tamis.labelling.outlook import Outlook, outlook
from tamis.labelling.queue import disputed, wanted
from tamis.labelling.rounds import region_of


@dataclass(frozen=True, slots=True)
class Worker:
    """One annotator's part: labels, pairs passed over, and the median of the seconds a label took."""

    labels: int
    skipped: int
    seconds: float | None

    def as_json(self) -> dict[str, Any]:
        """The part as JSON values."""
        return {"labels": self.labels, "skipped": self.skipped, "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a project has come.

    Attributes:
        planned, labelled: pairs of the present round, and how many of them have a label.
        round: its number, counted from 1.
        earlier: labelled pairs of the rounds before.
        labels: labels in all, of all annotators and rounds.
        open: labels that the present round still takes, second and third ones among them.
        disputed: pairs on which two differ and no third has spoken.
        by_annotator: each annotator's part.
        outlook: what the labels of the present round let expect.
        notes: what else should be known, in sentences.
        torn: lines of the log that a crash cut.
        passed: pairs of the present round that all who saw them passed over.
    """

    planned: int
    labelled: int
    round: int
    earlier: int
    labels: int
    open: int
    disputed: int
    by_annotator: Mapping[str, Worker]
    outlook: Outlook
    notes: tuple[str, ...] = ()
    torn: int = 0
    passed: int = 0

    @property
    def sentence(self) -> str:
        """How far it has come, in a sentence."""
        before = f" (round {self.round}; {self.earlier} pairs were labelled before it)" if self.round > 1 else ""
        return f"{self.labelled} of {self.planned} pairs labelled{before}: {self.outlook.sentence}"

    def as_json(self) -> dict[str, Any]:
        """The standing as JSON values."""
        return {
            "planned": self.planned,
            "labelled": self.labelled,
            "round": self.round,
            "earlier": self.earlier,
            "labels": self.labels,
            "open": self.open,
            "disputed": self.disputed,
            "by_annotator": {name: who.as_json() for name, who in self.by_annotator.items()},
            "outlook": self.outlook.as_json(),
            "notes": list(self.notes),
            "sentence": self.sentence,
        }


def standing(ledger: Ledger) -> Standing:
    """How far the project of a ledger has come; asked within its turn."""
    said, last, share = ledger.log.said, ledger.present, ledger.charter.guide.overlap
    done = ledger.done(last.items)
    missing = (wanted(item, said, share) - len(said.labels(item)) for item in last.items)
    passed = sum(said.touched(item) and not said.labels(item) for item in last.items)
    workers = {who: _worker(mine.values()) for who, mine in said.by_annotator.items() if mine}
    return Standing(
        planned=len(last.items),
        labelled=len(done),
        round=len(ledger.rounds),
        earlier=len(ledger.done(item for one in ledger.rounds[:-1] for item in one.items)),
        labels=sum(who.labels for who in workers.values()),
        open=sum(max(0, more) for more in missing),
        disputed=sum(disputed(item, said) for item in ledger.drawn),
        by_annotator=workers,
        outlook=_outlook(ledger, len(last.items) - len(done)),
        notes=_notes(ledger.log.torn, passed),
        torn=ledger.log.torn,
        passed=passed,
    )


def _outlook(ledger: Ledger, left: int) -> Outlook:
    """The outlook of the present round, worked out once for the same labels: a screen may ask every second."""
    data, last = ledger.labelled((ledger.present,)), ledger.present
    key = (data.digest if data else "", len(last.items), left)
    if ledger.told is None or ledger.told[0] != key:
        ledger.told = (key, outlook(data, ledger.charter.target, last, left, _rest(ledger)))
    return ledger.told[1]


def _rest(ledger: Ledger) -> Rest:
    """The pairs of the present region that nobody has labelled."""
    said, pool = ledger.log.said, ledger.pool
    inside = [pool.items[at] for at in region_of(pool, ledger.rounds).tolist()]
    left = [item for item in inside if not said.labels(item.id)]
    scores = np.array([item.score for item in left], dtype=np.float64)
    known = [pool[item].query_id for item in ledger.done(ledger.present.items)]
    return Rest.of(scores, [item.query_id for item in left], known)


def _worker(entries: Iterable[Entry]) -> Worker:
    mine = list(entries)
    labels = [entry for entry in mine if entry.act == "label"]
    taken = [entry.seconds for entry in labels if entry.seconds is not None]
    return Worker(len(labels), len(mine) - len(labels), statistics.median(taken) if taken else None)


def _notes(torn: int, passed: int) -> tuple[str, ...]:
    told = (
        (torn, f"lines of {LABELS} that a crash cut before they were acknowledged, and that are passed over: {torn}"),
        (passed, f"pairs that all who saw them passed over, and about which nothing is promised: {passed}"),
    )
    return tuple(note for count, note in told if count)
