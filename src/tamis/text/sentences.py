"""Sentence splitting for Chinese and English."""

from __future__ import annotations

import re

from tamis.text.scripts import HAN

# After these a full stop ends no sentence. Months, "no." and "art." stand before numbers, titles before names.
_ABBREVIATIONS = """
    mr mrs ms dr prof sr jr st rev gen col capt lt sgt gov sen rep hon
    e.g i.e cf viz vs approx ca resp incl esp al
    fig figs eq eqs ref refs sec ch vol vols no nos pp ed eds art para
    jan feb mar apr jun jul aug sep sept oct nov dec
    inc ltd co corp dept univ u.s u.k u.n ph.d
"""
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())

_CLOSE = "”’」』）】》〉\"')\\]"
_end = re.compile(
    f"[。！？；]++[{_CLOSE}]*+"  # Chinese: at once
    f"|(?<!…)…++[{_CLOSE}]*+(?!\\s*+[a-z])"
    f"|(?<![.!?])[.!?]++[{_CLOSE}]*+(?=\\s|[{HAN}]|$)"  # English: before a space, and see _ends
    r"|\n\s*+"
)
_last_word = re.compile(r"[^\W_]+(?:\.[^\W_]+)*$")
_lower_next = re.compile(r"[ \t]*[a-zà-ÿ]")
_number_only = re.compile(r"\s*[(（]?(?:\d{1,3}|[ivxIVX]{1,4}|[A-Za-z])$")


def sentences(text: str) -> list[str]:
    """The sentences of a text in order, stripped; no character but white space is lost.

    A line break ends a sentence; a full stop does not after an abbreviation, an initial or a list number, inside a
    number, or before a small letter.

    >>> sentences('Dr. Smith paid 3.5 dollars. "Why?" he asked.')
    ['Dr. Smith paid 3.5 dollars.', '"Why?" he asked.']
    >>> sentences("他说：“走吧。”我们走了！好吗？")
    ['他说：“走吧。”', '我们走了！', '好吗？']
    """
    cuts, start = [], 0
    for match in _end.finditer(text):
        if _ends(text, start, match):
            cuts.append(text[start : match.end()].strip())
            start = match.end()
    cuts.append(text[start:].strip())
    return [cut for cut in cuts if cut]


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a match of ``_end`` ends the sentence that began at ``start``."""
    mark = match.group()
    if mark[0] not in ".!?":
        return True
    if _lower_next.match(text, match.end()):
        return False
    if mark.rstrip(_CLOSE.replace("\\", "")) != ".":
        return True
    before = text[max(start, match.start() - 40) : match.start()]
    if match.start() - start <= 6 and _number_only.match(before):
        return False  # "1. Scope", "(a). Scope"
    word = _last_word.search(before)
    return not word or not (word.group().lower() in ABBREVIATIONS or _initial(word.group()))


def _initial(word: str) -> bool:
    return len(word) == 1 and "A" <= word <= "Z" and word != "I"
