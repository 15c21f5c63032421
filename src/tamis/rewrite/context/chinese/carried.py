"""A question carried over to something else: 那深圳呢, after 上海明天下雨吗."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tamis.rewrite.base import Change
from tamis.rewrite.context.chinese.topics import Words, noun, proper
from tamis.rewrite.context.chinese.words import CLASSES, RELATIONAL
from tamis.text import simplified, tagged

_asked = re.compile(r"(?:那么|那|至于|换成)?(?P<thing>[^\s，,？?。]{2,12})呢[？?]?")
_question = re.compile(
    "[吗么谁哪咋几啥]|什么|怎|多少|如何|为何|多久|是否|[？?]|会不会|能不能|可不可以|有没有|好不好|天气$|价格$"
)
TIME = "t"  # jieba's tag of 明天, 2017年, 周末
LOOK_BACK = 2  # turns in which the question is looked for: the user's own stands before an answer


def carried_over(query: str, history: Sequence[str]) -> tuple[str, tuple[Change, ...]] | None:
    """The earlier question with the new thing in the old one's place; None where this is no such query.

    >>> carried_over("那深圳呢？", ["上海明天会下雨吗", "上海明天多云"])[0]
    '深圳明天会下雨吗'
    """
    asked = query.strip()
    found = _asked.fullmatch(simplified(asked))
    if found is None:
        return None
    new, thing = asked[slice(*found.span("thing"))], tagged(found["thing"])
    if not _names(thing):
        return None
    for turn in history[-LOOK_BACK:]:
        plain = simplified(turn)
        if _question.search(plain) and (old := _alike(tagged(turn), thing)):
            start = plain.index(old)
            end = start + len(old)
            if len(thing) > 1 and plain.startswith(unit := thing[-1][0], end):  # 2020年 takes the place of 2018年
                end += len(unit)
            made = turn[:start] + new + turn[end:]
            why = f"the question asked of {old!r} is asked again of {new!r}"
            return made, (Change("ellipsis", query, made, why),)
    return None


def _names(words: Words) -> bool:
    """Whether words are a name or a time, not something that is of something."""
    if any(word in RELATIONAL or word in CLASSES for word, _ in words):
        return False
    return all(noun(word) or word[1] in (TIME, "m") for word in words) and (
        any(map(proper, words)) or all(tag in (TIME, "m") for _, tag in words)
    )


def _alike(turn: Words, thing: Words) -> str:
    """The name or time of a turn that is of the same kind as the new thing; empty where there is none, or many."""
    kinds = {tag for _, tag in thing}
    old = list(dict.fromkeys(word for word, tag in turn if tag in kinds and len(word) > 1))
    asks = len(turn) > len(old)
    return old[0] if len(old) == 1 and asks and old[0] not in {word for word, _ in thing} else ""
