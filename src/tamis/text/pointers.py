"""What makes a query hang on something unsaid: pronouns that point back, and abbreviations."""

from __future__ import annotations

import re

# Words that stand for something said before; first and second persons, and words that ask (who, 哪个), do not.
PRONOUNS_EN = (
    "it", "its", "itself", "he", "him", "his", "himself", "she", "her", "hers", "herself", "they", "them", "their",
    "theirs", "themselves", "this", "these", "those",
)  # fmt: skip
PRONOUNS_ZH = (
    "它们", "它", "他们", "她们", "他", "她", "这些", "那些", "这个", "那个", "这种", "那种", "这里", "那里",
    "这儿", "那儿", "这位", "那位", "这家", "那家", "这款", "那款", "这部", "那部", "前者", "后者",
    "这", "那", "该", "此",
)  # fmt: skip
# Where the characters of a pronoun are part of another word: 其他, 应该, 因此, 那么.
NOT_AFTER = {"他": "其吉", "该": "应活", "此": "因如彼从为由至"}
NOT_BEFORE = {"该": "怎如是死", "此": "外时刻后前次", "那": "么怕", "这": "么", "他": "汀"}

LONGEST = 8  # characters of an abbreviation

_english = re.compile(rf"(?<![\w-])(?:{'|'.join(PRONOUNS_EN)})(?![\w-])", re.IGNORECASE)
# "that" also begins clauses ("the law that forbids"): it points back where it ends a phrase or follows a preposition.
_that = re.compile(
    r"(?<!\w)(?:(?:of|about|do|does|did|is|was|with|for|after|before|like|to|from|by|than)\s+that(?!\w)|that(?=\s*(?:[?.!,]|$)))",
    re.IGNORECASE,
)
_chinese = re.compile(
    "|".join(
        (f"(?<![{NOT_AFTER[one]}])" if one in NOT_AFTER else "")
        + one
        + (f"(?![{NOT_BEFORE[one]}])" if one in NOT_BEFORE else "")
        for one in PRONOUNS_ZH
    )
)
_word = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9&.-]*[A-Za-z0-9]")


def pronouns(text: str) -> list[str]:
    """The words of a text that point at something said before, in order; by tables for Chinese and English.

    Told by the word alone, so that the "it" of "it rains" counts, too.

    >>> pronouns("Is it treatable?"), pronouns("他们什么时候解散的"), pronouns("应该怎么办，其他人呢")
    (['it'], ['他们'], [])
    """
    found = [*_english.finditer(text), *_that.finditer(text), *_chinese.finditer(text)]
    return [one.group().split()[-1].casefold() for one in sorted(found, key=lambda one: one.start())]


def abbreviations(text: str) -> list[str]:
    """The words of a text that look like abbreviations: two capitals or more, and more of them than small letters.

    A text that is all capitals tells nothing. Chinese short forms (北大) look like any other word: they are not found.

    >>> abbreviations("What LoRA rank for a GPU?"), abbreviations("YouTube or Python"), abbreviations("STOP THE RAIN")
    (['LoRA', 'GPU'], [], [])
    """
    words = _word.findall(text)
    letters = [letter for word in words for letter in word if letter.isalpha()]
    if len(words) > 2 and all(letter.isupper() for letter in letters):
        return []
    return [word for word in words if len(word) <= LONGEST and _is_short_form(word)]


def _is_short_form(word: str) -> bool:
    capitals = sum(letter.isupper() for letter in word)
    return capitals >= 2 and capitals > sum(letter.islower() for letter in word)
