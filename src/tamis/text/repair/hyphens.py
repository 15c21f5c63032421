r"""Words torn apart at line ends: ``infor-\nmation`` is one word again, ``state-of-the-\nart`` keeps its hyphen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from tamis.text.repair.characters import Change
from tamis.text.repair.known import Known, counted
from tamis.text.repair.lay import WIDE, is_laid_out
from tamis.text.scripts import HAN

_PART = "[A-Za-z0-9À-ÖØ-öø-ɏα-ωΑ-Ω]"
# From the beginning of a chain of parts only, else long chains are read again from each of their parts.
# The word's first part, the hyphen with the line break, the part of the word on the next line with what is glued to it.
_torn = re.compile(
    f"(?<![^\\W_{HAN}])(?<!{_PART}[-'’])({_PART}+(?:[-'’]{_PART}+)*)([-\u00ad\u2010])[ \t]*"
    f"(\n[ \t]*(?:\n[ \t]*(?=[a-z]))?)({_PART}+)([^\\s{WIDE}]*)([ \t]*)"
)
_address = re.compile(r"(?:://|www\.)\S*$")
LONGEST_ADDRESS = 200  # characters before the torn part
# Before these a hyphen at a line's end hangs: "two- and three-dimensional".
_HANGING = frozenset(("and", "or", "to", "nor", "but", "und", "et"))
# First and last parts of words that are written with a hyphen more often than without.
_HEADS = """
all cross ex half high ill left like long low mid near non off one open post pre quasi real right self semi short single
so two three four five six seven eight nine ten twenty thirty well wide world zero third second first full large small
double triple multi time state age dose gene cell risk case site group rate year day
"""
_TAILS = """
based related dependent specific like free induced associated mediated term year years old day days fold type level
controlled blind wide positive negative risk rich treated derived deficient linked driven binding dimensional scale
order step known defined established sensitive resistant up out in off
"""
_COMPOUND_HEADS, _COMPOUND_TAILS = frozenset(_HEADS.split()), frozenset(_TAILS.split())


def hyphens(text: str, known: Known) -> Iterator[Change]:
    r"""Torn words, put together on the line on which they begin.

    Which form is right is what the document and its corpus write elsewhere; where they write neither, a word of letters
    only loses its hyphen unless it looks like a compound.

    >>> [after for _, _, after in hyphens("infor-\nmation, state-of-the-\nart", Known())]
    ['mation,\n', '-art']
    """
    if "-" not in text and "\u00ad" not in text and "\u2010" not in text:
        return

    @cache
    def own() -> Callable[[str], int]:
        return counted(text)

    def often(word: str) -> int:
        return own()(word.lower()) + known.words.get(word.lower(), 0)

    for match in _torn.finditer(text):
        head, mark, gap, tail, glued, _ = match.groups()
        if (
            tail.lower() in _HANGING
            or is_laid_out(_line(text, match.start(1)))
            or is_laid_out(_line(text, match.start(4)))
        ):
            continue
        torn = mark == "\u00ad" or (_is_torn(head, tail, often) and not _in_address(text, match.start(1)))
        kept = "" if torn else "-"
        ended = match.end() == len(text) or text[match.end()] == "\n"
        yield match.start(2), match.end(), kept + tail + glued + ("" if ended else gap)


def _in_address(text: str, at: int) -> bool:
    """Whether a character stands in a web address, whose hyphens are its own."""
    return bool(_address.search(text, max(0, at - LONGEST_ADDRESS), at))


def _line(text: str, at: int) -> str:
    """The line that a character stands on."""
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


def _is_torn(head: str, tail: str, often: Callable[[str], int]) -> bool:
    """Whether the hyphen was put there by the line break only."""
    last = re.split("[-'’]", head)[-1]
    if not tail.isalpha() or not last.isalpha() or (tail[0].isupper() and not (head + tail).isupper()):
        return False
    joined, compound = often(head + tail), often(f"{head}-{tail}")
    if joined != compound:
        return joined > compound
    return not _looks_compound(head, last, tail, often)


def _looks_compound(head: str, last: str, tail: str, often: Callable[[str], int]) -> bool:
    if last != head or len(last) == 1 or last.lower() in _COMPOUND_HEADS or tail in _COMPOUND_TAILS:
        return True
    # Both parts are words: "drum-" and "shaped"; of "infor-" and "mation" neither is.
    return len(last) > 3 and len(tail) > 3 and often(last) > 0 and often(tail) > 0
