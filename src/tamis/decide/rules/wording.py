"""Rules about what a document says: its length, banned words, and texts that say the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from tamis.core import Candidate, Query
from tamis.decide.policies.forms import count, keep, number, texts
from tamis.decide.rules.base import Rule
from tamis.errors import InputError
from tamis.text import normalise
from tamis.text.scripts import HAN, UNSPACED

GRAM = 5  # characters of the pieces by which near-duplicates are compared

_blank = re.compile(r"\s+")
# A letter or digit of a script whose words are written apart: beside one, a banned word is part of another word.
_letter = re.compile(f"[^\\W_{HAN}{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class MinLength(Rule):
    """Drops documents whose title and text have fewer characters than ``characters``, blanks not counted.

    >>> from tamis import Document
    >>> MinLength(20).reasons([Candidate(Document("a", "See a bove."), 1.0)], Query("q"))
    ['9 characters, at least 20 wanted']
    """

    name: ClassVar[str] = "min_length"
    characters: int

    def __post_init__(self) -> None:
        keep(self, characters=count(self.characters, "min_length: characters"))

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: how long it is."""
        lengths = [len(_blank.sub("", candidate.doc.full_text)) for candidate in candidates]
        return [
            f"{length} characters, at least {self.characters} wanted" if length < self.characters else ""
            for length in lengths
        ]


@dataclass(frozen=True, slots=True)
class BannedWords(Rule):
    """Drops documents whose title or text has one of the ``words``.

    Width, case, invisible characters and traditional or simplified form make no difference. Latin words and those of
    other scripts written with spaces hit whole words only; Chinese, Japanese kana, Korean and Thai ones hit anywhere.

    >>> from tamis import Document
    >>> rule = BannedWords(("ass", "賭博"))
    >>> rule.reasons([Candidate(Document(t, t), 1.0) for t in ("a class", "what an ASS", "网络赌博")], Query("q"))
    ['', "has the banned word 'ass'", "has the banned word '賭博'"]
    """

    name: ClassVar[str] = "banned_words"
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        keep(self, words=texts(self.words, "banned_words: words"))
        for word in self.words:
            if not _folded(word):
                raise InputError(f"banned_words: {word!r} has nothing that could be found in a text")

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: the first of the words that stands in it."""
        table = _table(self.words)
        found = [next(_hits(_folded(candidate.doc.full_text), table), "") for candidate in candidates]
        return [f"has the banned word {word!r}" if word else "" for word in found]


@dataclass(frozen=True, slots=True)
class Dedup(Rule):
    """Drops what says the same as a better-ranked document.

    Attributes:
        share: None drops equal texts only (width, case, blanks and traditional or simplified form make no difference);
            a number in (0, 1] drops those that share at least this much of their 5-character pieces: pieces in both
            over pieces in either.

    References:
        Broder, "On the resemblance and containment of documents" (SEQUENCES 1997): the share is his resemblance.

    >>> from tamis import Document
    >>> texts = ("Sieve it twice.", "sieve  it TWICE.", "Sieve it twice. Now.")
    >>> candidates = [Candidate(Document(str(at), text), 1.0) for at, text in enumerate(texts)]
    >>> Dedup().reasons(candidates, Query("q"))
    ['', "same text as '0', which stands higher", '']
    >>> Dedup(0.6).reasons(candidates, Query("q"))[2]
    "shares 68 % of its 5-character pieces with '0', which stands higher"
    """

    name: ClassVar[str] = "dedup"
    share: float | None = None

    def __post_init__(self) -> None:
        if self.share is not None:
            keep(self, share=number(self.share, "dedup: share", least=0, most=1))
            if self.share == 0:
                raise InputError("dedup: share must be above 0, or None for equal texts only")

    def reasons(self, candidates: Sequence[Candidate], query: Query) -> list[str]:
        """Why each goes: which document says the same."""
        first: dict[str, str] = {}
        kept = _Kept()
        said = []
        for candidate in candidates:
            text, name = _folded(candidate.doc.full_text), candidate.doc.id
            why = ""
            if text in first:
                why = f"same text as {first[text]!r}, which stands higher"
            elif self.share is not None:
                why = kept.near(text, self.share)
            if not why:
                first[text] = name
                if self.share is not None:
                    kept.add(text, name)
            said.append(why)
        return said


class _Kept:
    """The pieces of the documents that stay, so that near-duplicates are found without comparing all pairs."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sizes: list[int] = []
        self.holders: dict[str, list[int]] = {}  # piece -> numbers of the documents that have it

    def add(self, text: str, name: str) -> None:
        pieces = _pieces(text)
        for piece in pieces:
            self.holders.setdefault(piece, []).append(len(self.names))
        self.names.append(name)
        self.sizes.append(len(pieces))

    def near(self, text: str, share: float) -> str:
        """Which kept document shares at least so much, the highest-ranked first; "" where none does."""
        pieces = _pieces(text)
        common = Counter(holder for piece in pieces for holder in self.holders.get(piece, ()))
        for holder in sorted(common):
            found = common[holder] / (len(pieces) + self.sizes[holder] - common[holder])
            if found >= share:
                percent = int(100 * found)
                what = f"{percent} % of its {GRAM}-character pieces"
                return f"shares {what} with {self.names[holder]!r}, which stands higher"
        return ""


def _folded(text: str) -> str:
    return _blank.sub(" ", normalise(text)).strip()


def _pieces(text: str) -> set[str]:
    return {text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1))}


Table = tuple[Mapping[str, str], Mapping[str, tuple[int, ...]]]  # folded word -> word; first character -> lengths


@lru_cache(maxsize=64)
def _table(words: tuple[str, ...]) -> Table:
    folded = {_folded(word): word for word in reversed(words)}
    lengths: dict[str, set[int]] = {}
    for word in folded:
        lengths.setdefault(word[0], set()).add(len(word))
    return folded, {first: tuple(sorted(found)) for first, found in lengths.items()}


def _hits(text: str, table: Table) -> Iterator[str]:
    """The banned words that stand in a folded text, in its order; long lists cost no more than short ones."""
    words, lengths = table
    for at, character in enumerate(text):
        for length in lengths.get(character, ()):
            word = text[at : at + length]
            if word in words and not _inside(text, at, at + length):
                yield words[word]


def _inside(text: str, start: int, end: int) -> bool:
    """Whether the piece from start to end is part of a longer word."""
    return (start > 0 and _joined(text[start - 1], text[start])) or (
        end < len(text) and _joined(text[end - 1], text[end])
    )


def _joined(left: str, right: str) -> bool:
    return bool(_letter.match(left) and _letter.match(right))
