"""WordNet: words and names with their glosses, and the sentences that use them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from entries import SEED, Ask, Entry
from terms import asked_for

NAMED = 0.5  # documents that begin with their words; the gloss alone must do for the others
FILES = {"noun": "thing", "verb": "act", "adj": "word"}
SORTS = {"18": "person", "15": "place", "17": "place"}  # noun.person, noun.location, noun.object
LEAST = {"noun": 60, "verb": 55, "adj": 60}  # characters of a gloss; nouns are most of what is kept

_example = re.compile(r'; "([^"]+)"')


def words(root: Path) -> Iterator[Entry]:
    """Common nouns, verbs and adjectives."""
    for part in FILES:
        for lemmas, file, instance, gloss in _synsets(root, part):
            if not instance and len(gloss) >= LEAST[part] and lemmas[0].islower():
                sort = "word" if part == "noun" and SORTS.get(file) == "person" else FILES[part]
                yield _entry(lemmas, gloss, sort)


def names(root: Path) -> Iterator[Entry]:
    """Persons, places, events and works, by their names."""
    for lemmas, file, instance, gloss in _synsets(root, "noun"):
        if instance and len(gloss) >= 30:
            yield _entry(lemmas, gloss, SORTS.get(file, "name"))


def _entry(lemmas: list[str], gloss: str, sort: str) -> Entry:
    rng = random.Random(f"{SEED}:{gloss}")
    # The longest form of a name is the full one; the first word of a synset is its most common.
    term = max(lemmas, key=len) if sort == "person" else rng.choice(lemmas[:2])
    meaning = _example.sub("", gloss).strip()
    examples = [said for said in _example.findall(gloss) if len(said.split()) > 4]
    asks = [asked_for(term, sort)]
    if examples and rng.random() < 0.3:
        asks.append(Ask(rng.choice(examples), "sentence"))
    text = f"{', '.join(lemmas)}: {meaning}" if rng.random() < NAMED else meaning
    return Entry("", text, tuple(asks))


def _synsets(root: Path, part: str) -> Iterator[tuple[list[str], str, bool, str]]:
    """Lemmas, lexicographer file, whether it is an instance, and gloss; the format is that of wndb(5WN)."""
    for line in (root / "usr/share/wordnet" / f"data.{part}").read_text("utf-8", "replace").splitlines():
        if line.startswith("  "):
            continue
        data, _, gloss = line.partition(" | ")
        fields = data.split(" ")
        count = int(fields[3], 16)
        lemmas = [re.sub(r"\(\w+\)$", "", fields[4 + 2 * at]).replace("_", " ") for at in range(count)]
        yield lemmas, fields[1], "@i" in fields, gloss.strip()
