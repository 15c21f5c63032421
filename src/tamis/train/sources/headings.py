"""Titles and headings as queries, the text below them as the document that answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tamis.core import Document, Progress
from tamis.data import query_key
from tamis.errors import InputError
from tamis.text import segment, sentences
from tamis.train.sources.derive import Derivation, Lengths, boilerplate
from tamis.train.sources.rows import Derived

COMMON = 0.1  # a word that more than this share of the queries have tells them not apart

_heading = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_fence = re.compile(r" {0,3}(```|~~~)")
_between = re.compile(r"^[\s:：.。\-–—|#*]+")


class Section(NamedTuple):
    """A heading with those it stands under, outermost first, and the text below it."""

    path: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class Headings:
    """A document's title, the headings of its Markdown, or (where it has neither) its first sentence, as queries.

    The query is cut from the beginning of the document, so that the pair cannot be solved by comparing strings. A
    document without title and heading becomes an inverse cloze task (Lee et al., ORQA, 2019): its first sentence
    against the rest.

    Attributes:
        lengths: of queries and documents.
        repeats: how many documents may have one title; more, and it is boilerplate ("FAQ", "简介").
        keep_title: leave the title where it also begins the text.

    >>> docs = [Document("1", "# Sieves\\n\\n## Cleaning\\n\\nRinse the sieve at once, and dry it before it rusts.")]
    >>> [(pair.query, pair.origin) for pair in Headings().derive(docs).pairs]
    [('Sieves: Cleaning', 'heading')]
    """

    lengths: Lengths = field(default_factory=Lengths)
    repeats: int = 2
    keep_title: bool = False

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise InputError(f"repeats must be at least 1, got {self.repeats}")

    def derive(self, documents: Sequence[Document], progress: Progress | None = None) -> Derivation:
        """Pairs in the order of the documents, and how many queries were left out for which reason."""
        pairs = []
        for at, document in enumerate(documents, 1):
            pairs += list(self._pairs(document))
            if progress:
                progress(at, len(documents))
        common = boilerplate(pairs, self.repeats)
        words = {pair.query: frozenset(segment(pair.query)) for pair in pairs}
        held = Counter(word for found in words.values() for word in found)
        rare = max(2.0, COMMON * len(words))
        removed: Counter[str] = Counter()
        kept = []
        for pair in pairs:
            telling = {word for word in words[pair.query] if held[word] <= rare}
            if query_key(pair.query) in common:
                removed["query of many documents"] += 1
            elif why := self.lengths.why_not(pair):
                removed[why] += 1
            elif telling.isdisjoint(segment(pair.document)):
                removed["no word of the title in the text"] += 1
            else:
                kept.append(pair)
        return Derivation(kept, dict(removed))

    def _pairs(self, document: Document) -> Iterator[Derived]:
        title = " ".join(document.title.split())
        if title:
            body = document.text if self.keep_title else without(title, document.text)
            yield Derived(title, body, document.id, "title")
        parts = [section for section in sections(document.text) if section.path]
        for path, body in parts:
            below = path[1:] if path[0].casefold() == title.casefold() else path
            if below or not title:  # else it is the title once more
                yield Derived(": ".join(((title,) if title else ()) + below), body, document.id, "heading")
        if not title and not parts:
            first, *_ = sentences(document.text) or [""]
            rest = document.text if self.keep_title else without(first, document.text)
            yield Derived(" ".join(first.split()), rest, document.id, "first sentence")


def without(title: str, text: str) -> str:
    """The text without the title it begins with, and without what stands between the two.

    >>> without("Tamis", "TAMIS: a drum sieve."), without("Drum", "A tamis.")
    ('a drum sieve.', 'A tamis.')
    """
    start = text.lstrip().lstrip("#").lstrip()
    if title and start[: len(title)].casefold() == title.casefold():
        return _between.sub("", start[len(title) :])
    return text


def sections(text: str) -> list[Section]:
    """The sections of a Markdown text that hold any text; what stands in code fences is no heading.

    >>> sections("before\\n# A\\nx\\n## B\\ny\\n# C\\n")
    [Section(path=(), body='before'), Section(path=('A',), body='x'), Section(path=('A', 'B'), body='y')]
    """
    found: list[tuple[tuple[str, ...], list[str]]] = [((), [])]
    open_headings: list[tuple[int, str]] = []
    fence = ""
    for line in text.split("\n"):
        if mark := _fence.match(line):
            fence = "" if mark[1] == fence else fence or mark[1]
        heading = None if fence or mark else _heading.match(line)
        if heading is None or not heading[2]:
            found[-1][1].append(line)
            continue
        level = len(heading[1])
        open_headings = [*(above for above in open_headings if above[0] < level), (level, heading[2])]
        found.append((tuple(name for _, name in open_headings), []))
    return [Section(path, body) for path, lines in found if (body := "\n".join(lines).strip())]
