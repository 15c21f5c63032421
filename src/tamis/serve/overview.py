"""What a page shows of a watch beside its status: read once a status, for all who look."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tamis.observe.lifecycle.states import Standing
from tamis.observe.report.acts import Chain, acts
from tamis.observe.report.verdict import Line, Signs, doubted, promised
from tamis.observe.status import Status
from tamis.observe.store import Entry, Which
from tamis.observe.watch import WEEK
from tamis.serve.observing import Observing
from tamis.serve.policies import Policies

ACTS = 300  # of the ledger, the newest; looks are not among them
SPREADS = 6  # parts of the traffic whose best scores are shown, those of most decisions
BEST = 1_000  # decisions of each


@dataclass(frozen=True, slots=True)
class Spread:
    """How the best scores of one part of the traffic lie.

    Attributes:
        row: the part, as ``Status.counts`` has it.
        edges: of the bins.
        counts: decisions in each bin.
        threshold: of the part's policy; None where there is none for all.
    """

    row: Mapping[str, Any]
    edges: Sequence[float]
    counts: Sequence[int]
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A status with what is shown beside it.

    Attributes:
        status: where everything stands.
        signs: what a verdict takes beside a status.
        doubt: precision of what is shown, as clicks told it for a proposal that waits, where it is below the promised.
        promises: what each policy's certificate promises, by digest; None for none.
        expires: last day of the policy that decides; empty for none.
        since: when each policy came into its state, by digest, in seconds since 1970.
        spreads: of the last seven days.
        acts: what was done, the newest first, as the report has it.
    """

    status: Status
    signs: Signs
    doubt: Mapping[str, float] | None
    promises: Mapping[str, Line | None]
    expires: str
    since: Mapping[str, float]
    spreads: Sequence[Spread]
    acts: Mapping[str, Any]


class Overview:
    """Reads what is shown, once for all who look at the same time; threads may share it.

    Args:
        observing: keeps the status, and renews it.
        policies: know which entry of the ledger is the newest.
    """

    def __init__(self, observing: Observing, policies: Policies) -> None:
        self.observing, self._policies = observing, policies
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._now, self._since = Standing(), dict[str, float]()
        self._acts: deque[Entry] = deque(maxlen=ACTS)

    @property
    def latest(self) -> Seen | None:
        """What was read last, where it is of the newest status and of all that the ledger holds; asks no database."""
        seen, lineup = self._seen, self._policies.lineup
        if seen is None or seen.status is not self.observing.status:
            return None
        return None if lineup is not None and lineup.standing.head > seen.status.standing.head else seen

    def read(self, *, fresh: bool = False) -> Seen:
        """Everything as it stands; takes a while, so it is asked in a thread.

        Args:
            fresh: read the store again, though nothing tells that anything has changed.

        Raises:
            StorageError: the store cannot be read.
        """
        with self._lock:
            if not fresh and (known := self.latest) is not None:
                return known
            status, head = self.observing.status, self._policies.lineup.standing.head if self._policies.lineup else 0
            if fresh or status is None or status.standing.head < head:
                status = self.observing.renew(tick=False)
            self._seen = self._of(status)
            return self._seen

    def chain(self) -> Chain:
        """Whether the ledger's entries still follow from each other, worked out anew."""
        return Chain.of(self.observing.watch.store)

    def _of(self, status: Status) -> Seen:
        watch, now = self.observing.watch, status.standing
        self._follow()
        known = {line.digest: watch.lifecycle.policy(line.digest) for line in status.policies}
        active = known.get(now.active)
        promises = {digest: promised(policy) for digest, policy in known.items()}
        doubt = doubted(promises.get(now.active), _told(status))
        kept = bool(status.decisions) or any(True for _ in watch.store.decisions(limit=1))
        return Seen(
            status,
            Signs(
                expired=active is not None and active.expired,
                doubt=doubt is not None,
                kept=kept,
                heard="click" in status.events,
            ),
            doubt,
            promises,
            "" if active is None else active.expires,
            dict(self._since),
            self._spreads(status),
            acts([*self._acts], now, 0.0, float("inf")),
        )

    def _follow(self) -> None:
        """Take in what was written into the ledger since; looks that found nothing new are not kept."""
        for entry in self.observing.watch.store.entries(self._now.head):
            before, self._now = self._now, self._now.after(entry)
            moved = [digest for digest, state in self._now.states.items() if before.states.get(digest) != state]
            self._since |= dict.fromkeys(moved, entry.at)
            if entry.act != "look" and not (entry.act == "alarm" and before.alarm is not None):
                self._acts.append(entry)

    def _spreads(self, status: Status) -> list[Spread]:
        thresholds = {line.digest: line.threshold for line in status.policies}
        found = []
        for row in sorted(status.counts, key=lambda row: -int(row["decisions"]))[:SPREADS]:
            which = Which(since=status.at - WEEK, policy=row["policy"], arm=row["arm"])
            counts, edges = self.observing.watch.store.histogram(limit=BEST, which=which)
            if counts.any():
                found.append(Spread(row, edges.tolist(), counts.tolist(), thresholds.get(row["policy"])))
        return found


def _told(status: Status) -> Mapping[str, float] | None:
    """The precision of what decides now, as clicks told it for the newest proposal that waits; None for none."""
    active = status.active
    for line in reversed(status.policies):
        told, waits = line.evidence, line.state in ("candidate", "shadow", "canary")
        if waits and active is not None and told.get("precision") and told.get("now") == active.threshold:
            found: Mapping[str, float] = told["precision"]
            return found
    return None
