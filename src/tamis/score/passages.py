"""Long documents scored by their best passages, with the character spans of these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Floats, Pair, Scorer
from tamis.errors import InputError
from tamis.score.companions import depends_on_companions
from tamis.score.composite import check_finite, config_digest
from tamis.score.instructions import reads_instructions
from tamis.score.notes import score_with_notes
from tamis.text import sentences
from tamis.text.scripts import HAN, UNSPACED

Span: TypeAlias = tuple[int, int]  # the first character of a text's part, and the one past its last
How: TypeAlias = Literal["max", "top-mean"]

WORD = 1.3  # tokens of a word, and of each further 12 characters of a long one
_unspaced = re.compile(f"[{HAN}{UNSPACED}]|[^\\w\\s]")
CLAUSE = "，、；："  # a long sentence is cut after these, or before white space, where one is near
_word = re.compile(f"[^\\W{HAN}{UNSPACED}]{{1,12}}")
_piece = re.compile(f"{_unspaced.pattern}|{_word.pattern}")


@runtime_checkable
class Measured(Protocol):
    """A scorer that can say how many tokens texts take as (parts of) documents, special tokens not counted."""

    def document_tokens(self, texts: Sequence[str]) -> list[int]: ...


def estimated_tokens(texts: Sequence[str]) -> list[int]:
    """About how many tokens texts take: 1 a character of scripts without spaces and a mark, 1.3 a word of others.

    BERT's Chinese takes as many; vocabularies that know Chinese words take a third less.

    >>> estimated_tokens(["试用期。", "a fine drum sieve", ""])
    [4, 6, 0]
    """
    return [int(np.ceil(len(_unspaced.findall(text)) + WORD * len(_word.findall(text)))) for text in texts]


def first_tokens(text: str, count: int) -> str:
    """The beginning of a text that has about so many tokens, as ``estimated_tokens`` counts them.

    >>> first_tokens("a fine drum sieve", 3), first_tokens("试用期最长多久", 3), first_tokens("sieve", 9)
    ('a fine', '试用期', 'sieve')
    """
    if len(text) <= count:  # a token has a character at least
        return text
    used = 0.0
    for found in _piece.finditer(text):
        used += 1.0 if _unspaced.match(found[0]) else WORD
        if used > count:
            return text[: found.start()].rstrip()
    return text


class Plan(NamedTuple):
    """What a call sends to the inner scorer.

    Attributes:
        pairs: (query, passage), those of a given pair side by side.
        starts: where each given pair's passages begin in ``pairs``.
        spans: the span in its document's text of each of ``pairs``.
    """

    pairs: list[Pair]
    starts: NDArray[np.int64]
    spans: list[Span]


class Passages:
    """Scores a long document by its passages: the best one, or the mean of the best few.

    A document that fits the budget goes to the scorer as it is. The text of a longer one is cut at ends of sentences
    into passages, a sentence that is too long by itself within it, and every passage has the document's title before
    it. All passages of a call go to the scorer in one call.

    Sizes are measured by the scorer where it can (``Measured``), else estimated. A document's score does not depend on
    others, and threads may share one.

    >>> from tamis import Document, Query, load_scorer
    >>> scorer = Passages(load_scorer("tamis-mini"), tokens=16)
    >>> text = "Rain fell all day long. The tamis is a fine drum sieve for soups. 今天下了一整天的雨。"
    >>> _, (note,) = scorer.score_with_notes([(Query("what is a tamis?"), Document("a", text))])
    >>> best = note["relevant_spans"][0]
    >>> note["passages"], text[best["start"] : best["end"]]
    (3, 'The tamis is a fine drum sieve for soups.')
    """

    def __init__(self, scorer: Scorer, *, tokens: int = 256, overlap: int = 0, how: How = "max", best: int = 3) -> None:
        """Wrap a scorer.

        Args:
            scorer: what scores passages.
            tokens: most tokens of a passage with its title; half of them at least are for the text.
            overlap: most tokens of whole sentences that a passage repeats from the one before, less than ``tokens``.
            how: ``"max"``, the score of the best passage, or ``"top-mean"``, the mean of the ``best`` best.
            best: how many passages are averaged by ``"top-mean"``, and named in the remarks.

        Raises:
            InputError: a value outside its range, or a scorer such as ``RankFusion`` or ``Cascade``.
        """
        if tokens < 8:
            raise InputError(f"tokens must be at least 8, got {tokens}")
        if not 0 <= overlap < tokens:
            raise InputError(f"overlap must be 0 to {tokens - 1}, less than tokens, got {overlap}")
        if how not in ("max", "top-mean"):
            raise InputError(f"how must be 'max' or 'top-mean', got {how!r}")
        if best < 1:
            raise InputError(f"best must be at least 1, got {best}")
        if depends_on_companions(scorer):
            raise InputError(
                f"{scorer.name!r} scores a document by its companions, and passages are not the candidates: "
                "wrap the scorers it is made of instead"
            )
        self.scorer, self.tokens, self.overlap, self.how, self.best = scorer, tokens, overlap, how, best

    @property
    def name(self) -> str:
        """The inner scorer's name, and that it reads passages."""
        return f"{self.scorer.name}+passages"

    @property
    def reads_instructions(self) -> bool:
        """Whether the inner scorer reads a query's instruction."""
        return reads_instructions(self.scorer)

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: the scorer, how texts are cut and how passages are put together."""
        config = {
            "tokens": self.tokens,
            "overlap": self.overlap,
            "kept": 1 if self.how == "max" else self.best,
            "measured": isinstance(self.scorer, Measured),
        }
        return f"{self.name}:{config_digest(config)}({self.scorer.fingerprint})"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``, in the pairs' order."""
        plan = self._plan(pairs)
        scores = self.scorer.score(plan.pairs)
        check_finite(self.scorer, scores, len(plan.pairs))
        return np.array([self._together(part) for part in _split(scores, plan)], dtype=np.float64)

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
        """Raw logits, and for each pair the passages they come from.

        ``{"relevant_spans": [{"start", "end", "score"}, ...], "passages": n}``: the best passages, best first, as
        offsets ``[start, end)`` in codepoints of ``Document.text``, each with its raw logit; with what the scorer
        itself remarks on the best passage.
        """
        plan = self._plan(pairs)
        scores, remarks = score_with_notes(self.scorer, plan.pairs)
        check_finite(self.scorer, scores, len(plan.pairs))
        parts = _split(scores, plan)
        noted = [
            self._noted(part, plan.spans[start : start + len(part)], remarks[start : start + len(part)])
            for part, start in zip(parts, plan.starts.tolist(), strict=True)
        ]
        return np.array([self._together(part) for part in parts], dtype=np.float64), noted

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """The remarks of ``score_with_notes``, by scoring again."""
        return self.score_with_notes(pairs)[1]

    def spans(self, documents: Sequence[Document]) -> list[list[Span]]:
        """The passages of each document as spans of its text, in order; a document that fits is one span.

        Between and around them stands nothing but white space; where passages overlap, they share whole sentences.
        """
        fits = [n <= self.tokens for n in self._measure([document.full_text for document in documents])]
        long = [document for document, fit in zip(documents, fits, strict=True) if not fit]
        titles = self._measure([document.title for document in long])
        budgets = [max(self.tokens - title, self.tokens // 2) for title in titles]
        cut = iter(self._cut([document.text for document in long], budgets))
        found = [[] if fit else next(cut) for fit in fits]
        return [spans or [(0, len(document.text))] for document, spans in zip(documents, found, strict=True)]

    def _measure(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return self.scorer.document_tokens(texts) if isinstance(self.scorer, Measured) else estimated_tokens(texts)

    def _plan(self, pairs: Sequence[Pair]) -> Plan:
        """Every distinct document is cut once."""
        places: dict[tuple[str, str], int] = {}
        document_of = [places.setdefault((document.title, document.text), len(places)) for _, document in pairs]
        cut = self.spans([Document("", text, title) for title, text in places])
        asked: list[Pair] = []
        spans: list[Span] = []
        starts = []
        for (query, document), place in zip(pairs, document_of, strict=True):
            starts.append(len(asked))
            spans += cut[place]
            if len(cut[place]) == 1:
                asked.append((query, document))
            else:
                asked += [(query, replace(document, text=document.text[start:end])) for start, end in cut[place]]
        return Plan(asked, np.array(starts, dtype=np.int64), spans)

    def _cut(self, texts: Sequence[str], budgets: Sequence[int]) -> list[list[Span]]:
        """The passages of texts, each within its budget of tokens."""
        pieces: list[list[tuple[Span, int]]] = [[] for _ in texts]
        waiting = [(at, span) for at, text in enumerate(texts) for span in sentence_spans(text)]
        while waiting:
            sizes = self._measure([texts[at][start:end] for at, (start, end) in waiting])
            too_long = []
            for (at, span), size in zip(waiting, sizes, strict=True):
                if size <= budgets[at] or span[1] - span[0] == 1:
                    pieces[at].append((span, size))
                else:
                    too_long += [(at, part) for part in parts(texts[at], span, -(-size // budgets[at]))]
            waiting = too_long
        return [packed(sorted(p), budget, self.overlap) for p, budget in zip(pieces, budgets, strict=True)]

    def _together(self, scores: Floats) -> float:
        """One score of a document's passages."""
        return float(np.sort(scores)[-(1 if self.how == "max" else self.best) :].mean())

    def _noted(self, scores: Floats, spans: Sequence[Span], remarks: Sequence[dict[str, Any]]) -> dict[str, Any]:
        order = np.argsort(-scores, kind="stable")[: self.best].tolist()
        found = [
            {"start": spans[at][0], "end": spans[at][1], "score": float(scores[at])}
            for at in order
            if spans[at][1] > spans[at][0]
        ]
        return {**remarks[order[0]], "relevant_spans": found, "passages": len(scores)}


def sentence_spans(text: str) -> list[Span]:
    """Where the sentences of a text stand; around and between them is nothing but white space.

    >>> sentence_spans(" Sieve it. 筛一下。再筛。")
    [(1, 10), (11, 15), (15, 18)]
    """
    spans, end = [], 0
    for sentence in sentences(text):
        start = text.index(sentence, end)  # only white space lies between, so this is the place itself
        end = start + len(sentence)
        spans.append((start, end))
    return spans


def parts(text: str, span: Span, count: int) -> list[Span]:
    """A span in ``count`` parts (at least 2) or more, cut at white space or after a clause where one is near.

    >>> parts("fine sieves, fine drums", (0, 23), 2)
    [(0, 12), (13, 23)]
    >>> parts("试用期最长，不得超过六个月", (0, 13), 2)
    [(0, 6), (6, 13)]
    """
    start, end = span
    step = max(1, -(-(end - start) // max(2, count)))
    found = []
    while start < end:
        stop = min(start + step, end)
        if stop < end:
            back = range(stop, max(start, stop - step // 2 - 1), -1)
            stop = next((at for at in back if text[at].isspace() or text[at - 1] in CLAUSE), stop)
        begin, close = start, stop
        while begin < close and text[begin].isspace():
            begin += 1
        while begin < close and text[close - 1].isspace():
            close -= 1
        if begin < close:
            found.append((begin, close))
        start = stop
    return found


def packed(pieces: Sequence[tuple[Span, int]], budget: int, overlap: int) -> list[Span]:
    """Neighbouring pieces of (span, tokens) put together up to a budget of tokens; each begins after the one before.

    >>> packed([((0, 5), 3), ((6, 9), 2), ((9, 12), 2)], budget=5, overlap=2)
    [(0, 9), (6, 12)]
    """
    found, first, total = [], 0, 0
    for at, (_, size) in enumerate(pieces):
        if at > first and total + size > budget:
            found.append((pieces[first][0][0], pieces[at - 1][0][1]))
            least, first, total = first + 1, at, 0
            while first > least and total + pieces[first - 1][1] <= min(overlap, budget - size):
                first -= 1
                total += pieces[first][1]
        total += size
    if pieces:
        found.append((pieces[first][0][0], pieces[-1][0][1]))
    return found


def _split(scores: Floats, plan: Plan) -> list[Floats]:
    """The scores of each given pair's passages."""
    return np.split(scores, plan.starts[1:]) if len(plan.starts) else []
