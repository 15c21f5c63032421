"""Answers in the passages' own sentences, chosen by a scorer; and the spans of documents that speak to a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tamis.answer.answer import Answer, Citation, Span
from tamis.answer.wording import abstention, unknown, wording
from tamis.core import Decision, Document, Query, Scorer, as_query
from tamis.errors import InputError
from tamis.score import depends_on_companions, load_scorer
from tamis.score.composite import finite_scores
from tamis.score.passages import parts, sentence_spans
from tamis.text import normalise

LONGEST = 400  # characters of a sentence; a longer one is cut after a clause
QUESTION = ("?", "？")


class ScoredSpan(NamedTuple):
    """A part of a document's text, ``text[start:end]``, and its raw logit."""

    start: int
    end: int
    score: float


def relevant_spans(
    query: str | Query,
    documents: Sequence[Document],
    scorer: Scorer,
    *,
    most: int | None = None,
    threshold: float | None = None,
) -> list[list[ScoredSpan]]:
    """The sentences of each document that speak most to a query, best first.

    All sentences of all documents go to the scorer in one call, each with its document's title before it.

    Args:
        query: what is asked.
        documents: where the sentences stand.
        scorer: what scores a query and a sentence.
        most: spans of a document that are given; None gives all.
        threshold: least raw logit of a span; None gives all.

    Raises:
        InputError: the query is blank, ``most`` is below 1, or the scorer scores a text by its companions.

    >>> from tamis.score import load_scorer
    >>> text = "Rain fell all day. A tamis is a fine drum sieve."
    >>> ((best, _),) = relevant_spans("what is a tamis?", [Document("a", text)], load_scorer("tamis-mini"))
    >>> text[best.start : best.end]
    'A tamis is a fine drum sieve.'
    """
    if most is not None and most < 1:
        raise InputError(f"most must be at least 1, got {most}")
    apart(scorer)
    asked = as_query(query)
    spans = [pieces(document.text) for document in documents]
    pairs = [
        (asked, replace(document, text=document.text[start:end]))
        for document, own in zip(documents, spans, strict=True)
        for start, end in own
    ]
    scores = iter(finite_scores(scorer, pairs).tolist() if pairs else ())
    found = []
    for own in spans:
        scored = [ScoredSpan(start, end, next(scores)) for start, end in own]
        order = np.argsort([-span.score for span in scored], kind="stable").tolist()
        found.append([scored[at] for at in order if threshold is None or scored[at].score >= threshold][:most])
    return found


def apart(scorer: Scorer) -> Scorer:
    """The scorer, which must score each text by itself.

    Raises:
        InputError: its scores depend on the texts beside.
    """
    if depends_on_companions(scorer):
        raise InputError(f"{scorer.name!r} scores a text by its companions: expected one that scores each by itself")
    return scorer


def pieces(text: str) -> list[Span]:
    """The sentences of a text as spans, long ones cut after clauses.

    >>> pieces("Sieve it. 再筛。"), pieces(" ")
    ([(0, 9), (10, 13)], [])
    """
    found: list[Span] = []
    for start, end in sentence_spans(text):
        long = end - start > LONGEST
        found += parts(text, (start, end), -(-(end - start) // LONGEST)) if long else [(start, end)]
    return found


class Found(NamedTuple):
    """A sentence of a passage, with the passage's number; of a document without text, its title."""

    number: int
    doc: Document
    span: ScoredSpan

    @property
    def text(self) -> str:
        """The sentence."""
        return self.doc.text[self.span.start : self.span.end] or self.doc.title


class Extractive:
    """Answers with the passages' own sentences, word for word, each with its passage's number; needs no language model.

    What it says stands in the passages, so every citation is exact. Whether it answers the question is the scorer's
    judgement alone: it says that it does not know only where the decision accepted nothing.

    Args:
        scorer: what scores a query and a sentence; None is the embedded ``"tamis-mini"``, loaded when first used.
        sentences: most sentences of an answer.
        passages: most passages of a decision that are read, from the best one on.

    Raises:
        InputError: a number below 1, or the scorer scores a text by its companions.

    >>> from tamis.core import Candidate, Ranking
    >>> passage = Document("a", "Rain fell all day. A tamis is a fine drum sieve.")
    >>> decision = Decision(Ranking(Query("what is a tamis?"), (Candidate(passage, 1.0),)))
    >>> Extractive(sentences=1).answer(decision).text
    'A tamis is a fine drum sieve. [1]'
    """

    def __init__(self, scorer: Scorer | None = None, *, sentences: int = 3, passages: int = 10) -> None:
        for name, value in (("sentences", sentences), ("passages", passages)):
            if value < 1:
                raise InputError(f"{name} must be at least 1, got {value}")
        self._given = None if scorer is None else apart(scorer)
        self.sentences, self.passages = sentences, passages

    @cached_property
    def scorer(self) -> Scorer:
        """What scores sentences."""
        return load_scorer("tamis-mini") if self._given is None else self._given

    @property
    def name(self) -> str:
        """That it extracts, and by which scorer."""
        return f"extractive:{'tamis-mini' if self._given is None else self._given.name}"

    def answer(self, decision: Decision) -> Answer:
        """The best sentence of what a decision accepted, and further ones that score above the mean of all."""
        read = [candidate.doc for candidate in decision.ranking[: self.passages]]
        if not read:
            return abstention(decision, self.name)
        spans = relevant_spans(decision.ranking.query, read, self.scorer)
        found = [
            Found(number, doc, span)
            for number, (own, doc) in enumerate(zip(spans, read, strict=True), 1)
            for span in own
        ] or [Found(number, doc, ScoredSpan(0, 0, 0.0)) for number, doc in enumerate(read, 1) if doc.title.strip()]
        # A question scores high by the words it shares with the query, and answers nothing.
        said = [one for one in found if not one.text.endswith(QUESTION)] or found
        best: dict[str, Found] = {}
        for one in sorted(said, key=lambda one: -one.span.score):
            best.setdefault(normalise(one.text), one)
        usual = float(np.mean([one.span.score for one in found])) if found else 0.0
        chosen = [one for at, one in enumerate(best.values()) if not at or one.span.score > usual]
        return self._together(decision, chosen[: self.sentences])

    def stream(self, decision: Decision) -> Iterator[str | Answer]:
        """The answer's text, and then the answer."""
        answer = self.answer(decision)
        yield answer.text
        yield answer

    def _together(self, decision: Decision, chosen: Sequence[Found]) -> Answer:
        """The answer of sentences, each followed by its number."""
        if not chosen:
            words = wording(decision.ranking.query.text)
            return unknown(decision, self.name, words.nothing_found)
        text, cited = "", []
        for one in chosen:
            number, doc, span = one
            begin = len(text) + bool(text)
            text += f"{' ' if text else ''}{one.text} [{number}]"
            cited.append(Citation(number, doc.id, doc.title, (begin, len(text)), span.start, span.end, 1.0))
        return Answer(text, decision, self.name, citations=tuple(cited))
