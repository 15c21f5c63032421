"""What ``tamis watch`` shows: where policies stand, what a look found, what clicks advise, who did what."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tamis.cli import show

if TYPE_CHECKING:
    from tamis.decide import Change
    from tamis.observe import Advice, Look, Status
    from tamis.observe.abtest import Plan
    from tamis.observe.store import Entry

SHORT = 12  # characters of a digest that a table shows


def show_status(found: Status) -> None:
    """Print where everything stands."""
    show.say(found.sentence)
    promise = found.promise
    if promise.promise:
        show.say(f"promise: {promise.promise}: " + ("holds" if promise.holds else f"does NOT hold: {promise.why}"))
    if promise.answered:
        said = promise.answered
        show.say(
            f"an alarm was answered by {said['actor']} on {when(said['at'])}: {said['reason'] or 'no reason given'}"
        )
    shown = show.table("policies", "policy", "state", "threshold", "share", "digest")
    for line in found.policies:
        threshold = "" if line.threshold is None else f"{line.threshold:.4g}"
        share = f"{100 * line.share:g} %" if line.share else ""
        name = line.name or ("" if line.digest else "everything is shown")
        shown.add_row(show.printable(name), line.state, threshold, share, short(line.digest))
    show.out(shown)
    _show_counts(found)
    if found.satisfaction is not None:
        seen = found.satisfaction
        show.say(f"satisfaction {seen.mean:.3f} ({seen.low:.3f} to {seen.high:.3f}, {seen.queries:,} sessions)")
    if found.trial is not None:
        show.say(found.trial.sentence)


def _show_counts(found: Status) -> None:
    names = {line.digest: line.name for line in found.policies}
    shown = show.table("decisions", "model", "policy", "arm", "decisions", "shown", "empty", "expected precision")
    for row in found.counts:
        expected = row["expected"]
        shown.add_row(
            show.printable(row["model"]),
            show.printable(names.get(row["policy"]) or short(row["policy"]) or "everything"),
            row["arm"] or "all",
            f"{row['decisions']:,}",
            f"{row['accepted']:,} of {row['candidates']:,}",
            f"{100 * row['empty'] / max(1, row['decisions']):.1f} %",
            "" if expected is None else f"{expected:.3f}",
        )
    if found.counts:
        show.out(shown)
    if found.events:
        show.say("feedback: " + ", ".join(f"{kind} {count:,}" for kind, count in found.events.items()))


def show_look(found: Look) -> None:
    """Print what a look found, a row a measure."""
    show.say(found.sentence)
    shown = show.table("look", "measure", "segment", "effect", "p", "alarm", "why")
    for one in found.findings:
        p = "" if one.p is None else f"{one.p:.2g}"
        shown.add_row(
            one.measure, one.segment or "all", f"{one.effect:.3f}", p, "ALARM" if one.alarm else "", one.sentence
        )
    show.out(shown)


def show_advice(found: Advice, digest: str) -> None:
    """Print what clicks advise."""
    show.say(found.reason)
    if found.precision is not None:
        for what, estimate in (("now", found.precision), ("proposed", found.proposed)):
            if estimate is not None:
                show.say(
                    f"precision of what is shown, as clicks tell it, {what}: {estimate.value:.3f} "
                    f"({estimate.low:.3f} to {estimate.high:.3f})"
                )
    if found.threshold is not None:
        show.say(f"threshold {found.now:.4g} -> {found.threshold:.4g}, from {found.sessions:,} sessions")
    if digest:
        show.say(f"candidate: {digest}")


def show_change(change: Change) -> None:
    """Print what a policy would have changed."""
    shown = show.table("what would have changed", "what", "count")
    rows = {
        "queries": change.queries,
        "documents that both show": change.both,
        "only the active policy": change.only_old,
        "only this one": change.only_new,
        "queries with other documents": change.changed,
        "queries that become empty": change.emptied,
        "queries that are empty no more": change.filled,
    }
    for what, count in rows.items():
        shown.add_row(what, f"{count:,}")
    show.out(shown)


def show_log(entries: Iterable[Entry]) -> None:
    """Print entries of the ledger, the newest last."""
    shown = show.table("ledger", "entry", "time", "actor", "act", "policy", "why")
    for one in entries:
        why = one.details.get("reason") or one.details.get("sentence") or ""
        name = str(one.details.get("name") or "") or short(one.policy)
        shown.add_row(
            str(one.id),
            when(one.at),
            show.printable(one.actor),
            one.act,
            show.printable(name),
            show.printable(str(why)),
        )
    show.out(shown)


def show_plan(found: Plan, daily: float | None) -> None:
    """Print what it takes to find a difference."""
    show.say(f"looked at once, at the end: {found.fixed:,} sessions of both arms together")
    show.say(
        f"looked at as often as one likes: found after {found.usual:,} in half of all cases, after {found.most:,} in "
        f"{100 * found.power:g} %"
    )
    if daily:
        show.say(
            f"at {daily:,.0f} sessions a day: {math.ceil(found.fixed / daily)} and {math.ceil(found.most / daily)} days"
        )


def entry(one: Entry) -> dict[str, Any]:
    """An entry as JSON values."""
    return {name: getattr(one, name) for name in one.__slots__} | {"details": dict(one.details)}


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines; the file appears whole or not at all."""
    from tamis.data import atomic_write

    with atomic_write(path) as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def when(at: float) -> str:
    """A time in UTC, to the second.

    >>> when(0.0)
    '1970-01-01 00:00:00'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def short(digest: str) -> str:
    """The beginning of a digest, by which a policy may be called.

    >>> short("sha256:0123456789abcdef")
    '0123456789ab'
    """
    return digest.removeprefix("sha256:")[:SHORT]
