"""Decisions and feedback of the last seven days, as HTML: figures by part of the traffic, and how best scores lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.observe.lifecycle.states import Standing
from tamis.observe.report.verdict import named
from tamis.serve.lineup import ALL
from tamis.serve.overview import Seen
from tamis.serve.service import Service
from tamis.workbench.desk import Desk
from tamis.workbench.marks import note, table, text, wide
from tamis.workbench.shown.histogram import histogram
from tamis.workbench.shown.reported import called, level, percent, reporting, word
from tamis.workbench.words import Said

LONGEST = 60  # characters of a fingerprint
MOST = 40  # parts of the traffic that are listed


def traffic(seen: Seen, desk: Desk) -> str:
    """Decisions by model, policy and part of the traffic, their best scores, and what users did."""
    words, reported, now = desk.words("monitor"), reporting(desk.language), seen.status.standing
    if not seen.status.counts:
        return note(words("no_decisions")) + _feedback(seen.status.events, reported)
    rows = [
        (
            row["model"],
            called(named(row["policy"], now), reported),
            _arm(row["arm"], reported),
            f"{row['decisions']:,}",
            f"{row['accepted']:,} / {row['candidates']:,}",
            percent(row["empty"] / row["decisions"]),
            percent(row["expected"]),
        )
        for row in sorted(seen.status.counts, key=lambda row: -row["decisions"])[:MOST]
    ]
    heads = [words(name) for name in ("model", "policy", "arm", "count", "shown", "empty", "expected")]
    said = _feedback(seen.status.events, reported)
    plots = "".join(_plot(one.row, one.edges, one.counts, one.threshold, now, desk) for one in seen.spreads)
    return f'{wide(table(heads, rows))}{said}<div class="t-columns">{plots}</div>'


def models(service: Service, desk: Desk) -> str:
    """The models, what their scores are shown as, and how much they have to do."""
    words = desk.words("monitor")
    rows = [
        (
            name,
            words(row["scores"]),
            f"{row['waiting_tokens']:,} / {row['running_tokens']:,}",
            _short(row["fingerprint"]),
        )
        for name, row in service.described().items()
    ]
    return wide(table([words(head) for head in ("model", "scores", "queue", "fingerprint")], rows))


def _plot(row: Mapping[str, Any], edges: Any, counts: Any, threshold: float | None, now: Standing, desk: Desk) -> str:
    reported = reporting(desk.language)
    parts = [row["model"], called(named(row["policy"], now), reported)]
    parts += [_arm(row["arm"], reported)] if row["arm"] != ALL else []
    title = desk.words("monitor")("best", whose=" · ".join(parts))
    if level(threshold) != "–":
        title += f" · {reported('scores.line')} {level(threshold)}"
    return histogram(edges, counts, title, mark=threshold)


def _arm(arm: str, words: Said) -> str:
    return words("arm.all") if arm == ALL else word("arm", arm, words)


def _feedback(events: Mapping[str, int], words: Said) -> str:
    if not events:
        return note(words("feedback.nothing"))
    kinds = words("page.comma").join(f"{word('kind', kind, words)} {count:,}" for kind, count in sorted(events.items()))
    return f"<p>{text(kinds)}</p>"


def _short(fingerprint: str) -> str:
    return fingerprint if len(fingerprint) <= LONGEST else f"{fingerprint[: LONGEST - 1]}…"
