"""What was done with policies, as HTML: the ledger's newest entries, looks aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.observe.report.acts import Chain
from tamis.serve.overview import Seen
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, note, table, text
from tamis.workbench.shown.reported import alarms, called, minute, reporting, word
from tamis.workbench.words import Said

NEWEST = 15


def done(seen: Seen, desk: Desk) -> str:
    """The newest entries: when, who, what, which policy and why."""
    words = reporting(desk.language)
    found = seen.acts["rows"][:NEWEST]
    if not found:
        return note(words("chain.empty"))
    rows = [
        (
            minute(row["at"]),
            row["actor"],
            _act(row["act"], words),
            called(row["name"], words),
            _reason(row, words),
        )
        for row in found
    ]
    heads = [words(f"ledger.{head}") for head in ("time", "actor", "act", "policy", "reason")]
    return f'<div class="t-ledger">{table(heads, rows)}</div>'


def checked(found: Chain, desk: Desk) -> str:
    """Whether the ledger is whole."""
    words = reporting(desk.language)
    if found.fault:
        return note(words("chain.broken", fault=found.fault), "wrong")
    key = "chain.whole" if found.entries else "chain.empty"
    return note(words(key, entries=f"{found.entries:,}"), "good")


def _act(act: str, words: Said) -> str:
    said = word("act", act, words)
    return Markup(f'<span class="t-failed">{text(said)}</span>') if act == "alarm" else said


def _reason(row: Mapping[str, Any], words: Said) -> str:
    if row["act"] == "alarm":
        return words("page.semicolon").join(alarms(row["findings"], words)) or "–"
    share = "" if row["share"] is None else words("ledger.share", share=f"{100 * row['share']:g} %")
    parts = [share, row["reason"], words("ledger.configured") if row["configured"] else ""]
    return words("page.semicolon").join(filter(None, parts)) or "–"
