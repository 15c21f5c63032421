"""Numbers in texts, written alike: 1,000 and １０００ and 一千 are one number."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_DIGITS: Mapping[str, int] = {**{c: n for n, c in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}
_SMALL: Mapping[str, int] = {"十": 10, "百": 100, "千": 1000}
_LARGE: Mapping[str, int] = {"万": 4, "萬": 4, "亿": 8, "億": 8}  # the zeros they add
_NUMERAL = "".join((*_DIGITS, *_SMALL, *_LARGE))
_LONGEST = 24  # characters of a numeral that is read; a longer one is like no other
# What is counted or measured: a numeral before one of these is meant as a number, as in 六个月, and unlike in 三方.
_UNIT = (
    "[个個月日天周週年岁歲元角秒时時倍名人次条條款项項件份页頁层層章节節%％度米里斤克吨噸升届屆号號级級成折]"
    "|分[钟鐘]|小[时時]"
)
_TIME = "个月|個月|[年天日周週元岁歲倍]|小[时時]|分[钟鐘]"  # before others 一 is mostly an article
_ENGLISH: Mapping[str, str] = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
}  # fmt: skip  # one is mostly an article or a pronoun

_written = re.compile(r"(\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:[.．](\d+))?([万萬亿億])?")
_wide_separator = re.compile("(?<=[０-９])，(?=[０-９]{3})")
_numeral = re.compile(f"(?<!\\d)[{_NUMERAL}]+")
_counted = re.compile(
    f"百分之[{_NUMERAL}]+|(?<![\\d数數几幾{_NUMERAL}])(?!一(?![{_NUMERAL}]))[{_NUMERAL}]+(?={_UNIT})"
    f"|(?<![\\d数數几幾{_NUMERAL}第])一(?={_TIME})"
)
_word = re.compile(rf"\b(?:{'|'.join(_ENGLISH)})\b", re.IGNORECASE)
_only = re.compile(rf"第?[{_NUMERAL}\d.,]+(?:{_UNIT})*")


def stated(text: str) -> list[str]:
    """The numbers that a text states, each once, in its order: digits, Chinese numerals that count, English words.

    >>> stated("1,000 元，３.50％，第十九条，六个月，3万，一般")
    ['1000', '3.5', '19', '6', '30000']
    >>> stated("After twelve months, one may pay.")
    ['12']
    """
    found = [(match.start(), _digits(match)[0]) for match in _written.finditer(_plain(text))]
    found += [(match.start(), _chinese(match[0])) for match in _counted.finditer(text)]
    found += [(match.start(), _ENGLISH[match[0].lower()]) for match in _word.finditer(text)]
    return list(dict.fromkeys(number for _, number in sorted(found) if number))


def readable(text: str) -> frozenset[str]:
    """Every number that can be read in a text, in any way that it can be read.

    >>> sorted(readable("试用期不得超过六个月，3万元")), sorted(readable("six of 1,200"))
    (['3', '30000', '6'], ['1200', '6'])
    """
    found = {number for match in _written.finditer(_plain(text)) for number in _digits(match)}
    found |= {_chinese(match[0]) for match in _numeral.finditer(text)}
    return frozenset(found | {_ENGLISH[match[0].lower()] for match in _word.finditer(text)})


def only_counts(token: str) -> bool:
    """Whether a search token is a number and its unit, and no word besides.

    >>> [only_counts(token) for token in ("19", "六个月", "第十九条", "三方", "qwen3")]
    [True, True, True, False, False]
    """
    return _only.fullmatch(token) is not None


def _plain(text: str) -> str:
    return _wide_separator.sub(",", text)  # one character for one, so that places stay


def _digits(match: re.Match[str]) -> list[str]:
    """The number that digits write; with 万 or 亿 behind them first the multiple, then the number without."""
    whole = "".join(str(unicodedata.decimal(c)) for c in match[1] if c != ",")
    rest = "".join(str(unicodedata.decimal(c)) for c in match[2] or "")
    plain = _canonical(whole, rest)
    if not match[3]:
        return [plain]
    zeros = _LARGE[match[3]]
    moved = rest.ljust(zeros, "0")
    return [_canonical(whole + moved[:zeros], moved[zeros:]), plain]


def _canonical(whole: str, rest: str) -> str:
    whole, rest = whole.lstrip("0") or "0", rest.rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def _chinese(text: str) -> str:
    """A Chinese numeral in digits; those without 十, 百, 千 are read digit by digit, as in 二〇二六."""
    text = text.removeprefix("百分之")
    if len(text) > _LONGEST:
        return text
    if all(c in _DIGITS for c in text):
        return _canonical("".join(str(_DIGITS[c]) for c in text), "")
    total = part = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _SMALL:
            part, digit = part + (digit or 1) * _SMALL[c], 0
        elif _LARGE[c] == 4:
            total, part, digit = total + (part + digit or not total) * 10**4, 0, 0
        else:
            total, part, digit = (total + part + digit or 1) * 10**8, 0, 0
    return str(total + part + digit)
