"""Where the phrases of a dictionary stand in a query: as whole words, the longest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Self

from tamis.text.scripts import han
from tamis.text.words import aligned, borders


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases to be looked for, by their first character.

    Attributes:
        known: the phrases, as ``aligned`` gives them.
        lengths: the lengths of the phrases that begin with a character, the longest first.
    """

    known: Set[str]
    lengths: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, phrases: Iterable[str]) -> Self:
        """The phrases, ready to be looked for."""
        known = frozenset(phrases)
        lengths: dict[str, set[int]] = {}
        for phrase in known:
            lengths.setdefault(phrase[0], set()).add(len(phrase))
        return cls(known, {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()})


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a dictionary reads it.

    Attributes:
        text: as it was written.
        aligned: as matching sees it, of the same length.
        borders: where words begin and end.
    """

    text: str
    aligned: str
    borders: Set[int]
    _standing: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)  # answers of ``stands``

    @classmethod
    def of(cls, text: str) -> Self:
        """The reading of a text."""
        seen = aligned(text)
        return cls(text, seen, borders(seen))

    @property
    def shouted(self) -> bool:
        """Whether all of several Latin words are in capitals, so that capitals say nothing."""
        return self.text.isupper() and len([word for word in self.text.split() if word[0].isascii()]) > 1

    def spans(self, phrases: Phrases) -> Iterator[tuple[int, int]]:
        """Where a phrase begins and ends with words, in order; of those that begin at one place, the longest first.

        >>> list(Reading.of("高数比最高数值难").spans(Phrases.of(["高数"])))
        [(0, 2)]
        """
        for start in sorted(self.borders):
            for length in phrases.lengths.get(self.aligned[start : start + 1], ()):
                end = start + length
                if end in self.borders and self.aligned[start:end] in phrases.known:
                    yield start, end

    def stands(self, phrase: str) -> bool:
        """Whether a phrase stands here; one that begins or ends in letters must begin or end a word there.

        >>> Reading.of("训练 train").stands("ai"), Reading.of("民事诉讼法").stands("诉讼")
        (False, True)
        """
        if (known := self._standing.get(phrase)) is None:
            known = self._standing[phrase] = self._found(phrase)
        return known

    def _found(self, phrase: str) -> bool:
        at = self.aligned.find(phrase)
        while at >= 0:
            if self._ends(at, phrase[0]) and self._ends(at + len(phrase), phrase[-1]):
                return True
            at = self.aligned.find(phrase, at + 1)
        return False

    def _ends(self, place: int, character: str) -> bool:
        return place in self.borders or bool(han.match(character))
