"""The week as one self-contained page: does the threshold still hold, what clicks say of it, what was done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tamis.calibrate.evidence.pages import Pages
from tamis.calibrate.evidence.words import LANGUAGES, Language
from tamis.errors import InputError
from tamis.observe.report.acts import Chain, acts, findings, targets
from tamis.observe.report.days import LEAST, Day, by_day, window
from tamis.observe.report.proposals import advised, proposals
from tamis.observe.report.scores import distributions
from tamis.observe.report.verdict import Line, Signs, doubted, named, promised, short, steps, trial_line, verdict
from tamis.observe.status import Status
from tamis.observe.store import Which
from tamis.observe.trial import Trial
from tamis.observe.watch import Watch

PAGES = Pages("tamis.observe.report")
SCORED = 500  # decisions whose scores say where a curve is of interest


def page(
    watch: Watch, *, days: float = 7.0, until: float | None = None, language: Language = "en", title: str = ""
) -> str:
    """What was decided, found and done, as an HTML page that a browser shows without a network.

    It holds figures and names of policies, models and those who acted, and no text of a query or document. Reading
    changes nothing in the store. The reader can switch its language. Its content security policy lets only its own
    scripts run and forbids every request.

    Args:
        watch: over the store; its options say how clicks are read.
        days: what the page looks back on, above 0: whole days (UTC) and what has passed of the last one.
        until: the end of that, in seconds since 1970; now where it is not said. Where policies stand is always told
            as of now.
        language: that the page opens in, "en" or "zh".
        title: the heading; without one, "Does the threshold still hold?" in the reader's language.

    Raises:
        InputError: another language, or no length of time that can be looked back on.
        StorageError: the store cannot be read.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Watch.open(f"{folder.name}/kept.db") as watch:
    ...     made = page(watch, language="zh")
    >>> made.startswith("<!doctype html>"), "<title>阈值还成立吗？</title>" in made
    (True, True)
    >>> folder.cleanup()
    """
    if language not in LANGUAGES:
        raise InputError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    since, end = window(days, time.time() if until is None else until)
    data = {
        "language": language,
        "title": title,
        "words": PAGES.table(),
        "since": since,
        "until": end,
        **_gathered(watch, since, end),
    }
    return PAGES.made("watch", data, title or PAGES.said("watch.title", language=language), plots=True)


def _gathered(watch: Watch, since: float, until: float) -> dict[str, Any]:
    """All that the page shows, as JSON values."""
    status, chain, entries = watch.status(), Chain.of(watch.store), watch.store.entries()
    now = status.standing
    policy = watch.lifecycle.policy(now.active)
    options = watch.options
    sessions = watch.store.sessions(Which(since, until, arm=""))
    lived = by_day(sessions, options.satisfaction, options.model.examination, since=since, until=until)
    logged = [*watch.store.decisions(Which(until=until, policy=now.active, arm=""), limit=SCORED, newest=True)]
    promise, feedback = promised(policy), watch.store.events_by_kind(since)
    advice = advised(watch, logged)
    doubt = doubted(promise, advice["precision"])
    signs = Signs(bool(chain.fault), policy is not None and policy.expired, doubt is not None,
                  kept=any(True for _ in watch.store.decisions(limit=1)), heard="click" in feedback)  # fmt: skip
    return {
        "made": status.at,
        "verdict": verdict(status, signs)._asdict(),
        "next": [line._asdict() for line in steps(status, signs)],
        "doubt": doubt,
        "active": _active(status, signs.kept),
        "promise": None if promise is None else {**promise._asdict(), "holds": status.promise.holds,
                                                 "expires": policy.expires if policy else ""},
        "expired": signs.expired,
        "alarm": None if now.alarm is None else {"at": now.alarm.at, "findings": _alarming(now.alarm.details)},
        "totals": [_named(asdict(row), status) for row in watch.store.counts(Which(since, until))],
        "feedback": feedback,
        "satisfaction": None if status.satisfaction is None else asdict(status.satisfaction),
        "days": _days(lived, bool(feedback)),
        "least": LEAST,
        "targets": targets(watch, entries, [day.start for day in lived], until),
        "scores": distributions(watch.store, now, policy, since=since, until=until),
        "look": None if now.look is None else {"watched": now.watched, "findings": findings(now.look)},
        "proposals": proposals(watch, entries, since, logged),
        "advice": advice,
        "trial": None if status.trial is None else _trial(status.trial, status),
        "ledger": {**asdict(chain), **acts(entries, now, since, until)},
    }  # fmt: skip


def _active(status: Status, kept: bool) -> dict[str, Any] | None:
    """What decides."""
    line, now = status.active, status.standing
    if line is None and not kept:
        return None
    digest = now.active
    threshold = None if line is None else line.threshold
    return {"name": named(digest, now), "digest": short(digest), "since": now.since,
            "threshold": threshold if threshold is not None and abs(threshold) < float("inf") else None}  # fmt: skip


def _named(row: dict[str, Any], status: Status) -> dict[str, Any]:
    return {**row, "policy": named(row["policy"], status.standing)}


def _alarming(details: Any) -> list[dict[str, Any]]:
    found = findings(details)
    return [one for one in found if one["alarm"]] or found


def _days(lived: Sequence[Day], heard: bool) -> list[dict[str, Any]]:
    """The days; where nobody clicked or nothing came in at all, that is no figure of 0."""
    told = {"clicked": any(day.clicks for day in lived), "satisfaction": heard}
    return [{**day.as_json(), **{name: None for name, known in told.items() if not known}} for day in lived]


def _trial(trial: Trial, status: Status) -> dict[str, Any]:
    """The trial, with its verdict as the key of a sentence."""
    now = status.standing
    line: Line = trial_line(trial, now)
    return {**trial.as_json(), "line": line._asdict(), "name": named(now.canary or "", now), "share": now.share,
            "since": now.tried, "minimum": trial.outcome.experiment.minimum}  # fmt: skip
