"""Citations in a text: which passages it cites, and whether these hold the words and numbers of what cites them.

A citation is supported where the passages of a sentence together hold at least half of its words and all of its
numbers, and the passage by itself its part of these words. Words are search tokens, as BM25 matches them. That finds
citations that point elsewhere and numbers that were made up. It does not find what is said of the right words wrongly:
a negation, two numbers in each other's place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tamis.answer.answer import Answer, Citation, Span
from tamis.answer.numbers import only_counts, readable, stated
from tamis.answer.wording import says_unknown, unknown, wording
from tamis.core import Decision, Document
from tamis.score.passages import sentence_spans
from tamis.text import clean, segment
from tamis.text.scripts import han

LEAST = 0.5  # share of a sentence's words that must stand in what it cites
WIDEST = 1000  # passages that a range such as [1-3] may name

_GAP = r"[^\S\n]*"
_ONE = rf"\^?\d{{1,9}}(?:{_GAP}[-–—~～]{_GAP}\d{{1,9}})?"
MARK = re.compile(rf"[\[【［]{_GAP}{_ONE}(?:{_GAP}[,，、;；]{_GAP}{_ONE})*{_GAP}[\]】］]")
_range = re.compile(rf"(\d+)(?:{_GAP}[-–—~～]{_GAP}(\d+))?")


@dataclass(frozen=True, slots=True)
class Mark:
    """Citation numbers in one pair of brackets, and where they stand."""

    start: int
    end: int
    numbers: tuple[int, ...]


def marks(text: str) -> list[Mark]:
    """The citation marks of a text: [1], [1, 3], [1-3], 【1】, ［１］.

    >>> [mark.numbers for mark in marks("a [1][2], b 【3】，c ［１、４］, d [2-4], x[i], [2.5]")]
    [(1,), (2,), (3,), (1, 4), (2, 3, 4)]
    """
    return [Mark(found.start(), found.end(), _numbers(found[0])) for found in MARK.finditer(text)]


def _numbers(mark: str) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in _range.findall(mark):
        low, high = int(first), int(last or first)
        found += range(low, high + 1) if low <= high < low + WIDEST else [low, high]
    return tuple(dict.fromkeys(found))


def known_only(text: str, count: int) -> tuple[str, tuple[int, ...]]:
    """The text without citation numbers that no passage has, and these numbers.

    >>> known_only("Six months [1, 7]. Seven days [9].", 2)
    ('Six months [1]. Seven days.', (7, 9))
    """
    strange: dict[int, None] = {}
    while True:  # again, where what is taken out leaves a new mark, as in [[9]9]
        parts, end = [], 0
        for mark in marks(text):
            known = [n for n in mark.numbers if 1 <= n <= count]
            if len(known) == len(mark.numbers):
                continue
            strange.update(dict.fromkeys(n for n in mark.numbers if n not in known))
            before = text[end : mark.start]
            parts += [before, f"[{', '.join(map(str, known))}]"] if known else [before.rstrip(" ")]
            end = mark.end
        if not end:
            return text, tuple(strange)
        text = "".join(parts) + text[end:]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer: where it stands, its words without marks, and the numbers that it cites."""

    span: Span
    words: str
    cited: tuple[int, ...]


def cited_sentences(text: str) -> list[Sentence]:
    """The sentences of a text with what each cites; a mark after the full stop belongs to the sentence before it.

    >>> text = "Sieve it. [1] Twice! [2][3]\\n[4] Rest."
    >>> [(text[slice(*s.span)], s.words, s.cited) for s in cited_sentences(text)]
    [('Sieve it. [1]', 'Sieve it.', (1,)), ('Twice! [2][3]', 'Twice!', (2, 3)), ('[4] Rest.', 'Rest.', (4,))]
    """
    found = marks(text)
    # Blanks in their place: sentences end where they would without marks, and all offsets stay.
    bare = MARK.sub(lambda mark: " " * len(mark[0]), text)
    spans = sentence_spans(bare) or ([(found[0].start, found[-1].end)] if found else [])
    owned: list[list[Mark]] = [[] for _ in spans]
    for mark in found:
        owned[_owner(mark, spans, text)].append(mark)
    return [
        Sentence(
            (min([start, *(m.start for m in own)]), max([end, *(m.end for m in own)])),
            " ".join(bare[start:end].split()),
            tuple(dict.fromkeys(n for m in own for n in m.numbers)),
        )
        for (start, end), own in zip(spans, owned, strict=True)
    ]


