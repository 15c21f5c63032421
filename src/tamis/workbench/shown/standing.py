"""Where everything stands, as HTML: what decides, whether its promise holds, the alarm, what to do next, figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tamis.observe.lifecycle.states import Standing
from tamis.observe.report.acts import findings
from tamis.observe.report.verdict import named, short, steps, verdict
from tamis.serve.overview import Seen
from tamis.workbench.desk import Desk
from tamis.workbench.marks import text
from tamis.workbench.shown.reported import alarms, called, level, minute, percent, promise, reporting, sentence
from tamis.workbench.words import Said

WRONG = ("verdict.alarm", "verdict.expired", "trial.worse", "trial.mismatch", "trial.changing")
WAITING = ("verdict.proposed", "verdict.young", "verdict.nothing", "trial.few", "trial.users", "trial.sessions")
PROMISES = {
    None: ("no_promise", ""),
    True: ("holds", "done"),
    "doubtful": ("doubtful", "waits"),
    False: ("broken", "failed"),
}


def standing(seen: Seen, desk: Desk) -> str:
    """The verdict with what stands behind it, and the figures of the last seven days."""
    words = reporting(desk.language)
    line = verdict(seen.status, seen.signs)
    kind = "wrong" if line.key in WRONG else "plain" if line.key in WAITING else "good"
    if kind == "plain" and seen.doubt is not None:
        kind = "warning"
    parts = [_alarm(seen.status.standing, words), _decides(seen, desk, words)]
    return (
        f'<div class="t-note t-{kind} t-verdict" role="status"><strong>{text(sentence(line, words))}</strong>'
        f"{''.join(parts)}</div>{_tiles(seen, desk)}{_next(seen, words)}"
    )


def alarming(details: Mapping[str, Any], words: Said) -> list[str]:
    """What an alarm has found, a sentence each."""
    found = findings(details)
    return alarms([one for one in found if one["alarm"]] or found, words)


def _alarm(now: Standing, words: Said) -> str:
    if now.alarm is None:
        return ""
    rows = "".join(f"<li>{text(said)}</li>" for said in alarming(now.alarm.details, words))
    return f'<ul class="t-places">{rows}</ul><p>{text(words("alarm.since", at=minute(now.alarm.at)))}</p>'


def _decides(seen: Seen, desk: Desk, words: Said) -> str:
    """What decides, and what it promises."""
    now, line = seen.status.standing, seen.status.active
    if line is None:
        return f"<p>{text(words('decides.nothing'))}</p>"
    told = level(line.threshold)
    key = "plain" if told == "–" else "threshold"
    digest = words("decides.digest", digest=short(now.active)) if now.active and line.name else ""
    name = called(named(now.active, now), words)
    decides = words(f"decides.{key}", since=minute(now.since), name=name, digest=digest, threshold=told)
    said = seen.promises.get(now.active)
    if said is None:
        return f"<p>{text(decides)} {text(words('promise.none'))}</p>"
    holds = "expired" if seen.signs.expired else "alarm"
    if seen.status.promise.holds:
        holds = "holds" if seen.doubt is None else "doubtful"
    promised = words("promise.line", promise=promise(said, words), holds=words(f"promise.{holds}", day=seen.expires))
    if seen.status.promise.holds and seen.doubt is not None:
        between = words("page.between", low=percent(seen.doubt["low"]), high=percent(seen.doubt["high"]))
        figures = {"precision": percent(seen.doubt["value"]), "promised": percent(seen.doubt["promised"])}
        promised += words("page.space") + words("promise.doubt", between=between, **figures)
    return f"<p>{text(decides)}</p><p>{text(promised)}</p>{_answered(seen, desk)}"


def _answered(seen: Seen, desk: Desk) -> str:
    """On whose word the promise holds, where an alarm was answered."""
    told = seen.status.promise.answered
    if told is None:
        return ""
    said = {"actor": told["actor"], "at": minute(told["at"]), "reason": told["reason"] or "–"}
    return f"<p>{text(desk.words('monitor')('answered', **said))}</p>"


def _next(seen: Seen, words: Said) -> str:
    rows = "".join(f"<li>{text(sentence(line, words))}</li>" for line in steps(seen.status, seen.signs))
    return f'<h3 class="t-head">{text(words("next.title"))}</h3><ul class="t-places">{rows}</ul>'


def _tiles(seen: Seen, desk: Desk) -> str:
    """A figure a tile, of what decides for all: whether the promise holds, how much, how good."""
    words, status = desk.words("monitor"), seen.status
    holds, kind = PROMISES["doubtful" if status.promise.holds and seen.doubt else status.promise.holds]
    rows = [row for row in status.counts if (row["policy"], row["arm"]) == (status.standing.active, "")]
    decisions = sum(row["decisions"] for row in rows)
    empty = percent(sum(row["empty"] for row in rows) / decisions if decisions else None)
    found = status.satisfaction
    content, between = ("–", words("few_sessions"))
    if found is not None:
        content = f"{found.mean:.3f}"
        between = words("of_sessions", low=f"{found.low:.3f}", high=f"{found.high:.3f}", sessions=f"{found.queries:,}")
    tiles = [
        _tile(words("promise"), words(holds), "", kind),
        _tile(words("decisions_week"), f"{decisions:,}", words("trials_aside")),
        _tile(words("empty"), empty, words("of_decisions")),
        _tile(words("expected"), percent(_expected(rows)), words("expected_note")),
        _tile(words("satisfaction"), content, between),
    ]
    return f'<div class="t-tiles">{"".join(tiles)}</div>'


def _expected(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Mean over decisions of several models; None where no scores are calibrated."""
    known = [row for row in rows if row["expected"] is not None]
    weight = sum(row["decisions"] for row in known)
    return sum(row["expected"] * row["decisions"] for row in known) / weight if weight else None


def _tile(title: str, value: str, more: str, kind: str = "") -> str:
    of = f' class="t-{kind}"' if kind else ""
    return (
        f'<div class="t-tile"><span>{text(title)}</span><strong{of}>{text(value)}</strong>'
        f'<span class="t-small">{text(more)}</span></div>'
    )
