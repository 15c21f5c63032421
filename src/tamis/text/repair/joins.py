r"""Broken lines: lines cut at a column's width become paragraphs again; lists, tables, code, headings, verse stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise

from tamis.text.repair import lay
from tamis.text.repair.characters import Change
from tamis.text.repair.known import Known
from tamis.text.repair.lay import Line
from tamis.text.scripts import HAN
from tamis.text.segment import chinese_words

FULL = 0.8  # of the width: a line that is broken although the next word would fit in so much is not full
FULL_HAN = 0.85
HALF = 0.5  # the same where the sentence goes on, since columns may be ragged
NARROW = 30  # columns; narrower lines of small letters may be a list
VERSE = 36  # columns; Chinese lines below this that all end in punctuation are verse
CODE = 4  # columns by which code is indented, and the first line of no paragraph after a blank line
WIDEST = 160  # columns; a longer line was not broken at a width
CLOSING = "，。、；：！？）」』”’》】…"  # no line of Chinese begins with them but by a wrong break
TORN = 0.2  # share of breaks inside words, from which on ragged Chinese lines are broken ones

_mixed_apart = re.compile(f"[{HAN}] [A-Za-z0-9]|[A-Za-z0-9] [{HAN}]")
_mixed_close = re.compile(f"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]")
_inside = re.compile("[，。；！？、：]")


@dataclass(frozen=True, slots=True)
class Break:
    """Where one line ends and the next begins.

    Attributes:
        han: whether the text at the break is Chinese.
        goes_on: whether a sentence plainly goes on across it.
        ends: whether a sentence ends before it.
    """

    before: Line
    after: Line
    han: bool
    goes_on: bool
    ends: bool

    @classmethod
    def between(cls, before: Line, after: Line) -> Break:
        """The break between two lines."""
        han = lay.is_wide(before.text[-1]) or lay.is_wide(after.text[0])
        han = han or (lay.is_chinese(before.text) and lay.is_chinese(after.text))  # a number or name at the break
        ends = lay.ends(before.text) and after.text[0] not in CLOSING
        goes_on = not ends if han else lay.goes_on(before.text, after.text)
        return cls(before, after, han, goes_on, ends)

    def is_full(self, columns: int, share: float) -> bool:
        """Whether the next word would not have fitted into this share of the width."""
        return self.before.width + (not self.han) + lay.first_width(self.after.text) > share * columns


def joins(text: str, known: Known) -> Iterator[Change]:
    r"""Line breaks inside sentences and paragraphs, replaced by a space, or in Chinese by nothing.

    >>> text = "The sieve that cooks like to use\nis a drum of wood and steel, with\na mesh."
    >>> [text[a:b] for a, b, after in joins(text, Known())]
    ['\n', '\n']
    >>> list(joins("- flour\n- sugar\n- butter and milk", Known()))
    []
    """
    if "\n" not in text:
        return
    runs = list(_runs(text))
    breaks = [[Break.between(a, b) for a, b in pairwise(run)] for run in runs]
    columns = _columns(runs)

    @cache
    def document_is_broken(han: bool) -> bool:
        return _looks_broken([one for own in breaks for one in own if one.han == han], han, columns)

    for run, own in zip(runs, breaks, strict=True):
        if not own:
            continue
        han = sum(one.han for one in own) * 2 > len(own)
        broken = _looks_broken(own, han, columns) if len(own) >= 3 else document_is_broken(han)
        if broken and _is_text([line.text for line in run], own, han, columns):
            width = max(min(columns, WIDEST), _columns([run])) if len(run) < 4 else _columns([run])
            for one in own:
                if _joined(one, width):
                    yield one.before.end, one.after.start, _glue(text, one)


def _runs(text: str) -> Iterator[list[Line]]:
    """Lines that may belong together: between blank lines, laid out lines, beginnings of items; no indented code."""
    every = list(lay.lines(text))
    margin = min((line.indent for line in every), default=0)
    return (run for run in _cut(text, every) if any(line.indent < margin + CODE for line in run))


def _cut(text: str, every: Sequence[Line]) -> Iterator[list[Line]]:
    spaced = _is_double_spaced(text, every)
    run: list[Line] = []
    fenced = False
    for line in every:
        fence = line.text.startswith(("```", "~~~"))
        fenced ^= fence
        kept = not (fence or fenced or lay.is_laid_out(line.text))
        if run and not (kept and _belongs(text, run, line, spaced)):
            yield run
            run = []
        if kept:
            run.append(line)
    if run:
        yield run


def _belongs(text: str, run: Sequence[Line], line: Line, spaced: bool) -> bool:
    """Whether a line may go on after the lines of the run."""
    if lay.begins(line.text) or (not spaced and text.count("\n", run[-1].end, line.start) > 1):
        return False
    if line.indent <= run[-1].indent + 1:
        return True
    return len(run) == 1 and lay.begins(run[0].text)  # an item's second line stands further in


def _is_double_spaced(text: str, every: Sequence[Line]) -> bool:
    """Whether blank lines stand between the lines of sentences."""
    pairs = list(pairwise(every))
    blank = [Break.between(a, b) for a, b in pairs if text.count("\n", a.end, b.start) > 1]
    if len(blank) < 3 or len(blank) < 0.8 * len(pairs):
        return False
    columns = _columns([every])
    torn = [one for one in blank if one.goes_on and one.is_full(columns, FULL)]
    return len(torn) >= 0.5 * len(blank)


def _columns(runs: Sequence[Sequence[Line]]) -> int:
    """The width at which lines were broken: that of the widest line."""
    return max((line.width for run in runs for line in run), default=0)


def _looks_broken(seen: Sequence[Break], han: bool, columns: int) -> bool:
    """Whether breaks are those of text cut at a width: most of them stand inside sentences."""
    if not han:
        on = sum(one.goes_on for one in seen)
        return on > 0 and on >= sum(not one.goes_on and not one.ends for one in seen)
    inside = [one for one in seen if one.goes_on and one.is_full(columns, HALF)]
    off = [one for one in seen if not one.ends and not one.is_full(columns, HALF)]
    punctuated = sum(lay.is_punctuated(one.before.text) for one in seen)
    if not inside or len(inside) < len(off) or (columns < VERSE and punctuated > 0.6 * len(seen)):
        return False
    return sum(one.is_full(columns, FULL) for one in inside) >= 0.6 * len(inside) or _tears_words(inside)


def _is_text(texts: Sequence[str], own: Sequence[Break], han: bool, columns: int) -> bool:
    """Whether lines are sentences, and no names, entries of a menu, or verse without marks."""
    if han:
        return bool(_inside.search("".join(texts)[:-1]))
    dangling = any(lay.dangles(text) for text in texts[:-1])
    if columns >= NARROW or dangling:
        return dangling or lay.is_prose(list(texts))
    return len(texts) >= 4 and lay.is_prose(list(texts)) and _fullness(own, columns) >= 0.7


def _fullness(breaks: Sequence[Break], columns: int) -> float:
    return sum(one.is_full(columns, FULL) for one in breaks) / len(breaks)


def _tears_words(breaks: Sequence[Break]) -> bool:
    """Whether a fifth of the breaks stand inside Chinese words, which those of lists never do."""
    torn = 0
    for one in breaks:
        left, right = one.before.text[-3:], one.after.text[:3]
        ends = accumulate(map(len, chinese_words(left + right)))
        torn += len(left) not in ends
    return torn >= TORN * len(breaks)


def _joined(one: Break, columns: int) -> bool:
    """Whether a break of broken text is no end of a paragraph."""
    if one.before.width > WIDEST or one.after.width > WIDEST:
        return False
    if one.han:
        return one.is_full(columns, HALF if one.goes_on else FULL_HAN)
    if one.goes_on:
        return True
    return one.is_full(columns, FULL)


def _glue(text: str, one: Break) -> str:
    """What stands between the two lines: nothing between Chinese, a space between words, else what the text does."""
    left, right = one.before.text[-1], one.after.text[0]
    if lay.is_wide(left) and lay.is_wide(right):
        return ""
    if not lay.is_wide(left) and not lay.is_wide(right):
        return "" if one.han and left.isdecimal() and right.isdecimal() else " "
    if not (lay.is_han(left) or lay.is_han(right)):
        return ""  # a Chinese mark beside a word
    return " " if _is_mixed_apart(text) else ""


@lru_cache(maxsize=1)  # asked at every break of a text
def _is_mixed_apart(text: str) -> bool:
    """Whether a text mostly writes a space between Chinese and Latin."""
    return len(_mixed_apart.findall(text)) > len(_mixed_close.findall(text))
