"""A text with the questions known for it, and what makes a text fit to be a document: its length and its language."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from tamis.text import sentences

SEED = 20261122
LEAST = {"en": 20, "zh": 20, "cross": 4}  # characters of a document; across languages a word may be one
MOST = 1200

_markup = re.compile(r"</?[a-z][^<>]*>|\{#[^{}]*\}|[*`]+")
_space = re.compile(r"\s+")
_han = re.compile(r"[\u4e00-\u9fff]")
_between_han = re.compile(r"(?<=[\u4e00-\u9fff，。；：、！？）（]) (?=[\u4e00-\u9fff，。；：、！？）（])")
_latin = re.compile(r"[A-Za-z]")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Ask:
    """A query of a text: one of the kinds title, question, keywords, sentence, typo, gloss, translation."""

    text: str
    kind: str
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A text with its title and the queries the source gives; without any, ``forms`` derives them.

    Attributes:
        shown: whether the title stays with the document, since no query copies it.
    """

    title: str
    text: str
    asks: tuple[Ask, ...] = ()
    shown: bool = False

    @property
    def id(self) -> str:
        """A hash, so that the order of the ids tells nothing about the source.

        >>> Entry("", "A drum sieve.").id
        'd3fdb48fcb1a'
        """
        return digest(f"{self.title if self.shown else ''}\n{self.text}")


def digest(text: str) -> str:
    """Twelve hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def draw(items: Iterable[_T], size: int, name: str) -> list[_T]:
    """At most so many of the items, by a draw that depends on the name alone, in their order."""
    kept = list(items)
    chosen = random.Random(f"{SEED}:{name}").sample(range(len(kept)), min(size, len(kept)))
    return [kept[at] for at in sorted(chosen)]


def tidy(text: str) -> str:
    """Text on one line; no spaces between Chinese characters.

    >>> tidy(" 打印 机\\n设置 "), tidy("a  drum\\nsieve")
    ('打印机设置', 'a drum sieve')
    """
    return _between_han.sub("", _space.sub(" ", text)).strip()


def cut(text: str, most: int = MOST) -> str:
    """The text up to the last sentence end within ``most`` characters.

    >>> cut("One two. Three four. Five six.", 21)
    'One two. Three four.'
    """
    if len(text) <= most:
        return text
    end = 0
    for sentence in sentences(text):
        after = text.find(sentence, end) + len(sentence)
        if after > most:
            break
        end = after
    return text[:end].strip()


def written_in(language: str, text: str) -> bool:
    """Whether most of the text is prose of the language.

    >>> written_in("en", "A drum sieve."), written_in("en", "x = { 1, 2, 3 } >> 4;"), written_in("zh", "绢筛 tamis")
    (True, False, False)
    """
    if language == "cross":
        return True
    if language == "zh":
        return len(_han.findall(text)) > 0.3 * len(text)
    return len(_latin.findall(text)) > 0.65 * len(text) and not _han.search(text)


def fit(entries: Iterable[Entry], language: str) -> Iterator[Entry]:
    """The entries whose text is of the language and of a document's length, cut where they are longer."""
    seen: set[str] = set()
    for entry in entries:
        tidied = replace(entry, title=tidy(_markup.sub("", entry.title)), text=cut(tidy(entry.text)))
        if len(tidied.text) >= LEAST[language] and written_in(language, tidied.text) and tidied.text not in seen:
            seen.add(tidied.text)
            yield tidied


def merged(entries: Sequence[Entry]) -> list[Entry]:
    """One entry for each text, with the queries of all that have it."""
    found: dict[str, Entry] = {}
    for entry in entries:
        before = found.get(entry.id)
        asks = (*before.asks, *entry.asks) if before else entry.asks
        found[entry.id] = replace(entry, asks=tuple(dict.fromkeys(asks)))
    return [found[key] for key in sorted(found)]
