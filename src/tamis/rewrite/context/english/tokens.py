"""English words in their places, and the stretches of them that may be names of things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tamis.rewrite.context.english.words import ADJECTIVES, AUXILIARY, FUNCTION, LIGHT, NOUNS_TOO, RELATIONAL, VERBS

_word = re.compile(r"[^\W_]+(?:[-.&/+'’][^\W_]+)*\.?(?<=[^\W_.])|[A-Z](?:\.[A-Z])+\.?")
_clitic = re.compile(r"['’]s$", re.IGNORECASE)
_joined = re.compile(r"^\s+$")
MOST_WORDS = 7
ARTICLES = frozenset(("the", "a", "an"))
QUESTIONS = frozenset(("i", "what", "who", "how", "when", "where", "why", "which"))
_BEFORE_NOUNS = """
of about their its his her this
"""
BEFORE_NOUNS = ARTICLES | frozenset(_BEFORE_NOUNS.split())
SUBJECTS = frozenset(("i", "you", "we", "they", "he", "she"))  # a verb comes after them
JOINING = frozenset(("of", "in", "for", "and", "&", "the", "on", "de", "von", "van", "to"))


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, without the 's it may end in.

    Attributes:
        text: as it stands.
        low: in small letters, with a straight apostrophe.
        start: its first character.
        end: the character after it.
        owns: whether 's follows.
    """

    text: str
    low: str
    start: int
    end: int
    owns: bool = False

    @property
    def capital(self) -> bool:
        return self.text[0].isupper() or self.text[0].isdigit()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that may name something: from the first to before the last, in their text."""

    text: str
    words: tuple[Word, ...]
    first: int
    last: int

    @property
    def inside(self) -> tuple[Word, ...]:
        return self.words[self.first : self.last]

    @property
    def name(self) -> str:
        """The phrase as it stands, without an article."""
        return self.text[self.inside[0].start : self.inside[-1].end]

    @property
    def article(self) -> str:
        """The article before it, in small letters with a space, or nothing."""
        before = self.words[self.first - 1].low if self.first else ""
        return f"{before} " if before in ("the", "a", "an") else ""

    @property
    def proper(self) -> bool:
        """Whether it is written as a name; the first word of a text says nothing unless the next has a capital too."""
        capitals = [word.capital for word in self.inside]
        return any(capitals[1:]) or (capitals[0] and (self.first > 0 or len(self.words) == 1))

    @property
    def asked(self) -> bool:
        """Whether an auxiliary stands before it: is chilli a stew."""
        return _asked(self.words, self.first)

    @property
    def plural(self) -> bool:
        low = self.inside[-1].low
        return low.endswith("s") and not low.endswith(("ss", "us", "is"))


def words(text: str) -> tuple[Word, ...]:
    """The words of a text.

    >>> [(word.low, word.owns) for word in words("What's Netflix’s U.S. rival?")]
    [('what', True), ('netflix', True), ('u.s', False), ('rival', False)]
    """
    found = []
    for match in _word.finditer(text):
        whole, end = match.group(), match.end()
        if own := _clitic.search(whole):
            whole, end = whole[: own.start()], match.start() + own.start()
        found.append(Word(whole, whole.lower().replace("’", "'"), match.start(), end, bool(own)))
    return tuple(found)


def phrases(text: str) -> Iterator[Phrase]:
    """What may name something in a text: runs of words that are neither function words nor verbs, and names joined."""
    said = words(text)
    runs: list[tuple[int, int]] = []
    start = 0
    while start < len(said):
        end = start
        while end < len(said) and _names(said, end, start) and (end == start or _adjacent(text, said, end)):
            end += 1
        if end > start:
            first = start
            while first < end - 1 and said[first].low in LIGHT and not (said[first].capital and first):
                first += 1
            last = end
            while last - 1 > first and _said_of(said[last - 1], _asked(said, first)):
                last -= 1
            runs.append((first, last))
        start = max(end, start + 1)
    for first, last in runs:
        yield Phrase(text, said, first, min(last, first + MOST_WORDS))
    yield from _joined_names(text, said, runs)


def _joined_names(text: str, said: tuple[Word, ...], runs: list[tuple[int, int]]) -> Iterator[Phrase]:
    """Runs of capitals joined by small words: University of Missouri."""
    for (first, last), (begin, end) in pairwise(runs):
        between = said[last:begin]
        if not between or len(between) > 2 or any(word.low not in JOINING for word in between):
            continue
        if said[last - 1].capital and said[begin].capital and "," not in text[said[last - 1].end : said[begin].start]:
            yield Phrase(text, said, first, end)


def _names(said: tuple[Word, ...], at: int, start: int) -> bool:
    """Whether a word can belong to a name that begins at ``start``."""
    word = said[at]
    if word.capital and at > 0 and word.low not in QUESTIONS and not word.low.startswith("i'"):
        return True
    if word.low in FUNCTION or word.text == "I" or (at and said[at - 1].low in SUBJECTS):
        return False
    if word.low not in VERBS:
        return True
    if at > start:
        return word.low in NOUNS_TOO and not _asked(said, start)
    return at > 0 and said[at - 1].low in BEFORE_NOUNS


def _asked(said: tuple[Word, ...], first: int) -> bool:
    """Whether an auxiliary stands before the words, so that a verb or an adjective comes after them."""
    while first and said[first - 1].low in LIGHT | ARTICLES:
        first -= 1
    return bool(first) and (said[first - 1].low in AUXILIARY or said[first - 1].low in ("what", "which"))


def _adjacent(text: str, said: tuple[Word, ...], at: int) -> bool:
    if said[at - 1].owns:  # Darwin's theory is one thing, Netflix's competitors are not
        return said[at].low not in RELATIONAL | LIGHT
    return bool(_joined.match(text[said[at - 1].end : said[at].start]))


def _said_of(word: Word, asked: bool) -> bool:
    """Whether a word at the end of a run is said of what the run names."""
    verb = word.low in VERBS and (asked or word.low not in NOUNS_TOO)
    return not word.capital and (word.low in ADJECTIVES or verb or word.low.endswith("ly"))
