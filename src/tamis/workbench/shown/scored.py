"""A scored file as HTML: the counts, the files to download, the first rows, the rows that were set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tamis.jobs import Job
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, note, table, text
from tamis.workbench.shown.fetched import job_files
from tamis.workbench.words import Said

LONG = 30  # characters of a cell that is given room
ROUNDED = ("score", "probability")  # columns whose numbers are shown with few digits


def scored(job: Job, desk: Desk) -> str:
    """All that came of a job that has scored a file."""
    words, result = desk.words("batch"), job.result
    parts = [
        note(_counts(job, words), "good"),
        *([note(words("guarded", cells=f"{result['guarded']:,}"), "warning")] if result.get("guarded") else []),
        job_files(job, desk, words),
        table(result["preview"]["columns"], _rows(result["preview"]), label=words("preview")),
        f'<p class="t-small">{text(_gained(result, words))}</p>',
        *([_refusals(result, desk)] if result["refused"] else []),
    ]
    return f'<div class="t-scored">{"".join(parts)}</div>'


def _counts(job: Job, words: Said) -> str:
    """What was scored, how quickly, and what was decided, in a few sentences."""
    result = job.result
    pace = result["pairs"] / max(result["seconds"], 0.001)
    told = [
        words(
            "scored", rows=f"{result['rows']:,}", pairs=f"{result['pairs']:,}", seconds=f"{result['seconds']:,.1f}",
            pace=f"{pace:,.0f}",
        )
    ]  # fmt: skip
    if "accepted" in result:
        share = f"{100 * result['accepted'] / max(result['pairs'], 1):.1f} %"
        policy = job.options.get("policy", "")
        told.append(words("accepted", accepted=f"{result['accepted']:,}", share=share, policy=policy))
    else:
        told.append(words("undecided"))
    if result["refused"]:
        told.append(words("set_aside", rows=f"{result['refused']:,}"))
    return words("between").join(told)


def _rows(preview: Mapping[str, Any]) -> list[list[object]]:
    columns: Sequence[str] = preview["columns"]
    return [[_cell(name, cell) for name, cell in zip(columns, row, strict=True)] for row in preview["rows"]]


def _cell(column: str, cell: str) -> object:
    if column in ROUNDED:
        with suppress(ValueError):  # blank where a policy has no calibration
            return Markup(f'<span title="{text(cell)}">{float(cell):.4f}</span>')
    return Markup(f'<div class="t-long">{text(cell)}</div>') if len(cell) > LONG else cell


def _gained(result: Mapping[str, Any], words: Said) -> str:
    """What the columns mean that rows gained."""
    told = [words("gained_list" if "ranking" in result["preview"]["columns"] else "gained")]
    return words("between").join([*told, *([words("gained_policy")] if "accepted" in result else [])])


def _refusals(result: Mapping[str, Any], desk: Desk) -> str:
    words, shown = desk.words("batch"), result["refusals"]
    rows = [[one["line"] or "", one["field"] or "", desk.plain(one["message"])] for one in shown]
    label = words("refusals", shown=f"{len(shown):,}", rows=f"{result['refused']:,}")
    heads = [words(name) for name in ("line", "column", "message")]
    return f'<div class="t-refused">{table(heads, rows, label=label)}</div>'
