"""The nouns that flow through tamis and the protocols of what acts on them (numpy only)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, Self, TypeAlias, overload, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.errors import InputError
from tamis.filters import Filter, Value

Floats: TypeAlias = NDArray[np.float64]
Vectors: TypeAlias = NDArray[np.float32]
Kind: TypeAlias = Literal["query", "document"]
FieldValue: TypeAlias = Value
Groups: TypeAlias = Sequence[str] | Sequence[int] | NDArray[Any]  # the query of each pair
Progress: TypeAlias = Callable[[int, int | None], None]  # (done, in all if known)

PROBABILITY = "probability"  # the one stage name only a calibrator may write
BM25, DENSE = "bm25", "dense"  # the stage names of search by words and by vectors; scorers may weigh in their scores


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    Attributes:
        text: the text that is searched and scored.
        id: name of the query in runs and qrels.
        instruction: task description, for scorers that read one.
        source: what the user typed, when ``text`` is a rewrite of it.
        history: earlier turns of the conversation, oldest first.
        where: what a document's fields must be for it to be found at all.
    """

    text: str
    id: str = ""
    instruction: str = ""
    source: str = ""
    history: tuple[str, ...] = ()
    where: Filter | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What may answer a query."""

    id: str
    text: str
    title: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    @property
    def full_text(self) -> str:
        """Title and text as one string, which is what retrievers and scorers read.

        >>> Document("d1", "It sieves.", title="Tamis").full_text
        'Tamis\\nIt sieves.'
        """
        return f"{self.title}\n{self.text}" if self.title and self.text else self.title or self.text


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document in the context of one query.

    Attributes:
        score: what the ranking is ordered by now.
        scores: what each stage said, by the stage's name.
        notes: remarks by stages, such as ``{"truncated_tokens": 31}``; JSON values only.
    """

    doc: Document
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def probability(self) -> float | None:
        """Calibrated probability of relevance in [0, 1], or None before a calibrator has spoken."""
        return self.scores.get(PROBABILITY)

    def as_json(self) -> dict[str, Any]:
        """The candidate as JSON values: its score is a raw logit, its probability null before calibration.

        >>> Candidate(Document("d1", "It sieves."), 1.5, {"mini": 1.5}).as_json()["scores"]
        {'mini': 1.5}
        """
        return {
            "id": self.doc.id,
            "score": self.score,
            "probability": self.probability,
            "scores": dict(self.scores),
            "notes": dict(self.notes),
            "title": self.doc.title,
            "text": self.doc.text,
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates of one query, best first; ties keep the earlier order. The type that flows.

    Attributes:
        query: what was asked.
        items: the candidates.
        fingerprints: what exactly gave each stage's scores, by the stage's name, where the stage said it.

    >>> candidates = (Candidate(Document("a", "colander"), 2.0), Candidate(Document("b", "tamis"), 1.0))
    >>> found = Ranking(Query("sieve"), candidates)
    >>> [c.doc.id for c in found.rescored("mini", [0.1, 0.9])]
    ['b', 'a']
    >>> found.rescored("mini", [0.1, 0.9])[0].scores
    {'mini': 0.9}
    """

    query: Query
    items: tuple[Candidate, ...] = ()
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.items)

    @overload
    def __getitem__(self, at: int) -> Candidate: ...
    @overload
    def __getitem__(self, at: slice) -> Ranking: ...
    def __getitem__(self, at: int | slice) -> Candidate | Ranking:
        return replace(self, items=self.items[at]) if isinstance(at, slice) else self.items[at]

    @property
    def scores(self) -> Floats:
        """Current scores, shape ``(len(self),)``, in ranking order."""
        return np.array([item.score for item in self.items], dtype=np.float64)

    def rescored(
        self,
        by: str,
        scores: ArrayLike,
        notes: Sequence[Mapping[str, Any]] | None = None,
        *,
        fingerprint: str = "",
    ) -> Ranking:
        """The same candidates ordered by new scores; the only way scores change, so provenance is kept.

        Args:
            by: name of the stage that gave the scores.
            scores: one finite number for each candidate, in this ranking's order.
            notes: optional remarks for each candidate, merged into what is there.
            fingerprint: what exactly gave the scores; kept under the stage's name.

        Raises:
            InputError: wrong number of scores or notes, a score that is not finite, or the reserved name "probability".
        """
        if by == PROBABILITY:
            raise InputError("the stage name 'probability' is reserved: use Ranking.calibrated(probabilities)")
        new = self._checked(by, scores)
        remarks = notes if notes is not None else [{}] * len(self)
        if len(remarks) != len(self):
            raise InputError(f"stage {by!r}: expected {len(self)} notes, one a candidate, got {len(remarks)}")
        items = [
            replace(c, score=float(s), scores={**c.scores, by: float(s)}, notes={**c.notes, **n} if n else c.notes)
            for c, s, n in zip(self.items, new, remarks, strict=True)
        ]
        order = np.argsort(-new, kind="stable")
        known = {**self.fingerprints, by: fingerprint} if fingerprint else self.fingerprints
        return replace(self, items=tuple(items[i] for i in order), fingerprints=known)

    def calibrated(self, probabilities: ArrayLike) -> Ranking:
        """The same candidates in the same order with calibrated probabilities; for calibrators only.

        Raises:
            InputError: wrong number of probabilities, or one outside [0, 1].
        """
        new = self._checked(PROBABILITY, probabilities)
        if new.size and (new.min() < 0 or new.max() > 1):
            raise InputError(f"probabilities must lie in [0, 1], got {new.min():g} to {new.max():g}")
        return replace(
            self,
            items=tuple(
                replace(c, scores={**c.scores, PROBABILITY: float(p)}) for c, p in zip(self.items, new, strict=True)
            ),
        )

    def _checked(self, by: str, scores: ArrayLike) -> Floats:
        new = np.asarray(scores, dtype=np.float64)
        if new.shape != (len(self),):
            raise InputError(f"stage {by!r}: expected {len(self)} scores, one a candidate, got shape {new.shape}")
        if not np.isfinite(new).all():
            at = int(np.flatnonzero(~np.isfinite(new))[0])
            raise InputError(f"stage {by!r}: score {new[at]} of document {self.items[at].doc.id!r} is not finite")
        return new


@dataclass(frozen=True, slots=True)
class Decision:
    """What to show, what was left out, and why.

    Attributes:
        ranking: the accepted candidates, best first.
        rejected: candidates left out, each with the reason: the stage's name, a colon, and why.
        policy: name or digest of the policy that decided.
        none_relevant: calibrated probability that no candidate answers the query; None where the policy cannot tell.

    >>> left_out = ((Candidate(Document("a", "hat"), 0.2), "threshold: 0.2 is below 0.7"),)
    >>> dict(Decision(Ranking(Query("sieve")), left_out).dropped)
    {'threshold': 1}
    """

    ranking: Ranking
    rejected: tuple[tuple[Candidate, str], ...] = ()
    policy: str = ""
    none_relevant: float | None = None

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many candidates each stage left out, in the order of the stages."""
        return Counter(reason.partition(":")[0] for _, reason in self.rejected)

    def as_json(self, *, model: str = "", positions: Mapping[str, int] | None = None) -> dict[str, Any]:
        """The decision as JSON values: what is shown with its rank, what is left out with the reason.

        A query that was rewritten has its ``source``, what the user typed.

        Args:
            model: name of the model that gave the scores, null where there is none.
            positions: each document's place before reranking, by id, told as its ``index``.

        >>> Decision(Ranking(Query("sieve"), (Candidate(Document("a", "hat"), 0.2),))).as_json()["results"][0]["rank"]
        1
        """

        def placed(item: Candidate) -> dict[str, Any]:
            return {**({} if positions is None else {"index": positions[item.doc.id]}), **item.as_json()}

        asked = self.ranking.query
        return {
            "query": asked.text,
            **({"source": asked.source} if asked.source else {}),
            "model": model or None,
            "policy": self.policy or None,
            "none_relevant": self.none_relevant,
            "results": [{"rank": rank, **placed(item)} for rank, item in enumerate(self.ranking, 1)],
            "rejected": [{**placed(item), "reason": reason} for item, reason in self.rejected],
            "dropped": dict(self.dropped),
        }


Pair: TypeAlias = tuple[Query, Document]


@runtime_checkable
class Retriever(Protocol):
    """Finds candidates: one ranking of at most ``k`` for each query, in the queries' order, within ``query.where``."""

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]: ...


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors, shape ``(len(texts), dimension)``, one a text, in order."""

    @property
    def dimension(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...
    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors: ...


@runtime_checkable
class Scorer(Protocol):
    """Scores pairs: RAW logits, shape ``(len(pairs),)``, same order; ``fingerprint`` says what produced them."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    def score(self, pairs: Sequence[Pair]) -> Floats: ...


