"""Sentences of the weekly report on the page: its words, with figures put in as the report puts them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tamis.observe.report.page import PAGES
from tamis.observe.report.verdict import Line
from tamis.workbench.words import Language, Said

THREE = ("low", "high", "treated", "control")  # differences and means of satisfaction
LEAST = 1e-4  # p-values below are not told in figures


def reporting(language: Language) -> Said:
    """What says the sentences of the report.

    >>> reporting("zh")("state.shadow")
    '影子运行'
    """
    return lambda key, **values: PAGES.said(key, values, language)


INFINITE = float("inf")


def word(group: str, key: str, words: Said) -> str:
    """The report's word for a measure, a kind of event or an act; the key itself where it has none.

    >>> word("kind", "click", reporting("en")), word("kind", "nod", reporting("en"))
    ('clicks', 'nod')
    """
    return words(f"{group}.{key}") if f"{group}.{key}" in PAGES.table() else key


def sentence(line: Line, words: Said) -> str:
    """A line as a sentence.

    >>> sentence(Line("trial.users", {"name": "bold", "more": 1234}), reporting("en"))
    '“bold” is on trial, and nothing is told yet: it takes about 1,300 more users.'
    """
    return words(line.key, **{name: _put(name, value, words) for name, value in line.values.items()})


def promise(line: Line, words: Said) -> str:
    """What is promised, as a sentence; a text stands as it is.

    >>> promise(Line("promise.precision", {"share": 0.9, "confidence": 0.95}), reporting("en"))
    'at least 90 % of what is shown is relevant, with 95 % confidence'
    """
    return words(line.key, **{name: _share(value) for name, value in line.values.items()})


def called(name: str, words: Said) -> str:
    """What a policy is called; the one without a name shows everything."""
    return name or words("policy.everything")


def minute(at: float | None) -> str:
    """A time to the minute (UTC); a dash for none.

    >>> minute(0.0), minute(None)
    ('1970-01-01 00:00', '–')
    """
    return "–" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def chance(p: float | None) -> str:
    """A p-value.

    >>> chance(0.0123), chance(1e-9), chance(None)
    ('0.012', '< 0.0001', '–')
    """
    return "–" if p is None else "< 0.0001" if p < LEAST else f"{p:.2g}"


def percent(value: float | None) -> str:
    """A share in per cent.

    >>> percent(0.1234), percent(None)
    ('12.3\xa0%', '–')
    """
    return "–" if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def level(threshold: float | None) -> str:
    """A threshold.

    >>> level(2.27965), level(None), level(float("inf"))
    ('2.28', '–', '–')
    """
    return "–" if threshold is None or abs(threshold) == INFINITE else f"{threshold:.4g}"


def estimated(found: Mapping[str, float] | None, words: Said) -> str:
    """A share with its interval."""
    if found is None:
        return "–"
    between = words("page.between", low=percent(found["low"]), high=percent(found["high"]))
    return words("page.estimate", value=percent(found["value"]), between=between)


def alarms(found: Sequence[Mapping[str, Any]], words: Said) -> list[str]:
    """What alarms of all decisions, a sentence each; of segments alone only where nothing else does."""
    every = [one for one in found if not one["segment"]]
    said = [_finding(one, words) for one in every or found]
    return [*said, words("finding.more", more=len(found) - len(every))] if 0 < len(every) < len(found) else said


def _finding(one: Mapping[str, Any], words: Said) -> str:
    key = "segment" if one["segment"] else "effect" if one["p"] is None else "all"
    effect = "–" if one["effect"] is None else f"{one['effect']:.3g}"
    values = {"measure": word("measure", one["measure"], words), "segment": one["segment"], "effect": effect}
    return words(f"finding.{key}", **values, p=chance(one["p"]))


def _put(name: str, value: Any, words: Said) -> Any:
    if name == "name":
        return called(value, words)
    if name == "more" and value is not None:
        return f"{_about(value):,}"
    if name in ("sessions", "needed"):
        return f"{value:,}"
    if name in ("now", "threshold"):
        return level(value)
    if name == "p":
        return chance(value)
    return f"{value:.3f}" if name in THREE else value


def _about(count: int) -> int:
    """A number that is only known about, with two digits, rounded up."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _share(value: Any) -> Any:
    return f"{100 * value:g} %" if isinstance(value, int | float) else value
