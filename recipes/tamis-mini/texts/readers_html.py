"""HTML manuals: each heading with the paragraphs below it, and pages that are the same in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from entries import Ask, Entry, draw, tidy

PAGES = 1500  # of a manual, by a seeded draw; more take minutes to parse
LEAST = {"en": 80, "zh": 30}  # characters of a section

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_PROSE = {"p", "li", "dd"}
_SKIPPED = {"script", "style", "nav", "aside", "header", "footer", "pre", "table", "title", "button", "svg", "math"}
_furniture = re.compile(
    r"nav(?:header|footer)|sphinxsidebar|related|toc\b|footnote|highlight|syntax|screen|programlisting|breadcrumb|"
    r"figure|caption|mediaobject|screenshot|embedded|relatedtopics|headerlink|embeddedico|indexterm|sidebar|menu-bar"
)
_han = re.compile("[\u4e00-\u9fff]{2}")
_character = re.compile("[\u4e00-\u9fff]")
_number = re.compile(
    r"^(?:第\s*\d+\s*章\.?|附录\s*[A-Z]\.?|(?:(?:Chapter|Appendix|Part)\s*)?(?:[A-Z]?\d*\.?[\d.]+\.?|[IVXA-Z]+\.))\s*"
)


class Sections(HTMLParser):
    """Collects the sections of a page: level, heading, paragraphs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str, list[str]]] = []
        self._text: list[str] = []
        self._open = ""  # the heading that is read
        self._skipped = ("", 0)  # the tag whose content is skipped, and how deep it stands in itself

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a heading, a paragraph or what is skipped."""
        name, depth = self._skipped
        if depth:
            self._skipped = (name, depth + (tag == name))
        elif tag in _SKIPPED or (
            tag in {"div", "a", "ul", "section"} and _furniture.search(dict(attrs).get("class") or "")
        ):
            self._skipped = (tag, 1)
        elif tag in _HEADINGS:
            self._flush()
            self._open = tag
        elif tag in _PROSE:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        """Ends it."""
        name, depth = self._skipped
        if depth:
            self._skipped = (name, depth - (tag == name))
        elif tag == self._open:
            self.found.append((_HEADINGS[tag], _number.sub("", tidy("".join(self._text)).rstrip("¶#")).strip(), []))
            self._text, self._open = [], ""
        elif tag in _PROSE:
            self._flush()

    def handle_data(self, data: str) -> None:
        """Adds the text, unless it is skipped."""
        if not self._skipped[1]:
            self._text.append(data)

    def _flush(self) -> None:
        text = tidy("".join(self._text))
        self._text = []
        if text and self.found and not self._open:
            self.found[-1][2].append(text)


def sections_of(path: Path) -> list[tuple[int, str, str]]:
    """Level, heading and text of each section of a page."""
    parser = Sections()
    parser.feed(path.read_text("utf-8", "replace"))
    parser.close()
    return [(level, heading, "\n".join(parts)) for level, heading, parts in parser.found]


def manual(root: Path, language: str, inside: str, pages: str = "**/*.html") -> Iterator[Entry]:
    """All sections below a folder of a package; short headings get the title of the page before them."""
    folder = root / inside
    for path in draw(sorted(folder.glob(pages)), PAGES, inside):
        parts = sections_of(path)
        for at, (_, heading, written) in enumerate(parts):
            text = in_chinese(written) if language == "zh" else written
            if len(text) >= LEAST[language]:
                above = parts[0][1] if at and _short(heading, language) else ""
                yield Entry(tidy(f"{above} {heading}"), text)


def _short(heading: str, language: str) -> bool:
    return len(heading) < 7 if language == "zh" else len(heading.split()) < 3


def parallel(english: Path, chinese: Path, folders: tuple[str, str], pages: str = "**/*.html") -> Iterator[Entry]:
    """Pages that have the same sections in both languages: headings with the text in the other one."""
    first, second = english / folders[0], chinese / folders[1]
    shared = sorted(
        {path.relative_to(first) for path in first.glob(pages)} & {p.relative_to(second) for p in second.glob(pages)}
    )
    for name in draw(shared, PAGES, folders[0]):
        ours, theirs = sections_of(first / name), sections_of(second / name)
        if [level for level, *_ in ours] == [level for level, *_ in theirs]:
            for (_, en, english_text), (_, zh, chinese_text) in zip(ours, theirs, strict=True):
                yield from crossed((en, english_text), (zh, chinese_text))


def crossed(english: tuple[str, str], chinese: tuple[str, str]) -> Iterator[Entry]:
    """A heading and text in two languages: each heading with the other text, where both are translated and telling."""
    (en, text), (zh, translated) = english, (chinese[0], in_chinese(chinese[1]))
    if not _han.search(zh) or len(en) < 6 or len(text) < LEAST["en"] or len(translated) < LEAST["zh"]:
        return
    yield Entry("", translated, (Ask(en, "translation"),))
    yield Entry("", text, (Ask(zh, "translation"),))


def in_chinese(text: str) -> str:
    """The paragraphs that are translated.

    >>> in_chinese("Press Add.\\n按“添加”。")
    '按“添加”。'
    """
    return "\n".join(part for part in text.split("\n") if len(_character.findall(part)) > 0.3 * len(part))