def _owner(mark: Mark, spans: Sequence[Span], text: str) -> int:
    """Which sentence a mark belongs to: the one it stands in, else the one before it on its line, else the next."""
    before = next((at for at in range(len(spans) - 1, -1, -1) if spans[at][0] <= mark.start), -1)
    if before < 0:
        return 0
    inside = mark.start < spans[before][1]
    last = before == len(spans) - 1
    return before if inside or last or "\n" not in text[spans[before][1] : mark.start] else before + 1


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as checks see it: its words, its numbers, and both of each of its sentences."""

    document: Document
    words: frozenset[str]
    numbers: frozenset[str]
    sentences: tuple[tuple[Span, frozenset[str], frozenset[str]], ...]

    @classmethod
    def of(cls, document: Document) -> Passage:
        """What a document holds; spans are of its text, words and numbers of its title, too."""
        cut = [(span, document.text[slice(*span)]) for span in sentence_spans(document.text)]
        sentences = tuple((span, frozenset(segment(text)), readable(text)) for span, text in cut)
        whole = document.full_text
        return cls(document, frozenset(segment(whole)), readable(whole), sentences)

    def best_span(self, words: frozenset[str], numbers: frozenset[str]) -> Span:
        """The sentence that shares most words and numbers, of several the shortest; empty where none shares any."""
        shared = [
            (len(words & own) + len(numbers & counted), -len(own), -span[0], span)
            for span, own, counted in self.sentences
        ]
        most = max(shared, default=(0, 0, 0, (0, 0)))
        return most[3] if most[0] else (0, 0)


def content(text: str) -> frozenset[str]:
    """The words that a sentence says something with: search tokens but for numbers, which are checked by themselves,
    and single Chinese characters, most of which count or join; all tokens where there are no others.

    >>> sorted(content("第19条规定，试用期不得超过6个月。"))
    ['不得', '个月', '规定', '试用', '试用期', '超过']
    """
    tokens = frozenset(segment(text))
    return frozenset(t for t in tokens if not only_counts(t) and not (len(t) == 1 and han.match(t))) or tokens


def citations(sentence: Sentence, passages: Mapping[int, Passage]) -> list[Citation]:
    """What one sentence cites, each citation checked; ``passages`` by number hold every number that is cited."""
    words = content(sentence.words)
    cited = {number: passages[number] for number in sentence.cited}
    together = frozenset[str]().union(*(passage.words for passage in cited.values()))
    numbers = stated(sentence.words)
    missing = tuple(n for n in numbers if not any(n in p.numbers for p in cited.values()))
    held = bool(words) and len(words & together) >= LEAST * len(words) and not missing
    found = []
    for number, passage in cited.items():
        overlap = len(words & passage.words) / len(words) if words else 0.0
        start, end = passage.best_span(words, frozenset(numbers))
        document, supported = passage.document, held and overlap >= LEAST / len(cited)
        found.append(
            Citation(number, document.id, document.title, sentence.span, start, end, overlap, missing, supported)
        )
    return found


def checked(text: str, decision: Decision, by: str, *, count: int, notes: Mapping[str, Any] | None = None) -> Answer:
    """A language model's text as an answer: unknown numbers taken out, every citation held against its passage.

    Args:
        text: what the model said.
        decision: what it was asked to answer from.
        by: the generator's name.
        count: how many of the decision's candidates it was shown, from the first on.
        notes: remarks for the answer.

    >>> from tamis.core import Candidate, Query, Ranking
    >>> passage = Document("19", "试用期不得超过六个月。")
    >>> decision = Decision(Ranking(Query("试用期最长多久？"), (Candidate(passage, 1.0),)))
    >>> answer = checked("试用期最长6个月[1]，不得超过八个月[1][4]。", decision, "demo", count=1)
    >>> answer.text, answer.unknown, answer.citations[0].missing_numbers, answer.grounded
    ('试用期最长6个月[1]，不得超过八个月[1]。', (4,), ('8',), False)
    """
    text, strange = known_only(clean(text).strip(), count)
    sentences = cited_sentences(text)
    said, cites = MARK.sub("", text), any(sentence.cited for sentence in sentences)
    words = wording(decision.ranking.query.text)
    if says_unknown(said, alone=cites):
        return replace(unknown(decision, by, words.by_model), unknown=strange, notes=notes or {})
    wanted = sorted({number for sentence in sentences for number in sentence.cited})
    passages = {number: Passage.of(decision.ranking[number - 1].doc) for number in wanted}
    found = tuple(citation for sentence in sentences for citation in citations(sentence, passages))
    reason = "" if any(c.supported for c in found) else words.unsupported if found else words.uncited
    uncited = tuple(sentence.span for sentence in sentences if not sentence.cited)
    return Answer(
        text, decision, by, citations=found, reason=reason, uncited=uncited, unknown=strange, notes=notes or {}
    )
