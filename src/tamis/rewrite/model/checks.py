"""What a rewrite may not do: add words, numbers, praise or another language, or lose what was asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from tamis.answer.numbers import readable, stated
from tamis.core import Query
from tamis.rewrite.model.words import (
    ANAPHORS,
    ASKING_ZH,
    FUNCTION,
    FUNCTION_ZH,
    NEGATION,
    NEGATION_ZH,
    PRAISE,
    PRAISE_ZH,
)
from tamis.text import Language, detect, normalise, segment
from tamis.text.scripts import HAN, han
from tamis.text.stopwords import ENGLISH

SPARE = 40  # characters that a rewrite may be longer than twice the query and the conversation
SHOWN = 200  # characters of a conversation that a rewrite may take up
KEPT = 0.5  # share of the query's own words that a rewrite keeps

_runs = re.compile(f"[{HAN}]+")
_counted = re.compile(f"(?<=\\d)[{HAN}]{{1,3}}")
_latin = re.compile(r"[A-Za-z][\w'’.+#-]*")
_compound = re.compile(r"\w[-_./@,'’]\w")  # its parts are tokens of their own
_asking = re.compile("|".join(ASKING_ZH))
_marks = re.compile(r"[\W_]+")
LONGEST_PIECE = max(3, *map(len, FUNCTION_ZH))  # of a run: what is longer is made up of pieces of two and three
_OTHER: dict[Language, tuple[Language, ...]] = {
    "zh": ("en", "other"),
    "en": ("zh", "other"),
    "mixed": ("other",),
    "other": ("en",),
}


@dataclass(frozen=True)
class Ground:
    """What a rewrite may be made of: the query, the conversation before it, and a glossary.

    >>> ground = Ground(Query("它能治吗？", history=("喉癌是什么？",)))
    >>> ground.fault_of_standalone("喉癌能治吗？"), ground.fault_of_standalone("肺癌早期能治吗？")
    ('', 'it adds words that neither the query nor the conversation has')
    """

    query: Query
    glossary: str = ""

    def fault_of_standalone(self, text: str) -> str:
        """Why a text cannot stand for the query, in a few words that quote nothing; empty where it can."""
        if alike(text) == alike(self.query.text):
            return ""
        return self._fault(text) or (
            "it adds words that neither the query nor the conversation has"
            if self._added(text)
            else "it leaves out what was asked"
            if self._lost(text)
            else ""
        )

    def fault_of_variant(self, text: str, standalone: str) -> str:
        """The same of another way to ask: it may use other words, but no other names, and must share one."""
        if fault := self._fault(text):
            return fault
        if self._named(text):
            return "it names what was not named"
        related = _units(text) & _units(standalone) or self._spelt_out(text)
        return "" if related else "it shares no word with the query"

    def _fault(self, text: str) -> str:
        """What no rewrite may do."""
        history = sum(map(len, self.query.history))
        if len(text) > SPARE + 2 * len(self.query.text) + min(history, SHOWN):
            return "it is far longer than the query"
        if (language := detect(text)) != detect(self.query.text) and language in _OTHER[self._language]:
            return "it is in another language than the query"
        if praise(text) - self._praise:
            return "it praises: it adds a word of advertising"
        if any(number not in self._numbers for number in stated(text)):
            return "it adds a number"
        sources = (self.query.text, *self.query.history)
        if denies(self.query.text) > denies(text) or denies(text) > any(map(denies, sources)):
            return "it says the contrary: a negation came or went"
        return ""

    @cached_property
    def _language(self) -> Language:
        """That of the query; of the conversation, where the query has no letters."""
        asked = self.query.text
        return detect(asked if any(map(str.isalpha, asked)) else " ".join(self.query.history))

    @cached_property
    def _sources(self) -> tuple[str, ...]:
        return tuple(map(normalise, (self.query.text, *self.query.history, self.glossary)))

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(token for source in self._sources for token in segment(source)) | _joining()

    @cached_property
    def _numbers(self) -> frozenset[str]:
        return frozenset[str]().union(*(readable(source) for source in self._sources))

    @cached_property
    def _praise(self) -> frozenset[str]:
        return frozenset[str]().union(*map(praise, self._sources))

    def _added(self, text: str) -> bool:
        """Whether a text has words that stand in no source and do not only join."""
        plain = _counted.sub(self._without_unit, normalise(text))
        tokens = [t for t in segment(_runs.sub(" ", plain)) if not t.isdecimal() and not _compound.search(t)]
        return any(token not in self._words for token in tokens) or any(map(self._uncovered, _runs.findall(plain)))

    def _without_unit(self, found: re.Match[str]) -> str:
        """What follows a number, without what is counted: 天 of 7天, which stands behind 几 in its source."""
        said = found[0]
        size = next((n for n in range(len(said), 0, -1) if any(said[:n] in one for one in self._sources)), 0)
        return f" {said[size:]}"

    def _uncovered(self, run: str) -> bool:
        """Whether a run of Chinese characters is not made up of pieces of the sources and of words that join.

        A piece is two characters or more that stand together in a source, or one that is a word there by itself.
        """
        reached = {0}
        for start in range(len(run)):
            if start not in reached:
                continue
            for end in range(start + 1, min(start + LONGEST_PIECE, len(run)) + 1):
                piece = run[start:end]
                if (
                    piece in FUNCTION_ZH
                    or (len(piece) == 1 and piece in self._words)
                    or (len(piece) > 1 and any(piece in source for source in self._sources))
                ):
                    reached.add(end)
        return len(run) not in reached

    def _lost(self, text: str) -> bool:
        """Whether a text keeps less than half of the query's own words, or loses a number.

        Words that only ask or point back need not come back, nor do those that the glossary says in other words.
        """
        plain = normalise(text)
        if any(number not in readable(plain) for number in stated(self.query.text)):
            return True
        have, spared = set(segment(plain)), _joining() | _pointing() | set(segment(self.glossary))
        own = [token for token in dict.fromkeys(segment(self.query.text)) if token not in spared]
        kept = [token for token in own if token in have or (han.match(token) and token in plain)]
        return len(kept) < KEPT * len(own)

    def _named(self, text: str) -> bool:
        """Whether a text has names in Latin letters that no source has, nor are initials of its words or the reverse.

        A name is a word with a capital letter that does not begin the text, or with a digit in it, and in a text in
        Chinese every word in Latin letters.
        """
        chinese, initials = han.search(text) is not None, self._initials
        for match in _latin.finditer(text):
            word = match[0]
            named = chinese or any(c.isdigit() for c in word) or (match.start() > 0 and word[:1].isupper())
            known = all(token in self._words for token in segment(word)) or word.casefold() in initials
            if named and not known and not self._spelt_out(text):
                return True
        return False

    @cached_property
    def _initials(self) -> frozenset[str]:
        """Abbreviations that the sources' words in Latin letters give: of two to five words that follow each other."""
        found = set()
        for source in self._sources:
            letters = "".join(word[0] for word in _latin.findall(source))
            found |= {letters[at : at + size] for size in range(2, 6) for at in range(len(letters) - size + 1)}
        return frozenset(found)

    def _spelt_out(self, text: str) -> bool:
        """Whether the text's words have the initials of an abbreviation in the query: ML as machine learning."""
        initials = "".join(word[0] for word in _latin.findall(text)).casefold()
        short = [word.casefold() for word in _latin.findall(self.query.text) if word.isupper() and len(word) > 1]
        return any(word in initials for word in short)


