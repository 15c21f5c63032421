"""Dictionaries in the format of dictd: head words with their articles."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from entries import Entry, tidy
from terms import asked_for

_DIGITS = {char: at for at, char in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}
_foldoc = (
    (re.compile(r"\s*\(\d{4}-\d\d-\d\d\)\s*$"), ""),
    (re.compile(r"\{[^{}]*\(http[^{}]*\)\}\.?|\(http[^()]*\)|<[a-z, ]+>"), " "),
    (re.compile(r"^\s*/[^/]*/\s*|\[[^\[\]]*\]"), ""),
    (re.compile(r"[{}]"), ""),
)
_jargon = (
    (re.compile(r"^\s*/[^/]*/,?\s*"), ""),
    (re.compile(r"^\s*(?:(?:n|v|adj|adv|vi|vt|interj|prov|excl)\.?(?:obs\.?)?[,;]?\s*)+(?=[A-Z\[\d(“])"), ""),
    (re.compile(r"\[(?:techspeak|common|very common|obs\.?|[^\]]{0,60})\]\s*"), ""),
    (re.compile(r"[{}]"), ""),
)
_devil = ((re.compile(r"^[A-Z' -]+,\s*(?:(?:n|v|adj|adv|x|p|pp|pl|t|i)\.\s*)*"), ""),)


def foldoc(root: Path) -> Iterator[Entry]:
    """The Free On-line Dictionary of Computing."""
    return _dictionary(root, "foldoc", lambda body: _cleaned(_after_head(body), _foldoc))


def jargon(root: Path) -> Iterator[Entry]:
    """The Jargon File."""
    return _dictionary(root, "jargon", lambda body: _cleaned(_after_head(body), _jargon))


def devil(root: Path) -> Iterator[Entry]:
    """The Devil's Dictionary."""
    return _dictionary(root, "devil", lambda body: _cleaned(body, _devil))


def vera(root: Path) -> Iterator[Entry]:
    """Acronyms of computing."""
    return _dictionary(root, "vera", _after_head, "acronym")


def _after_head(body: str) -> str:
    """What stands below the head words, which begin in the first column."""
    return "\n".join(line for line in body.splitlines() if line.startswith((" ", "\t")))


def _cleaned(body: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    text = tidy(body)
    for pattern, put in rules:
        text = pattern.sub(put, text)
    return tidy(text)


def _dictionary(root: Path, name: str, text_of: Callable[[str], str], sort: str = "thing") -> Iterator[Entry]:
    folder = root / "usr/share/dictd"
    data = gzip.decompress((folder / f"{name}.dict.dz").read_bytes())
    for line in (folder / f"{name}.index").read_text("utf-8").splitlines():
        term, start, length = line.split("\t")[:3]
        body = data[_number(start) : _number(start) + _number(length)].decode("utf-8", "replace")
        if term.startswith("00-database") or len(term) < 2:
            continue
        written = next((head for head in body.splitlines() if head.strip().lower() == term.lower()), term).strip()
        yield Entry("", text_of(body), (asked_for(written, sort),))


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = 64 * value + _DIGITS[digit]
    return value
