"""A promise about a threshold, or its refusal, in plain words of the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.thresholds.plain import assumptions, nearest, promise, reason, saying, shown_from
from tamis.workbench.desk import Desk
from tamis.workbench.marks import Markup, note, table, text
from tamis.workbench.words import Said


def certificate(result: Mapping[str, Any], desk: Desk) -> str:
    """What a study decided: the threshold with its promise, the refusal with what would help, or why there is neither.

    Args:
        result: the study, as ``Study.as_json`` gives it.
        desk: the page's way to everything.
    """
    words, plainly = desk.words("thresholds"), saying(desk.language)
    tuning = result["tuning"]
    if tuning is None:
        return note(f"{words('untuned')} {result['hindrance']}", "warning")
    if not tuning["issued"]:
        why = [promise(result, plainly), reason(result, plainly), *nearest(tuning, plainly)]
        return _box("wrong", [plainly("refused"), *why])
    if not tuning["certified"]:
        parted = words("by_segments") if tuning["segments"] else ""
        return _box("good", [parted] if parted else [shown_from(result, plainly), plainly("unpromised")])
    return _box("good", [shown_from(result, plainly), promise(result, plainly)]) + _details(result, words, plainly)


def _details(result: Mapping[str, Any], words: Said, plainly: Said) -> str:
    """What the promise rests on."""
    tuning = result["tuning"]
    rows = [
        (words("labelled"), words("labelled_of", pairs=result["pairs"], queries=result["queries"])
         if result["grouped"] else words("labelled_pairs", pairs=result["pairs"])),
        (words("accepted"), f"{tuning['accepted']:,}"),
        (words("provided"), Markup("<br>".join(text(line) for line in assumptions(result, plainly)))),
    ]  # fmt: skip
    return table([words("what"), words("value")], rows)


def _box(kind: str, lines: list[str]) -> str:
    first, *rest = (text(line) for line in lines if line)
    return (
        f'<div class="t-note t-{kind} t-verdict" role="status"><strong>{first}</strong>'
        f"{''.join(f'<p>{line}</p>' for line in rest)}</div>"
    )
