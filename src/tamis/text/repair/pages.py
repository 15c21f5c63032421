"""What stands on every page and belongs to none of its sentences: headers, footers, page numbers, page breaks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from tamis.text.repair.characters import Change
from tamis.text.repair.known import LONGEST, Known, pattern
from tamis.text.repair.lay import begins, dangles, ends, goes_on, is_han, is_laid_out, width

LEAST = 3  # places, between different lines, at which a header stands
LEAST_EDGE, SHARE_EDGE = 10, 0.2  # documents, and share of those of several lines, that begin or end with a header
WIDE_ENOUGH, WIDEST = 0.5, 160  # share of the width that the line before a header fills; columns at most
LEAST_LETTERS = 6  # of a header; a Chinese character counts two

_number = re.compile(
    r"(?:page|p\.|pg\.?|seite)\s*\d{1,4}(?:\s*(?:of|/|von)\s*\d{1,4})?|[-–—·•*]\s*\d{1,4}\s*[-–—·•*]"
    r"|第\s*[\d一二三四五六七八九十百零〇]{1,5}\s*[页頁](?:[\s,，/]*[共总]\s*[\d一二三四五六七八九十百零〇]{1,5}\s*[页頁])?"
    r"|\[\s*page\s+\d{1,4}\s*\]",
    re.IGNORECASE,
)
# Cells of a table look so, too: "3 of 12" patients.
_bare = re.compile(r"\d{1,4}(?:\s*/\s*\d{1,4}|\s+of\s+\d{1,4})?|x{0,3}(?:ix|iv|v?i{1,3}|v|x)")
# Fields of a form, code, sentences, their middles; the only full stop that ends a header is that of "et al.".
_no_header = re.compile(r"^[\w-]+: |^[\"'\[(]|[,(\[{:;!?。！？；：]$|(?<!al)\.$|;|\d\D+\d+\D+\d+\D+\d")
_mark = re.compile("[，。；！？]")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank, where it stands, and whether a page ends before or after it."""

    start: int
    end: int
    text: str
    page_before: bool
    page_after: bool


def pages(text: str, known: Known) -> Iterator[Change]:
    r"""Headers, footers and page numbers with the white space around them, and page breaks.

    A page number is a line such as ``Page 3 of 12``, ``第 3 页`` or ``- 3 -``; a bare number (``3``, ``3 of 12``)
    is one beside a page break or a header, or where it cuts a sentence, but not beside another one, as in lists
    and tables. A header is a line that repeats, in the document or the corpus, and stands beside a page break or
    number, or cuts a sentence; what begins or ends a fifth of all documents is one, too.

    >>> text = "The sieve of wood\nPage 3 of 12\nis fine."
    >>> [(text[a:b], after) for a, b, after in pages(text, Known())]
    [('\nPage 3 of 12\n', '\n')]
    """
    if "\n" not in text and "\f" not in text:
        return
    lines = list(_lines(text))
    marks = _furniture(lines, known)
    at = 0
    while at < len(lines):
        last = at
        while last + 1 < len(lines) and marks[last] and marks[last + 1]:
            last += 1
        if marks[at]:
            yield from _without(text, lines, at, last)
        at = last + 1
    yield from _page_breaks(text, lines, marks)


def _lines(text: str) -> Iterator[_Line]:
    found = [(m.start(), m.end(), m.group().rstrip()) for m in re.finditer(r"[^\s\f][^\n\f]*", text)]
    ends_ = [0, *(start + len(body) for start, _, body in found)]
    starts = [*(start for start, _, _ in found), len(text)]
    for at, (start, _, body) in enumerate(found):
        yield _Line(
            start,
            start + len(body),
            body,
            "\f" in text[ends_[at] : start],
            "\f" in text[start + len(body) : starts[at + 1]],
        )


def _furniture(lines: Sequence[_Line], known: Known) -> list[bool]:
    """Which lines belong to the page; what touches a line of the page is judged again until nothing changes."""
    marks = [bool(_number.fullmatch(line.text)) for line in lines]
    patterns = [pattern(line.text) if len(line.text) <= LONGEST else "" for line in lines]
    own = _own(lines, patterns)
    listed = _listed(lines)
    maybe = [
        at
        for at in range(len(lines))
        if not (marks[at] or listed[at]) and _may_be(lines[at].text, patterns[at], own, known)
    ]
    for at in _cut(lines, marks, maybe):
        marks[at] = True
    marked = {name for at, mark in enumerate(marks) if mark for name in _names(lines[at].text, patterns[at])}
    changed = True
    while changed:
        changed = False
        for at in (*maybe, *reversed(maybe)):
            if not marks[at] and (_beside_page(lines, marks, at) or _is_known(lines[at].text, patterns[at], marked)):
                marks[at] = changed = True
                marked |= _names(lines[at].text, patterns[at])
    if known.documents >= LEAST_EDGE:
        for at in {0, len(lines) - 1} & set(maybe):
            least = max(LEAST_EDGE, SHARE_EDGE * known.documents)
            marks[at] |= len(lines) > 2 and known.lines.get(patterns[at], 0) >= least
    return marks


