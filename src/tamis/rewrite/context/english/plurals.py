"""English nouns in the plural."""

from __future__ import annotations

import re

_IRREGULAR = """
child children
foot feet
goose geese
half halves
knife knives
leaf leaves
life lives
man men
mouse mice
ox oxen
person people
quiz quizzes
shelf shelves
thief thieves
tooth teeth
wife wives
wolf wolves
woman women
"""
IRREGULAR = dict(line.split() for line in _IRREGULAR.split("\n") if line)
SAME = frozenset(("aircraft", "deer", "fish", "series", "sheep", "species"))
# What one noun ends in, and several: the first that fits.
ENDINGS = (
    (re.compile(r"(?<=[^sui])s$"), "s"),  # dogs: several already
    (re.compile(r"(?<=[^aeiou])y$"), "ies"),
    (re.compile(r"sis$"), "ses"),  # analyses, diagnoses
    (re.compile(r"(s|x|z|ch|sh)$"), r"\1es"),
    (re.compile(r"(hero|potato|tomato|echo)$"), r"\1es"),
    (re.compile(r"(wo|business|chair|fire|fisher|police|sales|spokes)man$"), r"\1men"),  # a human is no man
    (re.compile(r"$"), "s"),
)


def pluralised(name: str) -> str:
    """What several of a thing are called, by the last word of its name.

    >>> pluralised("virtual machine"), pluralised("primary city"), pluralised("child"), pluralised("fox")
    ('virtual machines', 'primary cities', 'children', 'foxes')
    """
    before, space, noun = name.rpartition(" ")
    low = noun.lower()
    if low in SAME or not noun.isalpha():
        return name
    if low in IRREGULAR:
        return f"{before}{space}{noun[0]}{IRREGULAR[low][1:]}"
    ending, several = next(row for row in ENDINGS if row[0].search(noun))
    return before + space + ending.sub(several, noun, count=1)
