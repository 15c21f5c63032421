"""The noun that answering gives: a text, what it cites, the decision it rests on; and the protocol of what makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tamis.core import Candidate, Decision

Span: TypeAlias = tuple[int, int]  # the first codepoint of a text's part, and the one past its last


@dataclass(frozen=True, slots=True)
class Citation:
    """One sentence of an answer cites one passage.

    Attributes:
        number: the passage's number as it stands in the text: its place in ``Answer.decision.ranking``, from 1.
        id: the passage's document.
        title: its title.
        sentence: where the citing sentence stands in ``Answer.text``.
        start: where the sentence of the passage's text that is most like it begins; equal to ``end`` where none is.
        end: where that sentence ends.
        overlap: share of the citing sentence's words that stand in the passage, 0 to 1.
        missing_numbers: numbers of the citing sentence that stand in none of the passages it cites.
        supported: whether words and numbers speak for the citation (see ``tamis.answer.citations``).
    """

    number: int
    id: str
    title: str
    sentence: Span
    start: int
    end: int
    overlap: float
    missing_numbers: tuple[str, ...] = ()
    supported: bool = True

    def as_json(self) -> dict[str, Any]:
        """The citation as JSON values."""
        return {
            "number": self.number,
            "id": self.id,
            "title": self.title,
            "sentence": list(self.sentence),
            "start": self.start,
            "end": self.end,
            "overlap": self.overlap,
            "missing_numbers": list(self.missing_numbers),
            "supported": self.supported,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, or that the answer is not known.

    Attributes:
        text: the answer with its citation numbers, ``[1]``; when ``abstained``, "I don't know" in the query's language
            and why.
        decision: what the policy accepted of the candidates: the passages, numbered in this order.
        by: name of the generator.
        citations: what the text cites, in its order.
        abstained: whether the text says that the answer is not known.
        reason: why it abstained, or why no passage supports it; empty otherwise.
        uncited: where the sentences that cite nothing stand in the text.
        unknown: cited numbers that no passage has; they were taken out of the text.
        notes: remarks, such as ``{"cut": ["d7"]}``, passages shown in part; JSON values only.

    >>> from tamis.core import Query, Ranking
    >>> Answer("I don't know: nothing was found", Decision(Ranking(Query("why?"))), "mini", abstained=True).grounded
    False
    """

    text: str
    decision: Decision
    by: str
    citations: tuple[Citation, ...] = ()
    abstained: bool = False
    reason: str = ""
    uncited: tuple[Span, ...] = ()
    unknown: tuple[int, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grounded(self) -> bool:
        """Whether at least one sentence cites a passage that supports it, as far as words and numbers show."""
        return not self.abstained and any(citation.supported for citation in self.citations)

    @property
    def sources(self) -> dict[int, Candidate]:
        """The cited candidates by their numbers, in the numbers' order."""
        return {number: self.decision.ranking[number - 1] for number in sorted({c.number for c in self.citations})}

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON values, with the decision it rests on."""
        return {
            "query": self.decision.ranking.query.text,
            "text": self.text,
            "abstained": self.abstained,
            "grounded": self.grounded,
            "reason": self.reason,
            "by": self.by,
            "citations": [citation.as_json() for citation in self.citations],
            "uncited": [list(span) for span in self.uncited],
            "unknown": list(self.unknown),
            "notes": dict(self.notes),
            "decision": self.decision.as_json(),
        }


@runtime_checkable
class Generator(Protocol):
    """Answers from what a decision accepted; where it accepted nothing, the answer is that nothing is known.

    ``stream`` gives the text piece by piece and last the checked ``Answer``, whose text may differ from the pieces:
    citations of passages that do not exist are taken out of it.
    """

    @property
    def name(self) -> str: ...
    def answer(self, decision: Decision) -> Answer: ...
    def stream(self, decision: Decision) -> Iterator[str | Answer]: ...
