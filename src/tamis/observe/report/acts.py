"""What was done: the ledger of a time, who did it and why, and what then was promised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamis.errors import StoreError
from tamis.observe.lifecycle.states import Standing
from tamis.observe.report.verdict import named, short
from tamis.observe.store import Entry, Store
from tamis.observe.watch import Watch

MOST = 300  # acts that a page shows, the newest
MOVES = ("activate", "rollback")
ANSWERS = ("acknowledge", *MOVES)  # after these no alarm stands


@dataclass(frozen=True, slots=True)
class Chain:
    """Whether the ledger's entries still follow from each other.

    Attributes:
        entries: how many there are.
        fault: what is wrong with them; empty where nothing is.
    """

    entries: int
    fault: str = ""

    @classmethod
    def of(cls, store: Store) -> Chain:
        """The chain of a store, worked out anew."""
        try:
            return cls(store.verify())
        except StoreError as error:
            return cls(0, str(error))


def acts(entries: Sequence[Entry], now: Standing, since: float, until: float) -> dict[str, Any]:
    """What was done in a time, the newest first.

    Looks that found nothing are only counted, and so are those that found an alarm while one stood.

    Args:
        entries: the whole ledger.
        now: where policies stand, which knows their names.
        since: seconds since 1970, from which on.
        until: before which.
    """
    told, counted = list[Entry](), {"looks": 0, "again": 0}
    stands = False
    for one in entries:
        again = stands and one.act == "alarm"
        stands = one.act == "alarm" or (stands and one.act not in ANSWERS)
        if not since <= one.at < until:
            continue
        if again or one.act == "look":
            counted["again" if again else "looks"] += 1
        else:
            told.append(one)
    return {**counted, "more": max(0, len(told) - MOST), "rows": [_row(one, now) for one in reversed(told[-MOST:])]}


def findings(look: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The findings of a look as it was written down: measure, segment, effect, corrected p, alarm or not."""
    found = (look or {}).get("findings") or ()
    return [
        {
            "measure": str(one.get("measure", "")),
            "segment": str(one.get("segment") or ""),
            "effect": _number(one.get("effect")),
            "p": None if one.get("p") is None else _number(one.get("adjusted", one["p"])),
            "alarm": bool(one.get("alarm")),
        }
        for one in found
        if isinstance(one, Mapping)
    ]


def targets(watch: Watch, entries: Sequence[Entry], days: Sequence[float], until: float) -> list[float | None]:
    """The precision that the policy in charge at the end of each day was tuned for; None for another target, or none.

    Args:
        watch: over the store.
        entries: the whole ledger.
        days: when each day begins.
        until: when the last of them ends.
    """
    ends = [*days[1:], until]
    told: list[float | None] = []
    now, left = Standing(), [*entries]
    for end in ends:
        while left and left[0].at < end:
            now = now.after(left.pop(0))
        told.append(None if now.since is None else _least(watch, now.active))
    return told


def _least(watch: Watch, digest: str) -> float | None:
    policy = watch.lifecycle.policy(digest)
    target = policy.target if policy is not None else {}
    if target.get("target") == "joint":
        target = target.get("precision") or {}
    return _number(target.get("least")) if target.get("target") == "precision" else None


def _row(entry: Entry, now: Standing) -> dict[str, Any]:
    """An entry as JSON values: of its details only what a person said and what names the act."""
    details = entry.details
    return {
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "act": entry.act,
        "name": str(details.get("name") or "") or named(entry.policy, now),
        "digest": short(entry.policy),
        "reason": str(details.get("reason") or ""),
        "share": _number(details.get("share")),
        "configured": "configured" in details,
        "findings": [one for one in findings(details) if one["alarm"]] if entry.act == "alarm" else [],
        "moves": entry.act in MOVES,
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
