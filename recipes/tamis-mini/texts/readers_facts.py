"""Passages of one to four sentences that say when, how many, who or where, and the questions they answer."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from cloze import clozes
from entries import SEED, Ask, Entry
from readers_questions import questions

from tamis.data import read_documents
from tamis.text import sentences

JOINED = {"zh": "", "en": " "}
LONGEST = {"zh": 220, "en": 600}  # characters of a passage


def facts(folder: Path, *, language: str) -> Iterator[Entry]:
    """Passages of the documents of a folder of corpus, queries and qrels."""
    for document in read_documents(folder / "corpus.jsonl.gz"):
        yield from _asked(document.title, document.text, language)


def parts(folder: Path, *, language: str) -> Iterator[Entry]:
    """The passages of a question set's documents, each with all questions of its document, whichever answers them."""
    for entry in questions(folder):
        rng = random.Random(f"{SEED}:parts:{entry.text}")
        for passage in passages(entry.text, language, rng):
            yield Entry("", passage, entry.asks)


def facts_of(texts: Iterable[Entry]) -> Iterator[Entry]:
    """Passages of another source's English texts."""
    for entry in texts:
        yield from _asked(entry.title, entry.text, "en")


def _asked(title: str, text: str, language: str) -> Iterator[Entry]:
    rng = random.Random(f"{SEED}:{text}")
    for passage in passages(text, language, rng):
        found = list(clozes(passage, title, language, rng))
        yield Entry("", passage, tuple(Ask(cloze.question, "question") for cloze in found))
        for cloze in found:
            yield Entry("", cloze.emptied, (Ask(cloze.question, "question", 0),))


def passages(text: str, language: str, rng: random.Random) -> Iterator[str]:
    """A text in passages of one to four sentences.

    >>> list(passages("一。二。", "zh", random.Random(0)))
    ['一。二。']
    """
    rest = sentences(text)
    while rest:
        size, length = rng.choice((1, 1, 2, 2, 3, 4)), len(rest[0])
        count = 1
        while count < min(size, len(rest)) and length + len(rest[count]) < LONGEST[language]:
            length += len(rest[count])
            count += 1
        yield JOINED[language].join(rest[:count])
        rest = rest[count:]