def _listed(lines: Sequence[_Line]) -> list[bool]:
    """Which lines are numbers of a list or a table's column: beside another bare number of the same page."""
    bare = [bool(_bare.fullmatch(line.text)) for line in lines]
    beside = [one and other and not line.page_after for one, other, line in zip(bare, bare[1:], lines, strict=False)]
    return [one or other for one, other in zip([False, *beside], [*beside, False], strict=True)][: len(lines)]


def _names(text: str, found: str) -> set[str]:
    """What a line of the page makes others by: its pattern, or where it is a number, the numbers of the next pages."""
    if not text.isdecimal():
        return {found} if any(c.isalpha() for c in found) else set()
    return {str(int(text) + step) for step in (-1, 1)}


def _is_known(text: str, found: str, marked: Set[str]) -> bool:
    return (text if text.isdecimal() else found) in marked


def _own(lines: Sequence[_Line], patterns: Sequence[str]) -> Counter[str]:
    """How often a line stands in the document between different lines."""
    around = {
        (patterns[at], lines[at - 1].text if at else "", lines[at + 1].text if at + 1 < len(lines) else "")
        for at in range(len(lines))
    }
    return Counter(found for found, _, _ in around)


def _may_be(text: str, found: str, own: Counter[str], known: Known) -> bool:
    if _bare.fullmatch(text):
        return True
    if not found or is_laid_out(" ".join(text.split())) or text[0].islower() or _no_header.search(text):
        return False
    letters = sum(2 if is_han(c) else 1 for c in found if c.isalpha())
    return letters >= LEAST_LETTERS and (own[found] >= 2 or known.lines.get(found, 0) >= LEAST)


def _beside_page(lines: Sequence[_Line], marks: Sequence[bool], at: int) -> bool:
    line = lines[at]
    if line.page_before or line.page_after:
        return True
    return (at > 0 and marks[at - 1]) or (at + 1 < len(lines) and marks[at + 1])


def _cut(lines: Sequence[_Line], marks: Sequence[bool], maybe: Sequence[int]) -> Iterator[int]:
    """Candidates that, with those beside them and with lines of the page, stand inside a sentence."""
    columns = min(WIDEST, max((width(line.text) for line in lines), default=0))
    between = {at for at, mark in enumerate(marks) if mark} | set(maybe)
    before, after = _nearest(len(lines), between, 1), _nearest(len(lines), between, -1)
    for at in maybe:
        one, other = before[at], after[at]
        if one is None or other is None or dangles(lines[at].text) or lines[at].text.endswith("-"):
            continue
        full = width(lines[one].text) >= WIDE_ENOUGH * columns
        if full and _same_sentence(lines[one].text, lines[other].text):
            yield at


def _nearest(many: int, between: Set[int], step: int) -> list[int | None]:
    """For each of so many lines, the last one before it (or, backwards, the first after it) that is not left out."""
    found: list[int | None] = [None] * many
    last = None
    for at in range(many)[::step]:
        found[at] = last
        last = last if at in between else at
    return found


def _same_sentence(before: str, after: str) -> bool:
    if ends(before) or is_laid_out(before) or is_laid_out(after):
        return False
    if is_han(before[-1]) or before[-1] in "，、":
        return is_han(after[0]) and not begins(after) and bool(_mark.search(before + after))
    return goes_on(before, after)


def _without(text: str, lines: Sequence[_Line], first: int, last: int) -> Iterator[Change]:
    """The lines ``first`` to ``last`` taken out, so that a sentence goes on on the next line."""
    start = lines[first - 1].end if first else 0
    end = lines[last + 1].start if last + 1 < len(lines) else len(text)
    if not first or last + 1 == len(lines):
        yield start, end, ""
        return
    end -= len(text[lines[last].end : end]) - len(text[lines[last].end : end].rstrip(" \t　"))  # the indent stays
    before, after = text[start : lines[first].start], text[lines[last].end : end]
    same = _same_sentence(lines[first - 1].text, lines[last + 1].text) or lines[first - 1].text.endswith("-")
    blank = not same and any(gap.count("\n") > 1 for gap in (before, after))
    yield start, end, "\n\n" if blank else "\n"


def _page_breaks(text: str, lines: Sequence[_Line], marks: Sequence[bool]) -> Iterator[Change]:
    """Form feeds between lines that stay."""
    ends_ = [0, *(line.end for line in lines)]
    starts = [*(line.start for line in lines), len(text)]
    for at, (start, end) in enumerate(zip(ends_, starts, strict=True)):
        touched = (at > 0 and marks[at - 1]) or (at < len(lines) and marks[at])
        gap = text[start:end]
        if touched or "\f" not in gap:
            continue
        indent = gap[len(gap.rstrip(" \t　")) :]
        yield start, end - len(indent), "\n" if 0 < at < len(lines) else ""
