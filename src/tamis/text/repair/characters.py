"""Characters that extraction leaves: controls, ligatures, soft hyphens, double spaces, letters standing apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tamis.core import Document
from tamis.text.repair.known import Known
from tamis.text.repair.lay import is_laid_out
from tamis.text.repair.repaired import FIELDS, Fault, Field
from tamis.text.scripts import HAN

Change: TypeAlias = tuple[int, int, str]  # start, end, what should stand there

LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
APART = 4  # single Chinese characters in a row, and different ones among them: fewer may be cells of a table

# Form feeds stay for the repair of pages, which needs them; joiners stay, since scripts and emoji are shaped by them.
_faulty = re.compile(
    "\r\n|[\r\x0b\x1c-\x1e\x85]|[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff]+|[ﬀ-ﬆ]"
    "|\u00ad+(?![ \t]*\n)"  # at a line's end it is a matter of hyphens
)
# Windows-1252 read as Latin-1 leaves its dashes and quotation marks as control characters.
_WINDOWS = {chr(byte): bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)}
_gap = re.compile(r"(?<=[\w,，、%)）]) {2,}(?=[\w(（])")
_apart = re.compile(
    f"(?<![^\\s])[{HAN}](?:(?:[ \t]*\n\\s*|[ \t])(?:[{HAN}][，。、；：！？]?|[，。、；：！？])(?!\\S)){{{APART - 1},}}"
)
_entry = re.compile(r" {4}|\s*--?\w")  # code, options of a command
_space = re.compile(r"\s+")
_characters = re.compile(f"[{HAN}]")


@dataclass(frozen=True, slots=True)
class InTexts:
    """A kind of repair that looks at each of some fields by itself: its name, and what finds the changes."""

    name: str
    find: Callable[[str, Known], Iterator[Change]]
    fields: tuple[Field, ...] = FIELDS

    def faults(self, document: Document, known: Known) -> list[Fault]:
        """The faults of the fields, in order."""
        texts = {"title": document.title, "text": document.text}
        return [Fault(field, *change) for field in self.fields for change in self.find(texts[field], known)]


def characters(text: str, known: Known) -> Iterator[Change]:
    r"""Control and zero-width characters, line ends other than ``\n``, ligatures, soft hyphens.

    >>> list(characters("e\ufb03cient\x00", Known()))
    [(1, 2, 'ffi'), (7, 8, '')]
    """
    if text.isascii() and text.isprintable():
        return
    for match in _faulty.finditer(text):
        yield match.start(), match.end(), _meant(match.group())


def _meant(found: str) -> str:
    if found in LIGATURES:
        return LIGATURES[found]
    if found == "\r\n" or (len(found) == 1 and found in "\r\x0b\x1c\x1d\x1e\x85"):
        return "\n"
    return "".join(_WINDOWS.get(character, "") for character in found)


def spaces(text: str, known: Known) -> Iterator[Change]:
    """Several spaces between two words; those after a full stop, in tables, indents and code stay.

    >>> list(spaces("a drum  sieve of steel", Known()))
    [(6, 8, ' ')]
    """
    if "  " not in text:
        return
    start = 0
    for line in text.split("\n"):
        if "  " in line and not _entry.match(line) and not is_laid_out(line) and _is_sentence(line):
            for match in _gap.finditer(line):
                yield start + match.start(), start + match.end(), " "
        start += len(line) + 1


def _is_sentence(line: str) -> bool:
    """Whether a line is no entry of a table: five words, or as many Chinese characters as five words have."""
    return len(line.split()) >= 5 or len(_characters.findall(line)) >= 8


def apart(text: str, known: Known) -> Iterator[Change]:
    r"""Chinese characters that stand one to a line, or with a space after each.

    >>> [text[a:b] for text in ["支\n\n持\n\n多\n\n语\n\n言"] for a, b, _ in apart(text, Known())]
    ['\n\n', '\n\n', '\n\n', '\n\n']
    """
    for run in _apart.finditer(text):
        if len(set(_space.sub("", run.group()))) >= APART:
            for gap in _space.finditer(text, run.start(), run.end()):
                yield gap.start(), gap.end(), ""
