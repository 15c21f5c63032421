"""Chinese texts with what they say in English, from the sources that hold both."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from entries import SEED, Entry, cut, tidy
from readers_cedict import to_english
from table import SOURCES, Source

PARALLEL = (
    "packages.cross",
    "gnome.cross",
    "libreoffice.cross",
)  # whose readers give the two texts one after the other
WORDS, MOST = "cedict.cross", 10000
KINDS = ("query", "document")


def translations(cache: Path) -> list[tuple[str, str, str]]:
    """Kind, Chinese, English of each, in an order drawn by the seed; a word is now a query, now a document."""
    found: dict[tuple[str, str, str], None] = {}
    for source in SOURCES:
        if source.name in (*PARALLEL, WORDS):
            pairs = _words(source, cache) if source.name == WORDS else _texts(source, cache)
            found |= dict.fromkeys((kind, *map(_tidied, pair)) for kind, *pair in pairs)
    chosen = [row for row in found if all(len(text) > 1 for text in row)]
    random.Random(SEED).shuffle(chosen)
    return chosen


def _texts(source: Source, cache: Path) -> Iterator[tuple[str, str, str]]:
    """Bodies as documents, titles as queries."""
    entries: list[Entry] = list(source.read(*(origin.fetched(cache) for origin in source.origins)))
    for chinese, english in zip(entries[0::2], entries[1::2], strict=True):
        yield "document", chinese.text, english.text
        yield "query", english.asks[0].text, chinese.asks[0].text


def _words(source: Source, cache: Path) -> list[tuple[str, str, str]]:
    """Words with their meanings."""
    entries = list(to_english(*(origin.fetched(cache) for origin in source.origins), templates=("{}",)))
    drawn = random.Random(f"{SEED}:{source.name}").sample(entries, min(MOST, len(entries)))
    return [(KINDS[at % 2], entry.asks[0].text, entry.text) for at, entry in enumerate(drawn)]


def _tidied(text: str) -> str:
    return cut(tidy(text))
