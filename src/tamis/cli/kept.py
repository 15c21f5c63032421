"""``tamis watch log``, ``export``, ``import``, ``clean``, ``relabel``: what a store keeps, shown, moved and deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from tamis.cli import show, watching
from tamis.cli.options import AsJson
from tamis.cli.watch import Config, Where, opened, said

DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def relabel(
    where: Where,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write: .jsonl.")],
    budget: Annotated[int, typer.Option(min=1, help="How many pairs can be labelled.")] = 100,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the pairs worth labelling again: near the threshold, contradicted by clicks, and some drawn at random.

    Example: tamis watch relabel observe.db -o pairs.jsonl; tamis label new ./again --pairs pairs.jsonl --precision 0.9
    """
    with opened(where, config) as watch:
        rows = watch.relabel(budget)
    watching.write_rows(output, rows)
    said({"path": str(output), "pairs": len(rows)}, f"{output}: {len(rows)} pairs to label", as_json)


def log(
    where: Where,
    last: Annotated[int, typer.Option(min=1, help="How many entries, the newest.")] = 20,
    verify: Annotated[bool, typer.Option("--verify", help="Work out the chain of all entries anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the ledger: who did what, when and why. No entry is ever changed or deleted.

    Example: tamis watch log observe.db --verify
    """
    with opened(where) as watch:
        count = watch.store.verify() if verify else None
        entries = watch.store.entries()[-last:]
    if as_json:
        show.as_json({"verified": count, "entries": [watching.entry(one) for one in entries]})
        return
    watching.show_log(entries)
    if count is not None:
        show.say(f"the chain of all {count} entries is whole")


def export(
    where: Where,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="File to write: .jsonl, .jsonl.gz or .parquet.")
    ],
    what: Annotated[
        Literal["decisions", "events", "ledger", "impressions"],
        typer.Option(help="impressions: a row a shown document, with its clicks, as tamis data derive reads them."),
    ] = "decisions",
    since: Annotated[datetime | None, typer.Option(formats=DAYS, metavar="DAY", help="From this day on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAYS, metavar="DAY", help="Before this day (UTC).")] = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is kept of one kind to a file, or what happened on some days.

    Clicks come in after what they are about: export the impressions of days that are over for some hours.

    Example: tamis watch export observe.db -o clicks.parquet --what impressions --since 2026-11-01 --until 2026-11-02
    """
    from tamis.observe import store

    which = store.Which(since=_seconds(since), until=_seconds(until))
    with opened(where) as watch:
        count = store.export(watch.store, output, what, which)
    said({"path": str(output), "rows": count}, f"{output}: {count:,} rows", as_json)


def bring(
    where: Where,
    feedback: Annotated[Path, typer.Argument(metavar="FILE", help="Events, a JSON object a line.")],
    as_json: AsJson = False,
) -> None:
    """Bring events from a file into a store, such as the feedback file of an older tamis; each counts once.

    Example: tamis watch import observe.db feedback.jsonl
    """
    from tamis.observe.store import read_feedback

    with opened(where) as watch:
        added = watch.store.add(events=read_feedback(feedback))
    said({"new": added.new, "known": added.known}, f"{added.new:,} events, {added.known:,} known before", as_json)


def clean(
    where: Where,
    days: Annotated[float, typer.Option(min=0, help="Keep what is younger.")],
    as_json: AsJson = False,
) -> None:
    """Delete decisions and events that are older than some days; the ledger stays.

    Example: tamis watch clean observe.db --days 90
    """
    import time

    with opened(where) as watch:
        gone = watch.store.clean(before=time.time() - days * 86_400)
    counts = {"decisions": gone.decisions, "events": gone.events}
    said(counts, f"deleted {gone.decisions:,} decisions and {gone.events:,} events", as_json)


def _seconds(day: datetime | None) -> float | None:
    return None if day is None else day.replace(tzinfo=UTC).timestamp()
