"""What stands on every page and belongs to none of its sentences: headers, footers, page numbers, page breaks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tamis.text.repair.characters import Change
from tamis.text.repair.known import LONGEST, Known, pattern
from tamis.text.repair.lay import begins, dangles, ends, is_han, is_laid_out

LEAST = 3  # places, between different lines, at which a header stands
LEAST_EDGE, SHARE_EDGE = 10, 0.2  # documents, and share of those of several lines, that begin or end with a header
LEAST_LETTERS = 6  # of a header; a Chinese character counts two

_number = re.compile(
    r"(?:page|p\.|pg\.?|seite)\s*\d{1,4}(?:\s*(?:of|/|von)\s*\d{1,4})?|[-–—·•*]\s*\d{1,4}\s*[-–—·•*]"
    r"|第\s*[\d一二三四五六七八九十百零〇]{1,5}\s*[页頁](?:[\s,，/]*[共总]\s*[\d一二三四五六七八九十百零〇]{1,5}\s*[页頁])?"
    r"|\d{1,4}\s+of\s+\d{1,4}|\[\s*page\s+\d{1,4}\s*\]",
    re.IGNORECASE,
)
_bare = re.compile(r"\d{1,4}(?:\s*/\s*\d{1,4})?|[ivxlc]{1,6}")
_low = re.compile(r"[(\[\"'“‘]?[a-zà-ÿ]")


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

    A page number is a line such as ``Page 3 of 12``, ``第 3 页`` or ``- 3 -``; a bare number is one beside a page break
    or a header, or where it cuts a sentence. A header is a line that repeats, in the document or the corpus, and stands
    beside a page break or number, or cuts a sentence; what begins or ends a fifth of all documents is one, too.

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
    maybe = [at for at in range(len(lines)) if not marks[at] and _may_be(lines[at].text, patterns[at], own, known)]
    changed = True
    while changed and maybe:
        changed = False
        for at in maybe:
            if not marks[at] and (_beside_page(lines, marks, at) or _cuts(lines, marks, at)):
                marks[at] = changed = True
    if known.documents >= LEAST_EDGE:
        for at in {0, len(lines) - 1} & set(maybe):
            least = max(LEAST_EDGE, SHARE_EDGE * known.documents)
            marks[at] |= len(lines) > 2 and known.lines.get(patterns[at], 0) >= least
    return marks


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
    if not found or is_laid_out(" ".join(text.split())) or text[0].islower():
        return False
    letters = sum(2 if is_han(c) else 1 for c in found if c.isalpha())
    return letters >= LEAST_LETTERS and (own[found] >= 2 or known.lines.get(found, 0) >= LEAST)


def _beside_page(lines: Sequence[_Line], marks: Sequence[bool], at: int) -> bool:
    line = lines[at]
    if line.page_before or line.page_after:
        return True
    return (at > 0 and marks[at - 1]) or (at + 1 < len(lines) and marks[at + 1])


def _cuts(lines: Sequence[_Line], marks: Sequence[bool], at: int) -> bool:
    """Whether the lines before and after, but for those of the page, are one sentence, which this one is no part of."""
    before = next((i for i in range(at - 1, -1, -1) if not marks[i]), None)
    after = next((i for i in range(at + 1, len(lines)) if not marks[i]), None)
    if before is None or after is None:
        return False
    return _same_sentence(lines[before].text, lines[after].text) and not (
        begins(lines[at].text) or dangles(lines[at].text) or lines[at].text.endswith("-")
    )


def _same_sentence(before: str, after: str) -> bool:
    if ends(before) or is_laid_out(before) or is_laid_out(after):
        return False
    if is_han(before[-1]) or before[-1] in "，、":
        return is_han(after[0]) and not begins(after)
    return bool(_low.match(after)) and len(before.split()) > 2


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
