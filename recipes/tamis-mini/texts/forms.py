"""Queries of a text in the forms people type: its title, questions, key words, a sentence of it, typing errors."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from entries import SEED, Ask, Entry
from keywords import KeyWords
from titles import asks, question

from tamis.data import query_key
from tamis.text import sentences
from tamis.train.sources.derive import Lengths, boilerplate
from tamis.train.sources.headings import without
from tamis.train.sources.questions import defined
from tamis.train.sources.rows import Derived

TITLES, KEYWORDS, DEFINED, SENTENCES, TYPOS = 0.85, 0.4, 0.5, 0.15, 0.05  # how many of the documents have one
REPEATS = 2  # more documents of one title, and it tells nothing
LENGTHS = {"en": (40, 220), "zh": (12, 90)}  # characters of a sentence that may be a query
TYPED = {"en": 14, "zh": 9}  # characters from which a query may have a typing error

_inner = re.compile(r"[A-Za-z\u4e00-\u9fff]")


def derived(entries: Sequence[Entry], language: str, name: str) -> list[Entry]:
    """The entries with queries made of them; titles that many of them have are no queries."""
    key_words = KeyWords.of((entry.text for entry in entries), language)
    common = boilerplate((Derived(entry.title, entry.text, entry.id, "title") for entry in entries), REPEATS)
    made = []
    for entry in entries:
        rng = random.Random(f"{SEED}:{name}:{entry.id}")
        bare = replace(entry, title="" if query_key(entry.title) in common else entry.title)
        made.append(_asked(bare, language, key_words, rng))
    return [entry for entry in made if entry.asks]


def _asked(entry: Entry, language: str, key_words: KeyWords, rng: random.Random) -> Entry:
    text = without(entry.title, entry.text) if entry.title else entry.text
    found: list[Ask] = []
    if entry.title and not entry.shown and rng.random() < TITLES:
        found.append(titled(entry.title, language, rng))
    if rng.random() < SENTENCES and (taken := taken_out(text, language, rng)):
        sentence, text = taken
        found.append(Ask(sentence, "sentence"))
    if rng.random() < DEFINED:
        found += [Ask(asked, "question") for asked, _ in list(defined(text))[:1]]
    if (rng.random() < KEYWORDS or not found) and (said := keywords(text, language, key_words, rng)):
        found.append(Ask(said, "keywords"))
    kept = [ask for ask in found if not _too_short(ask)]
    return replace(entry, text=text, asks=tuple(with_typo(kept, language, rng)))


def _too_short(ask: Ask) -> bool:
    return bool(Lengths().why_not(Derived(ask.text, "word " * 20, "", "")))


def titled(title: str, language: str, rng: random.Random) -> Ask:
    """The title as it stands, in small letters, or as a question."""
    if asks(title):
        return Ask(title, "question")
    if rng.random() < 0.55 and (made := question(title, language, rng)):
        return Ask(made, "question")
    return Ask(title if rng.random() < 0.5 else title.lower(), "title")


def taken_out(text: str, language: str, rng: random.Random) -> tuple[str, str] | None:
    """A sentence of four or more, and the text without it.

    >>> text = "One. Two of them were here before anybody else came in. Three. Four."
    >>> taken_out(text, "en", random.Random(1))
    ('Two of them were here before anybody else came in.', 'One. Three. Four.')
    """
    least, most = LENGTHS[language]
    parts = sentences(text)
    fitting = [part for part in parts if least <= len(part) <= most]
    if len(parts) < 4 or not fitting:
        return None
    chosen = rng.choice(fitting)
    before, _, after = text.partition(chosen)
    return chosen, f"{before.rstrip()}{' ' if language == 'en' else ''}{after.lstrip()}".strip()


def keywords(text: str, language: str, key_words: KeyWords, rng: random.Random) -> str | None:
    """Key words of one sentence, in small letters more often than not."""
    parts = [part for part in sentences(text) if len(part) >= LENGTHS[language][0]]
    for part in rng.sample(parts, min(3, len(parts))):
        if said := key_words(part, rng):
            return said if rng.random() < 0.3 else said.lower()
    return None


def with_typo(found: list[Ask], language: str, rng: random.Random) -> list[Ask]:
    """The queries, one of them with a typing error in one document of twenty."""
    longer = [at for at, ask in enumerate(found) if len(ask.text) >= TYPED[language] and ask.kind != "sentence"]
    if rng.random() >= TYPOS * 1.6 or not longer:  # not all documents have a query that is long enough
        return found
    chosen = rng.choice(longer)
    return [Ask(typo(ask.text, rng), "typo") if at == chosen else ask for at, ask in enumerate(found)]


def typo(text: str, rng: random.Random) -> str:
    """The text with one letter doubled, left out or exchanged with the next.

    >>> typo("drum sieve", random.Random(3))
    'druum sieve'
    """
    places = [at for at in range(1, len(text) - 1) if _inner.match(text[at]) and _inner.match(text[at + 1])]
    if not places:
        return text
    at = rng.choice(places)
    before, here, following, after = text[:at], text[at], text[at + 1], text[at + 2 :]
    return rng.choice(
        (before + following + here + after, before + following + after, before + here + here + following + after)
    )
