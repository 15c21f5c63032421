"""GNOME help pages (Mallard XML): titles with their paragraphs, alone and in two languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from entries import Entry, tidy
from readers_html import LEAST, crossed, in_chinese

_SPACE = "{http://projectmallard.org/1.0/}"
_LEFT_OUT = {f"{_SPACE}{name}" for name in ("info", "media", "code", "screen", "links")}
_PROSE = {f"{_SPACE}{name}" for name in ("p", "title")}


def pages(root: Path, language: str, folder: str) -> Iterator[Entry]:
    """The pages and their sections."""
    for path in sorted((root / folder).glob("**/*.page")):
        for title, written in parts(path):
            text = in_chinese(written) if language == "zh" else written
            if len(text) >= LEAST[language]:
                yield Entry(title, text)


def parallel_pages(root: Path, folders: tuple[str, str]) -> Iterator[Entry]:
    """Pages that have as many sections in both languages."""
    for path in sorted((root / folders[0]).glob("**/*.page")):
        other = root / folders[1] / path.relative_to(root / folders[0])
        ours, theirs = parts(path), parts(other) if other.is_file() else []
        if len(ours) == len(theirs):
            for english, chinese in zip(ours, theirs, strict=True):
                yield from crossed(english, chinese)


def parts(path: Path) -> list[tuple[str, str]]:
    """Title and text of a page and of each of its sections."""
    try:
        page = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        return []
    return [(_title(part), _text(part)) for part in (page, *page.iter(f"{_SPACE}section"))]


def _title(part: ElementTree.Element) -> str:
    title = part.find(f"{_SPACE}title")
    return "" if title is None else tidy("".join(title.itertext()))


def _text(part: ElementTree.Element) -> str:
    return "\n".join(text for child in part if child.tag != f"{_SPACE}title" for text in _prose(child) if text)


def _prose(element: ElementTree.Element) -> Iterator[str]:
    if element.tag in _PROSE:
        yield tidy("".join(element.itertext()))
    elif element.tag not in _LEFT_OUT and element.tag != f"{_SPACE}section":
        for child in element:
            yield from _prose(child)
