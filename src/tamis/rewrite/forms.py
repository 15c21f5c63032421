"""Questions as statements, and statements as questions: the words that ask become the words documents use.

Each pattern is a row of ``patterns.py``. What it keeps is kept letter by letter: names, numbers and negations stay.
"""

from __future__ import annotations

import re

from tamis.rewrite.base import Change
from tamis.rewrite.patterns import CHINESE, ENGLISH, POLITE, PRONOUNS, Pattern
from tamis.text import Language, detect, segment
from tamis.text.words import aligned, tagged

PATTERNS: dict[Language, tuple[Pattern, ...]] = {
    "zh": CHINESE,
    "en": ENGLISH,
    "mixed": (*CHINESE, *ENGLISH),
    "other": (),
}
LONGEST = 120  # characters; a longer text asks more than one thing
VERB = "v"

_end = re.compile(r"[\s?？!！。.,，;；~～…]+$")
_break = re.compile(r"[。！？!?；;，,\n]|\.\s")


def forms(text: str) -> list[tuple[str, Change]]:
    """The text as a document would say it, or as one would ask for it; the likeliest first, none twice.

    Nothing where no pattern fits, where the text holds more than one clause, or where too little would be left.

    >>> [form for form, _ in forms("如何退货？")]
    ['退货的方法']
    >>> [form for form, _ in forms("How do I reset my password?")]
    ['reset password']
    >>> forms("最高数值")
    []
    """
    asked = _end.sub("", POLITE.sub("", text.strip()))
    if not asked or len(asked) > LONGEST or _break.search(asked):
        return []
    found: dict[str, Change] = {}
    for pattern in PATTERNS[detect(asked)]:
        if form := _form(pattern, asked):
            found.setdefault(form, Change("form", asked, form, pattern.why))
            if not pattern.more:
                break
    return [(form, change) for form, change in found.items() if form != asked]


def _form(pattern: Pattern, asked: str) -> str:
    """The text by one pattern; empty where that does not fit."""
    match = pattern.asks.fullmatch(asked)
    if match is None:
        return ""
    kept = {name: part.strip() for name, part in match.groupdict().items() if part is not None}
    if any(_bare(part) for part in kept.values()) or (pattern.verb and not _acts(kept["x"])):
        return ""
    return re.sub(r"\s+", " ", pattern.says.format(**kept)).strip()


def _bare(part: str) -> bool:
    """Whether a part says nothing by itself: empty, a single character of Chinese, or a pronoun."""
    return not part or aligned(part) in PRONOUNS or not segment(part) or (len(part) == 1 and not part.isascii())


def _acts(part: str) -> bool:
    """Whether a Chinese phrase begins with a verb and ends with its object: 办理居住证, and not 离婚财产分割."""
    words = tagged(part)
    return words[0][1] == VERB and (len(words) == 1 or not words[-1][1].startswith(VERB))
