"""Where a Chinese query lacks something: its pronouns, and where it leaves out what it is about."""

from __future__ import annotations

from itertools import accumulate

from tamis.rewrite.context.chinese.topics import Words, noun, person, proper
from tamis.rewrite.context.chinese.words import (
    ASPECTS,
    CLASS_CHARACTERS,
    CLASSES,
    FINAL,
    FUNCTION,
    INNER,
    LEADING,
    PERSONAL,
    PLACES,
    RELATIONAL,
    THINKING,
    THIS,
    TOPIC_FIRST,
    TRANSITIVE,
)
from tamis.rewrite.context.gap import Gap
from tamis.text import tagged

OWN = 4  # characters from which a query with a noun of its own is taken for complete
OWN_WORDS = 4  # characters of words of its own that make a query complete without a noun
LONG = 10  # characters before a pronoun in which what it stands for is looked for first
_TIMES = """
今天 明天 后天 昨天 现在 今年 明年 去年 周末 下周 本周 晚上 早上 下午 上午 中午 天气 气温
"""
TIMES = frozenset(_TIMES.split())
OTHERS = FUNCTION | RELATIONAL | TIMES | TRANSITIVE  # words that are no topic of their own
CLAUSE_ENDS = "，,；;。！!？?：:、 "
CLOSING = "》」”"
QUOTES = '《「“"'
IS = frozenset(("是", "不是", "就是", "叫", "算", "指", "在"))


def gap(query: str) -> Gap | None:
    """The gap of a query, or None where it says all it means.

    >>> gap("它的作者是谁")
    Gap(start=0, end=1, kind='pronoun', before='', after='', person=False, place=False, plural=None)
    >>> gap("合同何时无效") is None
    True
    """
    words = tagged(query)
    starts = [0, *accumulate(len(word) for word, _ in words)]
    for at in range(len(words)):
        if found := _pronoun(words, at, starts):
            return None if _answered(words[:at], found) else found
    return None if complete(words) else _omission(words, starts)


def _answered(before: Words, found: Gap) -> bool:
    """Whether what a pronoun stands for was said in an earlier clause of the same query.

    What is said in its own clause is another: 哪国人认为它是 (Chomsky 1981, principle B).
    """
    clauses = next((at for at in range(len(before), 0, -1) if before[at - 1][0] in CLAUSE_ENDS), 0)
    before = before[:clauses]
    if found.person:
        return any(map(person, before)) or _size(before) >= LONG
    return any(proper(word) for word in before) or any(noun(word) and _own(word) for word in before)


def complete(words: Words) -> bool:
    """Whether words without pronouns name what they are about."""
    if any(proper(word) or word[0] in QUOTES for word in words):
        return True
    said = [word for word in words if _own(word)]
    return (any(map(noun, said)) and _size(words) >= OWN) or sum(len(word) for word, _ in said) >= OWN_WORDS


def _own(word: tuple[str, str]) -> bool:
    """Whether a word says something that is not of something else."""
    return len(word[0]) > 1 and word[0] not in OTHERS and word[1][0] not in "rmtxydpcu"


def _size(words: Words) -> int:
    return sum(len(word) for word, _ in words)


def _pronoun(words: Words, at: int, starts: list[int]) -> Gap | None:
    word, start = words[at][0], starts[at]
    after = words[at + 1][0] if at + 1 < len(words) else ""
    if word in PERSONAL and not (word == "他" and after.startswith("人")):  # 他人 is nobody in particular
        return Gap(start, starts[at + 1], "pronoun", person=PERSONAL[word])
    if word[0] == "它":  # jieba guesses 它于 to be a word
        return Gap(start, start + 1, "pronoun", person=False)
    if word in PLACES:
        return Gap(start, starts[at + 1], "pronoun", place=True)
    if word[0] in "这那该此" and len(word) == 2 and word[1] in CLASS_CHARACTERS:
        return Gap(start, starts[at + 1], "pronoun")
    if word not in THIS:
        return None
    if (at and (proper(words[at - 1]) or words[at - 1][0] in CLOSING)) or _of_others(words, at):
        return None  # 《活着》这本书
    if after in CLASSES:
        return Gap(start, starts[at + 2], "pronoun")
    if word == "那" and (at > 0 or after not in IS):
        return None  # "then", not "that"
    if at + 1 < len(words) and noun(words[at + 1]):
        return None  # 这个季节: it says itself which
    return Gap(start, starts[at + 1], "pronoun")


def _of_others(words: Words, at: int) -> bool:
    """Whether the question is asked of something else: 那孩子呢, and children?"""
    said = [word for word, _ in words[at:] if word not in CLAUSE_ENDS]
    return len(said) == 3 and said[0] == "那" and said[2] == "呢"


def _omission(words: Words, starts: list[int]) -> Gap:
    """The place of what was left out: after a verb that lacks its object, else before all that is said."""
    first = 0
    while first < len(words) - 1 and (words[first][0] in LEADING or not words[first][0].strip()):
        first += 1
    last = len(words)
    while last > first + 1 and words[last - 1][0] in FINAL:
        last -= 1
    said = words[first:last]
    for at, (word, _) in enumerate(said):
        if word in INNER and at:
            return _at(starts[first + at])
        if word in THINKING and at + 1 < len(said) and not noun(said[at + 1]):
            return _at(starts[first + at + 1])
    if _lacks_object(said):
        return _at(starts[last])
    of = "的" if said[0][0] in RELATIONAL and said[0][0] not in TIMES else ""
    return _at(starts[first], of)


def _lacks_object(said: Words) -> bool:
    """Whether the last verb is one that wants an object, and nothing else is its object."""
    verb = len(said) - 1
    while verb > 0 and (said[verb][0] in ASPECTS or said[verb][1] == "m"):
        verb -= 1
    before = said[:verb]
    return (said[verb][0].lstrip("不没要想") or said[verb][0]) in TRANSITIVE and not any(
        noun(word) or word[0] in TOPIC_FIRST for word in before
    )


def _at(place: int, after: str = "") -> Gap:
    return Gap(place, place, "ellipsis", after=after)
