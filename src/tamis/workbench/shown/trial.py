"""The trial of a canary as HTML: both arms with their satisfaction, what is told by now, what was left empty."""

from __future__ import annotations

from tamis.observe.abtest import Sums
from tamis.observe.lifecycle.rollout import ACTIVE, CANARY
from tamis.observe.report.verdict import named, trial_line
from tamis.observe.trial import Trial
from tamis.serve.overview import Seen
from tamis.workbench.desk import Desk
from tamis.workbench.marks import note, table, text, wide
from tamis.workbench.shown.reported import called, chance, minute, percent, reporting, sentence
from tamis.workbench.words import Said

KINDS = {"better": "good", "same": "good", "worse": "wrong", "mismatch": "wrong", "changing": "wrong"}
INFINITE = float("inf")


def trial(seen: Seen, desk: Desk) -> str:
    """How the canary does against what decides for all others."""
    words, found, now = reporting(desk.language), seen.status.trial, seen.status.standing
    if found is None:
        return note(words("trial.nothing"))
    name = called(named(now.canary or "", now), words)
    said = words("trial.runs", name=name, share=f"{100 * now.share:g} %", since=minute(now.tried))
    verdict = note(sentence(trial_line(found, now), words), KINDS.get(found.outcome.verdict, "plain"))
    small = [_difference(found, words), _sizes(found, words), words("trial.caution")]
    notes = "".join(f'<p class="t-small">{text(one)}</p>' for one in small)
    return f"{verdict}<p>{text(said)}</p>{_arms(found, words)}{notes}"


def _arms(found: Trial, words: Said) -> str:
    outcome = found.outcome
    rows = [
        (
            words(f"arm.{arm}"),
            f"{found.decisions[arm]:,}",
            f"{100 * outcome.mismatch.planned[arm]:g} %",
            percent(found.empty[arm]),
            f"{sums.sessions:,}",
            f"{sums.units:,}",
            _mean(sums, words),
        )
        for arm, sums in ((ACTIVE, outcome.control), (CANARY, outcome.treated))
    ]
    heads = ("arm", "decisions", "planned", "empty", "sessions_", "units", "satisfaction")
    return wide(table([words(f"trial.{head}") for head in heads], rows))


def _mean(sums: Sums, words: Said) -> str:
    """An arm's satisfaction with its own 95 % interval, users as units."""
    if sums.units < 2:
        return "–"
    low, high = sums.interval()
    between = words("page.between", low=f"{max(0.0, low):.3f}", high=f"{min(1.0, high):.3f}")
    return words("page.estimate", value=f"{sums.mean:.3f}", between=between)


def _difference(found: Trial, words: Said) -> str:
    test = found.outcome.sequential
    if not (abs(test.low) < INFINITE and abs(test.high) < INFINITE):
        return words("trial.early")
    numbers = {name: f"{getattr(test, name):+.3f}" for name in ("estimate", "low", "high")}
    return words("trial.interval", **numbers, p=chance(test.p), confidence=f"{100 * (1 - test.level):g} %")


def _sizes(found: Trial, words: Said) -> str:
    sizes = found.outcome.mismatch
    return words("trial.ratio_bad" if sizes.alarm else "trial.ratio_fine", p=chance(sizes.always_p))
