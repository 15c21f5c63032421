"""A set whose documents are broken as text copied from PDF files is.

    python benchmarks/broken_pdf.py SET OUT [--seed N]      # SET: a folder with corpus, queries, qrels; OUT: a new one

Titles, queries and qrels stay. What happens to a text is drawn from the seed and the document's id:

- lines are cut at a column of 45 to 80 characters; one document in ten has a narrow column (26 to 40), one in five has
  ragged lines (each cut at 65 to 100 % of the column), one in ten has a blank line after each line, one in eight begins
  new paragraphs after some sentences, without a blank line and, half of them, with an indent;
- seven of ten long words that do not fit are torn with a hyphen, at a place like a syllable's end: after a vowel before
  a consonant and a vowel ("re-peat"), or between two consonants between vowels ("les-son"), two letters before and
  three after at least; compounds are also cut after their own hyphen; one document in ten has soft hyphens there, and
  some soft hyphens inside words;
- every 7 to 14 lines a page ends: a footer or page number, in half of the documents a form feed, perhaps a header (a
  journal of twelve with a volume, or the authors), before some blank lines;
- in half of the documents fi, fl, ff, ffi, ffl are ligatures; in one of ten, stray control and zero-width characters;
  in three of ten, some spaces are double.

None of this reads the repair's code; the journals and authors are made up.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tamis.core import Document
from tamis.data import Collection, atomic_write

JOURNALS = (
    "Annals of Applied Sieving",
    "Journal of Kitchen Biology",
    "Proceedings of the Drum Society",
    "Clinical Mesh Reports",
    "INTERNATIONAL JOURNAL OF FINE FILTERS",
    "Letters in Granular Medicine",
    "Archives of Strained Matter",
    "Sieve Research",
    "Acta Colatoria",
    "The Northern Review of Purees",
    "Mesh and Membrane",
    "Quarterly of Food Physics",
)
AUTHORS = ("Miller and Sifter", "Drum et al.", "A. Mesh, B. Rim", "Colander et al.")
LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
STRAY = "\x00\x02\x03\x08\x1f\x7f\u200b\ufeff"

_syllable = re.compile(
    r"(?<=[aeiouy])(?=[b-df-hj-np-tv-z][aeiouy])|(?<=[aeiouy][b-df-hj-np-tv-z])(?=[b-df-hj-np-tv-z][aeiouy])"
)
_letters = re.compile(r"[A-Za-z]+")
_ligature = re.compile("|".join(LIGATURES))


def broken(document: Document, seed: int) -> Document:
    """The document with its text broken; the same for the same id and seed."""
    draw = random.Random(f"{seed} {document.id}")
    text = document.text
    if draw.random() < 0.3:
        text = "".join("  " if c == " " and draw.random() < 0.05 else c for c in text)
    hyphen = "\u00ad" if draw.random() < 0.1 else "-"
    lines = list(wrapped(text, draw, hyphen))
    if draw.random() < 0.1:
        lines = [line for one in lines for line in (one, "")]
    text = paged(lines, draw)
    if hyphen != "-":
        text = re.sub(r"(?<=[a-z]{3})(?=[a-z]{4})", lambda _: hyphen if draw.random() < 0.02 else "", text)
    if draw.random() < 0.5:
        text = _ligature.sub(lambda match: LIGATURES[match.group()], text)
    if draw.random() < 0.1:
        text = "".join(c + draw.choice(STRAY) if draw.random() < 0.005 else c for c in text)
    return replace(document, text=text)


def wrapped(text: str, draw: random.Random, hyphen: str) -> Iterator[str]:
    """The lines of a text cut at a column."""
    column = draw.randint(26, 40) if draw.random() < 0.1 else draw.randint(45, 80)
    ragged = draw.random() < 0.2
    new_paragraph, indent = (0.3 if draw.random() < 0.125 else 0.0), draw.choice(("", "  "))
    width, line = column, ""
    words = text.split(" ")
    while words:
        word = words.pop(0)
        if not line or len(line) + 1 + len(word) <= width:
            line = f"{line} {word}" if line else word
            if word.endswith(".") and words and draw.random() < new_paragraph:
                yield line
                line = indent + words.pop(0)
            continue
        cut = torn(word, width - len(line) - 2, draw)
        if cut:
            glue = "" if word[cut - 1] == "-" else hyphen
            line, word = f"{line} {word[:cut]}{glue}", word[cut:]
        yield line
        line, width = "", round(column * draw.uniform(0.65, 1.0)) if ragged else column
        words.insert(0, word)
    if line:
        yield line


def torn(word: str, room: int, draw: random.Random) -> int:
    """How many characters of a word stay on the line; 0 where it goes to the next one whole."""
    if room < 2:
        return 0
    own = [at + 1 for at, c in enumerate(word[:room]) if c == "-" and 0 < at < len(word) - 1]
    if own:
        return own[-1]
    core = _letters.fullmatch(word.rstrip(".,;:)"))
    if not core or len(core.group()) < 6 or core.group().isupper() or draw.random() > 0.7:
        return 0
    letters = core.group()
    places = [m.start() for m in _syllable.finditer(letters.lower()) if 2 <= m.start() <= min(room, len(letters) - 3)]
    return draw.choice(places) if places else 0


def paged(lines: list[str], draw: random.Random) -> str:
    """The lines with page ends between them."""
    journal, volume, number = draw.choice(JOURNALS), draw.randint(1, 60), draw.randint(2, 900)
    total, length = number + draw.randint(3, 20), draw.randint(7, 14)
    footer = draw.choice((f"Page {{}} of {total}", "{}", "- {} -", f"{journal} {{}}"))
    header = draw.choice((f"{journal}, vol. {volume}", f"{journal} {{}}", draw.choice(AUTHORS), ""))
    feed, blanks = "\f" if draw.random() < 0.5 else "", draw.randint(0, 2)
    made, left = "", draw.randint(1, length)
    for at, line in enumerate(lines):
        made += line
        left -= 1
        if left <= 0 and line and at + 1 < len(lines):
            head = [header.format(number + 1)] if header else []
            made += "\n" * (1 + blanks) + footer.format(number) + "\n" + feed
            made += "".join(f"{one}\n" for one in head) + "\n" * blanks
            left, number = length, number + 1
        elif at + 1 < len(lines):
            made += "\n"
    return made


def write(source: Path, out: Path, seed: int) -> None:
    """The broken set in a new folder."""
    collection = Collection.open(source)
    out.mkdir(parents=True, exist_ok=True)
    with atomic_write(out / "corpus.jsonl") as corpus:
        for document in collection.documents.values():
            done = broken(document, seed)
            row = {"id": done.id, "title": done.title, "text": done.text, **done.fields}
            corpus.write(json.dumps(row, ensure_ascii=False) + "\n")
    for path in (*source.glob("queries.*"), *source.glob("qrels.*"), *source.glob("candidates.*")):
        shutil.copyfile(path, out / path.name)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("source", type=Path, metavar="SET")
    options.add_argument("out", type=Path, metavar="OUT")
    options.add_argument("--seed", type=int, default=0)
    asked = options.parse_args()
    write(asked.source, asked.out, asked.seed)
    print(f"{asked.out}: broken as PDF text is, seed {asked.seed}")


if __name__ == "__main__":
    main()