@runtime_checkable
class Calibrator(Protocol):
    """Maps scores to probabilities, monotone."""

    def fit(
        self, scores: Floats, labels: Floats, groups: Groups | None = None, weights: Floats | None = None
    ) -> Self: ...
    def __call__(self, scores: Floats) -> Floats: ...


@runtime_checkable
class Stage(Protocol):
    """One step of a pipeline: rankings in, rankings out, in the same order."""

    def __call__(self, rankings: Sequence[Ranking]) -> list[Ranking]: ...


@runtime_checkable
class Policy(Protocol):
    """Decides which candidates of a ranking are good enough to show."""

    def decide(self, ranking: Ranking) -> Decision: ...


def as_query(query: str | Query) -> Query:
    """A query from what a caller passed.

    Raises:
        InputError: it is neither text nor a Query, or the text is blank.

    >>> as_query("why sieve twice?").text
    'why sieve twice?'
    """
    if isinstance(query, str):
        query = Query(query)
    if not isinstance(query, Query):
        raise InputError(f"a query must be a str or tamis.Query, got {type(query).__name__}")
    if not query.text.strip():
        raise InputError("the query is empty: give it at least one character that is not blank")
    return query


def as_documents(documents: Iterable[str | Document | Mapping[str, Any]]) -> list[Document]:
    """Documents from strings, mappings with a ``text`` (and ``id``, ``title``, further fields), or Documents.

    A document without an id is named by its position, counted from 0.

    Raises:
        InputError: a single string was passed, an item has another type or no text, or two documents share an id.

    >>> as_documents(["a tamis", {"id": "x", "text": "a sieve", "year": 1900}])[1].fields
    {'year': 1900}
    """
    if isinstance(documents, (str, Mapping, Document)) or not isinstance(documents, Iterable):
        raise InputError(f"documents must be a list of documents, got one {type(documents).__name__}: put it in a list")
    made = [_as_document(item, at) for at, item in enumerate(documents)]
    seen: dict[str, int] = {}
    for at, doc in enumerate(made):
        if (first := seen.setdefault(doc.id, at)) != at:
            raise InputError(f"document id {doc.id!r} stands twice, at positions {first} and {at}: ids must be unique")
    return made


def _as_document(item: str | Document | Mapping[str, Any], at: int) -> Document:
    if isinstance(item, Document):
        return item
    if isinstance(item, str):
        return Document(str(at), item)
    if isinstance(item, Mapping):
        rest = dict(item)
        if "text" not in rest and "title" not in rest:
            raise InputError(f"document at position {at}: has no 'text', only {sorted(map(str, rest))}")
        text, title, name = rest.pop("text", ""), rest.pop("title", "") or "", rest.pop("id", None)
        if not isinstance(text, str) or not isinstance(title, str):
            raise InputError(f"document at position {at}: 'text' and 'title' must be strings, got {item!r:.80}")
        return Document(str(at if name is None else name), text, title, rest)
    raise InputError(f"document at position {at}: expected str, mapping or tamis.Document, got {type(item).__name__}")
