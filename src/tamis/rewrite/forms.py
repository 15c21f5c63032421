"""Questions as statements, and statements as questions: the words that ask become the words documents use.

Each pattern is a row of ``patterns.py``. What it keeps is kept letter by letter: names, numbers and negations stay.
"""

from __future__ import annotations

import re

from tamis.rewrite.base import Change
from tamis.rewrite.patterns import ASKING, CHINESE, ENGLISH, POLITE, PRONOUNS, VERBS, Pattern
from tamis.text import Language, detect, segment
from tamis.text.words import aligned, between, borders, tagged

PATTERNS: dict[Language, tuple[Pattern, ...]] = {
    "zh": CHINESE,
    "en": ENGLISH,
    "mixed": (*CHINESE, *ENGLISH),
    "other": (),
}
LONGEST = 120  # characters; a longer text asks more than one thing
VERB = "v"

_EDGES = " \t，,、"

_marks = r"[\s?？!！。.,，;；~～…]"
_end = re.compile(f"(?<!{_marks}){_marks}+$")  # tried once a run of marks: never a time that grows with its square
_break = re.compile(r"[。！？!?；;\n]|\.\s")
_unfinished = re.compile("(?:能|可以|会|要|还|才|不|没)$")
_head = re.compile(r".*[，,]\s*")


def forms(text: str) -> list[tuple[str, Change]]:
    """The text as a document would say it, or as one would ask for it; the likeliest first, none twice.

    Of several clauses the last is changed, or all as one. Nothing where no pattern fits, where the text holds more than
    one sentence, or where too little would be left.

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
    patterns = PATTERNS[detect(asked)]
    head = ((match := _head.match(asked)) and match.group()) or ""
    for start in dict.fromkeys((head, "")):
        clause = asked[len(start) :]
        found = ((form, pattern.why) for pattern in patterns if (form := _form(pattern, clause)))
        form, why = next(found, ("", ""))
        if form and form != clause:
            return [(start + form, Change("form", clause, form, why))]
    return []


def _form(pattern: Pattern, asked: str) -> str:
    """The text by one pattern; empty where that does not fit, or cuts a word."""
    match = pattern.asks.fullmatch(asked)
    if match is None:
        return ""
    ends = borders(aligned(asked))
    names = [name for name in match.groupdict() if match.group(name) is not None]
    if not all(place in ends for name in names for place in match.span(name)):
        return ""
    kept = {name: _trimmed(match.group(name)) for name in names}
    if any(_bare(part) or ASKING.search(part) for part in kept.values()) or (pattern.verb and not _acts(kept["x"])):
        return ""
    kept["x"] += between(kept["x"], kept.get("y", ""))  # what stood between them kept two words apart
    return re.sub(r"\s+", " ", pattern.says.format(**{"y": "", **kept})).strip()


def _trimmed(part: str) -> str:
    """The part without what stood around it, but for a space after a Latin word: ``iPhone 15 的价格``."""
    whole = part.strip(_EDGES)
    return f"{whole} " if part[-1:].isspace() and whole[-1:].isascii() else whole


def _bare(part: str) -> bool:
    """Whether a part says nothing by itself: empty, unfinished, a single character of Chinese, or a pronoun."""
    part = part.strip()
    if _unfinished.search(part):
        return True
    return not part or aligned(part) in PRONOUNS or not segment(part) or (len(part) == 1 and not part.isascii())


def _acts(part: str) -> bool:
    """Whether a Chinese phrase begins with a verb and ends with its object: 办理居住证, and not 离婚财产分割."""
    acts = [tag.startswith(VERB) or word in VERBS for word, tag in tagged(part, guess=False)]
    return acts[0] and (len(acts) == 1 or not acts[-1])
