"""How lines are laid out: which belong to running text, how wide they are, how one goes on in the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tamis.text.scripts import HAN, KANA
from tamis.text.stopwords import ENGLISH

WIDE = HAN + KANA + "　-〿！-｠"  # take two columns of print

_wide = re.compile(f"[{WIDE}]")
_han = re.compile(f"[{HAN}{KANA}]")
# Tables, code, headings, quotations, markup, rules: such a line is joined with nothing.
_laid_out = re.compile(
    r"\s*(?:#{1,6}\s|>|```|~~~|</?[A-Za-z!]|[=*_~+#.-]{3,}\s*$|\$ |@\w+|:::)"
    r"|.*(?:\t|\|.*\||[{}\\]\s*$|=>|==|:=|::|\(\)|&&|\|\||</|\$\{|\{\{)"
    r"|\s*\|.*|.*\|\s*$|\s*\S+(?:\s\S+){0,2};$"
    r"|\s*(?:import|from|def|class|return|const|let|var|function|public|private|static|SELECT|if \()\b.*[({:=*]"
)
# What begins something new, to which lines after it may belong, but which belongs to no line before it.
_begins = re.compile(
    r"\s*(?:[-*+•·●○▪◦‣–—✓□■◆]\s|\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxIVX]{1,4})[.)]\s|\[\d+\]|\d+(?:\.\d+)+\s+[A-Z]"
    r"|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|\d{1,3}[、．]|[①-⑳]"
    r"|第[一二三四五六七八九十百\d]+[章节编](?!的)|[^\s：:]{1,8}：\s*$)"
)
_gap = re.compile(" {2,}")
_terminal = re.compile("[.?!:。！？；：…;][\"'”’」』）)\\]】》]*$")
_punctuated = re.compile("[。！？；：…，、][\"'”’」』）)\\]】》]*$")
_low = re.compile(r"[(\[\"'“‘]?[a-zà-ÿα-ω]")
_word = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")
_first = re.compile(f"[{WIDE}]|[^\\s{WIDE}]+")
_open = re.compile(r"(?:[(\[“‘]|\s[-–—])$")

_DANGLING = """
a an the of and or in with by from for at as is are was were be that which their its this these than between during into
to we both have has had been not when while because may can
"""
DANGLING = frozenset(_DANGLING.split())  # words that no sentence, heading or item of a list ends in


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank: where its characters begin and end in the text, without white space around them."""

    start: int
    end: int
    text: str
    indent: int

    @property
    def width(self) -> int:
        """Columns of print; a Chinese character takes two."""
        return width(self.text)


def width(text: str) -> int:
    """Columns of print; a Chinese character takes two.

    >>> width("细筛 tamis")
    10
    """
    return len(text) if text.isascii() else len(text) + len(_wide.findall(text))


def lines(text: str) -> Iterator[Line]:
    """The lines of a text that are not blank."""
    start = 0
    for raw in text.split("\n"):
        if body := raw.strip():
            at = start + raw.index(body[0])
            yield Line(at, at + len(body), body, len(raw[: at - start].expandtabs(4)))
        start += len(raw) + 1


def is_laid_out(line: str) -> bool:
    """Whether a line belongs to a table, code, a heading or the like, where white space has a meaning.

    >>> [is_laid_out(line) for line in ("| a | b |", "x = f();", "## Sieves", "A drum sieve.")]
    [True, True, True, False]
    """
    return bool(_laid_out.match(line)) or ("  " in line and _is_row(line))


def _is_row(line: str) -> bool:
    """Whether gaps cut a line into cells; in justified text they stand between many words."""
    cells = [len(cell.split()) for cell in _gap.split(line.strip())]
    wide = max(map(len, _gap.findall(line.strip())), default=0) > 2
    if wide:
        return cells[0] <= 3 or sum(cells) <= 2.5 * len(cells)
    return len(cells) > 2 and sum(cells) <= 1.5 * len(cells)


def begins(line: str) -> bool:
    """Whether a line begins an item of a list or a chapter.

    >>> [begins(line) for line in ("- flour", "2. Sieve it.", "二、过筛", "2 grams")]
    [True, True, True, False]
    """
    return bool(_begins.match(line))


def ends(line: str) -> bool:
    """Whether a line ends as sentences do.

    >>> [ends(line) for line in ("Sieve it.", "过筛。”", "Sieve it")]
    [True, True, False]
    """
    return bool(_terminal.search(line))


def is_punctuated(line: str) -> bool:
    """Whether a Chinese line ends in any punctuation, as most lines of verse do."""
    return bool(_punctuated.search(line))


def goes_on(before: str, after: str) -> bool:
    """Whether a sentence of an alphabet goes on from one line to the next, as its letters and marks tell.

    >>> goes_on("The sieve is", "fine."), goes_on("The sieve.", "It is fine."), goes_on("in the", "Alps")
    (True, False, True)
    """
    if ends(before):
        return False
    return bool(_low.match(after)) or dangles(before)


def dangles(line: str) -> bool:
    """Whether a line ends in what ends no sentence and no verse: an open bracket, an article, a preposition."""
    return bool(_open.search(line)) or line.rsplit(None, 1)[-1] in DANGLING


def is_prose(texts: list[str]) -> bool:
    """Whether lines of an alphabet are running English and no list of names.

    >>> is_prose(["the sieve is", "of steel"]), is_prose(["apples", "oranges", "pears and plums"])
    (True, False)
    """
    found = _word.findall(" ".join(texts).lower())
    return len(found) >= 4 and sum(word in ENGLISH for word in found) >= 0.12 * len(found) + 1


def first_width(line: str) -> int:
    """Columns of the first thing that a line break may stand after: a word, or one Chinese character."""
    found = _first.match(line)
    return width(found.group()) if found else 0


def is_wide(character: str) -> bool:
    """Whether a character is printed two columns wide."""
    return bool(_wide.match(character))


def is_chinese(line: str) -> bool:
    """Whether a third of a line is Chinese characters.

    >>> is_chinese("全长421公里"), is_chinese("421 km")
    (True, False)
    """
    return not line.isascii() and 3 * len(_han.findall(line)) > len(line)


def is_han(character: str) -> bool:
    """Whether a character is Chinese or Japanese, no mark."""
    return bool(_han.match(character))
