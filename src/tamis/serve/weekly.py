"""The report of the last days as long work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.calibrate.evidence.words import Language
from tamis.jobs import Task, Work
from tamis.observe.report import page
from tamis.observe.watch import Watch

PAGE = "week.html"


def weekly_work(watch: Watch, days: float, language: Language) -> Work:
    """What writes the page into a job's folder.

    Args:
        watch: over the store.
        days: what it looks back on, above 0.
        language: that the page opens in.
    """

    def work(task: Task) -> Mapping[str, Any]:
        made = page(watch, days=days, language=language)
        task.check()
        (task.folder / PAGE).write_text(made, "utf-8")
        return {"files": [PAGE]}

    return work