def praise(text: str) -> frozenset[str]:
    """The words of advertising in a text.

    >>> sorted(praise("the ultimate guide: 最佳退货方法")), praise("the bestseller list")
    (['ultimate', '最佳'], frozenset())
    """
    plain = normalise(text)
    words = {word.casefold() for word in _latin.findall(plain)}
    return frozenset(PRAISE & words) | {word for word in PRAISE_ZH if word in plain}


def denies(text: str) -> bool:
    """Whether a text has a negation, which a question such as 是不是 has not.

    >>> [denies(text) for text in ("能不能退货？", "不能退货", "can't I return it?", "may I return it?")]
    [False, True, True, False]
    """
    plain = _asking.sub("", normalise(text))
    words = (word.replace("’", "'") for word in _latin.findall(plain))
    return any(c in NEGATION_ZH for c in plain) or any(word in NEGATION or word.endswith("n't") for word in words)


def alike(text: str) -> str:
    """What texts share that differ in width, case and punctuation only.

    >>> alike("如何 退货？") == alike("如何退货"), alike("C++") == alike("C")
    (True, False)
    """
    plain = normalise(text)
    return _marks.sub("", plain) + "+" * plain.count("+") + "#" * plain.count("#")


def distinct(texts: Sequence[str]) -> list[str]:
    """The texts that differ in more than width, case and punctuation, in their order.

    >>> distinct(["如何退货？", "怎么退货", "如何退货"])
    ['如何退货？', '怎么退货']
    """
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(alike(text), text)
    return list(found.values())


@cache
def _joining() -> frozenset[str]:
    """Search tokens of words that only ask or join."""
    return ENGLISH | FUNCTION_ZH | {token for word in FUNCTION for token in segment(word)}


@cache
def _pointing() -> frozenset[str]:
    """Search tokens of words that stand for something said before."""
    return ANAPHORS | {token for word in ANAPHORS for token in segment(word)}


def _units(text: str) -> frozenset[str]:
    """What texts have in common if they speak of one thing: words, and single Chinese characters."""
    plain = normalise(text)
    characters = {c for run in _runs.findall(plain) for c in run if c not in FUNCTION_ZH}
    return frozenset(characters | set(segment(_runs.sub(" ", plain))))
