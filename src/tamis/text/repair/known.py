"""What the rest of a corpus says about a document: which words there are, and which lines stand in many documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from tamis.core import Document, Progress

MOST = 400_000  # words, and lines, that are counted at a time; about 100 MB
LONGEST = 120  # characters of a line that may be a page's header or footer
REPORTS = 1000  # documents between two words of progress

_word = re.compile(r"[a-z]+(?:-[a-z]+)*")
_torn = re.compile(r"(?<![\w-])[\w-]+[-\u00ad\u2010][ \t]*\n\s*\w+")
_digits = re.compile(r"\d+")


@dataclass(slots=True)
class Known:
    """Words and repeated lines of a corpus, counted in one pass and in bounded memory.

    Rare entries are forgotten when there are too many (lossy counting, Manku and Motwani 2002, "Approximate frequency
    counts over data streams"): what is common keeps its count up to the few times something was forgotten.

    Attributes:
        words: how often a word (or hyphenated compound) occurs, in small letters; words torn apart at line ends do not
            count.
        lines: in how many documents, between different lines, a line stands; numbers in it count as one.
        documents: documents of several lines that were read.

    >>> known = Known.of([Document("d", "well-known infor-\\nmation\\nabout information")])
    >>> known.words["information"], known.words["well-known"], known.words.get("infor", 0)
    (1, 1, 0)
    """

    words: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    documents: int = 0
    _beside: dict[str, int] = field(default_factory=dict)  # lines that a line was last seen between

    @classmethod
    def of(cls, documents: Iterable[Document], *, progress: Progress | None = None) -> Self:
        """What these documents say; only those of several lines are looked at."""
        known = cls()
        for done, document in enumerate(documents, 1):
            known.read(document.text)
            if progress and not done % REPORTS:
                progress(done, None)
        return known

    def read(self, text: str) -> None:
        """Count one more text."""
        if "\n" not in text and "\f" not in text:
            return
        self.documents += 1
        _count(self.words, words(text))
        if len(self.words) > MOST:
            _forget(self.words)
        for line, beside in repeated(text):
            if self._beside.get(line) != beside:  # copies of one document do not make its lines headers
                self._beside[line] = beside
                self.lines[line] = self.lines.get(line, 0) + 1
        if len(self.lines) > MOST:
            _forget(self.lines)
            self._beside = {line: self._beside[line] for line in self.lines}


NOTHING = Known()  # for a document whose corpus nobody has read


def words(text: str) -> list[str]:
    """The words of a text in small letters, without those torn apart at line ends."""
    return _word.findall(_torn.sub(" ", text.lower()))


def pattern(line: str) -> str:
    """A line with what differs from page to page made equal.

    >>> pattern("ACME  Manual, page 12")
    'acme manual, page #'
    """
    return _digits.sub("#", " ".join(line.split())).casefold()


def repeated(text: str) -> Iterator[tuple[str, int]]:
    """The pattern of each short line, once, with a number that stands for the lines around it."""
    lines = [line for line in map(str.strip, re.split("[\n\f]", text)) if line]
    seen = set()
    for at, line in enumerate(lines):
        if len(line) <= LONGEST and (found := pattern(line)) not in seen:
            seen.add(found)
            yield found, hash((lines[at - 1] if at else "", lines[at + 1] if at + 1 < len(lines) else ""))


def counted(text: str) -> Callable[[str], int]:
    """How often a word occurs in a text.

    >>> counted("a sieve, a Tamis")("a")
    2
    """
    own: dict[str, int] = {}
    _count(own, words(text))
    return lambda word: own.get(word, 0)


def _count(counts: dict[str, int], items: Iterable[str]) -> None:
    for item in items:
        counts[item] = counts.get(item, 0) + 1


def _forget(counts: dict[str, int]) -> None:
    """Take one from every count until half of them are gone."""
    while len(counts) > MOST // 2:
        rest = {item: count - 1 for item, count in counts.items() if count > 1}
        counts.clear()
        counts.update(rest)
