"""Rankings side by side as HTML: the first order on the left, each way's order beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from tamis.core import PROBABILITY, Ranking
from tamis.serve.comparing import Compared, Place
from tamis.workbench.desk import Desk
from tamis.workbench.marks import bar, excerpt, note, text
from tamis.workbench.words import Language, Said

# How good a reading is to have.
KINDS = {
    "clear": "good",
    "ahead": "good",
    "weak": "warning",
    "below": "warning",
    "answerless": "warning",
    "broad": "warning",
}


def side_by_side(found: Sequence[Compared], before: Ranking | None, desk: Desk, heads: Sequence[str] = ()) -> str:
    """The columns.

    Args:
        found: one each.
        before: the first order, on the left; None for none.
        desk: says the sentences.
        heads: what stands over each of the columns in the place of its model's name.
    """
    words = desk.words("ranked")
    columns = [] if before is None else [_first(before, words)]
    columns += [_column(one, words, desk.language, head) for one, head in zip_longest(found, heads)]
    return f'<div class="t-columns">{"".join(columns)}</div>'


def _first(before: Ranking, words: Said) -> str:
    rows = "".join(
        f'<li class="t-doc"><div class="t-top"><b>{at}</b>{_title(c.doc.title)}{_stages(c.scores, words)}</div>'
        f"<p>{excerpt(c.doc.text)}</p></li>"
        for at, c in enumerate(before, 1)
    )
    return f"<section><h3>{text(words('before'))}</h3><ol>{rows}</ol></section>"


def _column(one: Compared, words: Said, language: Language, title: str | None) -> str:
    head = f"<h3>{text(title or one.way.model)}</h3>"
    if one.way.instruction:
        head += f'<p class="t-instruction">{text(one.way.instruction)}</p>'
    head += f'<p class="t-small">{text(_decided(one, words))}</p>'
    head += note(one.reading.said(language), KINDS.get(one.reading.kind, "plain"))
    line = _line(one)
    rows = [_place(place, one, words) for place in one.places]
    if line is not None:
        rows.insert(line, f'<li class="t-line" role="separator">{text(_threshold(one, words))}</li>')
    return f"<section>{head}<ol>{''.join(rows)}</ol></section>"


def _decided(one: Compared, words: Said) -> str:
    """Which policy decided, and how many it accepts."""
    accepted, all_of = len(one.decision.ranking), len(one.places)
    if not one.policy:
        return words("undecided")
    said = words("decided", policy=one.policy, accepted=accepted, documents=all_of)
    if one.decision.none_relevant is not None:
        said += " " + words("none_relevant", share=one.decision.none_relevant)
    return said


def _line(one: Compared) -> int | None:
    """Before which place the line of the threshold runs: before the first that does not reach it."""
    if not one.thresholds:
        return None
    short = [p.after for p in one.places if p.reason.startswith("threshold")]
    return min(short, default=len(one.places))


def _threshold(one: Compared, words: Said) -> str:
    low, high = one.thresholds[0], one.thresholds[-1]
    return words("threshold", score=f"{low:.3f}" if low == high else f"{low:.3f} … {high:.3f}")


def _place(place: Place, one: Compared, words: Said) -> str:
    candidate = place.candidate
    number = f"{100 * place.shown:.1f} %" if one.scale == "probability" else f"{place.shown:.3f}"
    whole = place.span is not None and place.span.end - place.span.start >= len(candidate.doc.text.strip())
    span = (place.span.start, place.span.end) if place.span and not whole else None
    notes = [*_truncated(place, words), *([place.reason] if place.reason else [])]
    top = (
        f"<b>{place.after + 1}</b>{_moved(place, words)}{_title(candidate.doc.title)}"
        f'<span class="t-number" title="{text(words(one.scale))}">{number}</span>{bar(place.shown, words(one.scale))}'
        f'<span class="t-raw" title="{text(words("raw"))}">{candidate.score:+.3f}</span>'
        f"{_stages(candidate.scores, words)}"
    )
    said = "".join(f'<p class="t-small t-why">{text(remark)}</p>' for remark in notes)
    kind = "t-doc t-out" if place.reason else "t-doc"
    return f'<li class="{kind}"><div class="t-top">{top}</div><p>{excerpt(candidate.doc.text, span)}</p>{said}</li>'


def _moved(place: Place, words: Said) -> str:
    if place.before is None:
        return f'<span class="t-up">{text(words("new"))}</span>'
    if not place.moved:
        return f'<span class="t-same" title="{text(words("same"))}">＝</span>'
    kind, sign = ("t-up", "▲") if place.moved > 0 else ("t-down", "▼")
    return f'<span class="{kind}" title="{text(words("was", place=place.before + 1))}">{sign}{abs(place.moved)}</span>'


def _title(title: str) -> str:
    return f'<span class="t-title">{text(title)}</span>' if title else ""


def _stages(scores: object, words: Said) -> str:
    """What each stage said, behind a small sign."""
    rows = [(name, value) for name, value in dict(scores).items() if name != PROBABILITY]  # type: ignore[call-overload]
    if len(rows) < 2:  # one stage's score is the raw score beside it
        return ""
    told = " · ".join(f"{name} {value:.4g}" for name, value in rows)
    return f'<span class="t-stages" title="{text(words("stages"))}">{text(told)}</span>'


def _truncated(place: Place, words: Said) -> list[str]:
    cut = place.candidate.notes.get("truncated_tokens")
    return [words("truncated", tokens=cut)] if cut else []
