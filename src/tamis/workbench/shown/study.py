"""A study of labelled scores as HTML: the verdict, the ways to a threshold, what would change, files, the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.jobs import Job
from tamis.thresholds.study import REPORT
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, bar, frame, note, table, text
from tamis.workbench.shown.certificate import certificate
from tamis.workbench.shown.change import change
from tamis.workbench.shown.fetched import job_files
from tamis.workbench.words import Said

METHODS = ("f1", "percentile", "hand", "this")  # in the order in which tuning compares them


def study(job: Job, desk: Desk) -> str:
    """All that came of a job that has studied labelled scores."""
    words, result = desk.words("thresholds"), job.result
    parts = [
        f'<h3 class="t-head">{text(words("verdict"))}</h3>',
        certificate(result, desk),
        *(note(words("unit"), "warning") for _ in range(result["unit"] and bool(result["stage"]))),
        job_files(job, desk, words),
    ]
    if result["tuning"] is not None:
        parts += [
            _section(
                words("methods"),
                methods(result["tuning"], words, lists=result["grouped"]) + _segments(result["tuning"], words),
            ),
            _section(words("changes"), change(result, str(job.options.get("old", "")), words)),
        ]
    link = desk.link(job.id, REPORT)
    parts.append(
        _section(
            words("report"), f'<p class="t-small">{text(words("report_words"))}</p>' + frame(link, words("report"))
        )
    )
    return "".join(parts)


def methods(tuning: Mapping[str, Any], words: Said, *, lists: bool) -> str:
    """The ways to a threshold side by side, by what they do to queries that they were not chosen on."""
    rows = []
    for kind, row in zip(METHODS, tuning["methods"], strict=True):
        found, hand = row["held_out"], row["method"].removeprefix("by hand ")
        name = text(words(f"method_{kind}", threshold=hand))
        level = words("method_refused") if row["threshold"] is None and row["reason"] else _level(row["threshold"])
        shown = f"{100 * found['accepted'] / found['pairs']:.0f} %"
        empty = [_share(found, "empty")] if lists else []
        shares = (_share(found, "precision"), _share(found, "recall"))
        rows.append((Markup(f"<strong>{name}</strong>" if kind == "this" else name), level, *shares, shown, *empty))
    names = ("method", "threshold", "precision", "recall", "shown_share", *(["empty"] if lists else []))
    heads = [words(name) for name in names]
    return table(heads, rows) + f'<p class="t-small">{text(words("held_out"))}</p>'


def _segments(tuning: Mapping[str, Any], words: Said) -> str:
    if not tuning["segments"]:
        return ""
    rows = [
        (
            name,
            _level(one["threshold"]) if one["issued"] else words("method_refused"),
            f"{one['accepted']:,}",
            words("flagged") if name in tuning["flags"] else "",
        )
        for name, one in tuning["segments"].items()
    ]
    heads = [words(name) for name in ("segment", "threshold", "accepted", "parents")]
    return table(heads, rows, label=words("segments"))


def _section(head: str, body: str) -> str:
    return f'<h3 class="t-head">{text(head)}</h3>{body}'


def _share(found: Mapping[str, Any], name: str) -> Markup:
    value = found[name]
    if value is None:
        return Markup("–")
    low, high = (100 * end for end in found[f"{name}_interval"])
    said = f"{100 * value:.1f} %"
    return Markup(f'{bar(value, said)} {said} <span class="t-small">({low:.1f}–{high:.1f})</span>')


def _level(threshold: float | None) -> str:
    return "∞" if threshold is None else f"{threshold:.4g}"
