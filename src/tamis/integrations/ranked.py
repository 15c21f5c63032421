"""What stands behind the rerankers of other frameworks: options as they write them, and documents in their place."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Self, TypeAlias

from tamis.calibrate import Calibration, default_calibration
from tamis.core import Candidate, Document, FieldValue, Query, Scorer
from tamis.core import Policy as Decides
from tamis.decide.policies.policy import Policy
from tamis.errors import InputError
from tamis.pipeline import Pipeline, Rerank
from tamis.recall import Index, Mode
from tamis.score import evidence_of, load_scorer

Content: TypeAlias = Mapping[str, Any]  # what ``as_json`` gave

SCORE, PROBABILITY = "tamis_score", "tamis_probability"  # in the metadata of what comes back


@dataclass(frozen=True)  # no slots: what was loaded is kept beside the fields
class Reranking:
    """A scorer and what is made of its scores, loaded when first needed; threads may share one, and pickle copies it.

    Attributes:
        model: a scorer, or any spec that ``tamis.load_scorer`` takes.
        instruction: task description, for scorers that read one.
        policy: a policy, its file, or what its ``as_json`` gave; only what it accepts comes back.
        calibration: a calibration, its file, what its ``as_json`` gave, or ``"default"``: the model's own.

    Raises:
        InputError: an option is of another kind.

    >>> found = Reranking(calibration="default").accepted("what sieves soup?", ["Rain fell.", "A tamis sieves soup."])
    >>> [(at, told(candidate) == candidate.probability) for at, candidate in found]
    [(1, True), (0, True)]
    """

    model: str | Path | Scorer = "tamis-mini"
    _: KW_ONLY
    instruction: str = ""
    policy: Decides | str | Path | Content | None = None
    calibration: Calibration | str | Path | Content | None = None
    _loading: Any = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.model, "model", "a spec such as 'tamis-mini', a model's folder, or a scorer", str, Path, Scorer)
        _check(self.instruction, "instruction", "a string", str)
        _check(self.policy, "policy", "a policy, its file, or None", *_WRITTEN, Decides)
        _check(self.calibration, "calibration", "a calibration, its file, 'default' or None", *_WRITTEN, Calibration)
        if self.calibration == "default" and not isinstance(self.model, (str, Path)):
            raise InputError("calibration='default' is that of a model's spec, got a scorer: pass a calibration")

    def __reduce__(self) -> tuple[Any, ...]:
        given = {part.name: getattr(self, part.name) for part in fields(self) if part.init}
        return partial(type(self), **given), ()

    @property
    def name(self) -> str:
        """What the model is called."""
        return self.model.name if isinstance(self.model, Scorer) else str(self.model)

    @property
    def pipeline(self) -> Pipeline:
        """The stages and the policy, loaded.

        Raises:
            ModelError: the spec names no scorer.
            PolicyError: a policy or calibration cannot be used, or was made for another scorer.
            InputError: there is a calibration beside a policy that has its own.
        """
        with self._loading:  # a second thread waits instead of loading the same again
            return self._pipeline

    @cached_property
    def _pipeline(self) -> Pipeline:
        return self._made()

    def _made(self) -> Pipeline:
        scorer = self.model if isinstance(self.model, Scorer) else load_scorer(self.model)
        policy, calibration = _policy(self.policy), self._calibration()
        own = isinstance(policy, Policy) and policy.calibration is not None
        if calibration is not None and own:
            raise InputError("the policy has a calibration of its own: leave calibration out")
        made_for = str(getattr(policy, "stage", "") or getattr(calibration, "stage", ""))
        # Weigh in what the policy's scores had, and no more; a list from elsewhere carries nothing to weigh in.
        rerank = Rerank(scorer, evidence=evidence_of(made_for, scorer) if made_for else None)
        return Pipeline(stages=(rerank,) if calibration is None else (rerank, calibration), policy=policy)

    def _calibration(self) -> Calibration | None:
        given = self.calibration
        if given is None or isinstance(given, Calibration):
            return given
        if isinstance(given, Mapping):
            return Calibration.from_json(given)
        if given == "default" and isinstance(self.model, (str, Path)):
            return default_calibration(self.model)
        return Calibration.load(given)

    def accepted(
        self, query: str, texts: Sequence[str], metadata: Sequence[Content] | None = None, top: int | None = None
    ) -> list[tuple[int, Candidate]]:
        """The places of the texts that are shown, best first, each with its candidate.

        Args:
            query: what is asked.
            texts: what may answer; the same text may stand in several places.
            metadata: one mapping a text, whose plain values a policy's rules can read; None has none.
            top: most that are shown, after the policy; None shows all.

        Raises:
            InputError: the query is blank; and what ``pipeline`` and the policy raise.
        """
        if not texts:
            return []
        told_of = metadata if metadata is not None else [{}] * len(texts)
        # Named by their places: ids of other frameworks may stand twice, and a list is put back by place.
        documents = [
            Document(str(at), text, fields=plain_fields(its))
            for at, (text, its) in enumerate(zip(texts, told_of, strict=True))
        ]
        decided = self.pipeline.decide(self.query(query), documents)
        return [(int(candidate.doc.id), candidate) for candidate in decided.ranking[:top]]

    def query(self, text: str) -> Query:
        """The query with the instruction."""
        return Query(text, instruction=self.instruction)

    def with_options(self, **options: Any) -> Self:
        """This very one where its options are these, so that what was loaded is kept; otherwise one with these."""
        same = all(getattr(self, name) is value for name, value in options.items())
        return self if same else replace(self, **options)

    def as_json(self) -> dict[str, Any]:
        """The options as JSON values, from which the constructor makes the same again.

        Raises:
            InputError: the model is a scorer, or the policy none of tamis': neither can be written down.
        """
        written = {"model": self.model, "policy": self.policy, "calibration": self.calibration}
        return {"instruction": self.instruction, **{name: _plain(value, name) for name, value in written.items()}}


@dataclass(frozen=True)
class Searching(Reranking):
    """The same with an index before it.

    Attributes:
        index: an index, or its folder, which is opened when first needed.
        recall: how the index is searched; "auto" is hybrid where it has vectors and bm25 elsewhere.
        depth: most candidates that are recalled and reranked.
    """

    _: KW_ONLY
    index: Index | str | Path
    recall: Mode = "auto"
    depth: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.index, "index", "a tamis.Index or its folder", Index, str, Path)
        if count(self.depth, "depth") is None:
            raise InputError("depth must be a whole number of at least 1, got None")

    def _made(self) -> Pipeline:
        index = self.index if isinstance(self.index, Index) else Index.open(self.index)
        return replace(super()._made(), retriever=index.retriever(self.recall), k=self.depth)

    def found(self, query: str, top: int | None = None) -> list[Candidate]:
        """What the index holds on a query and the policy accepts, best first."""
        return list(self.pipeline.ask(self.query(query)).ranking[:top])


def told(candidate: Candidate) -> float:
    """The number that a framework's score field gets: the probability where there is one, else the raw logit."""
    return candidate.score if candidate.probability is None else candidate.probability


def remarks(candidate: Candidate) -> dict[str, float | None]:
    """Metadata that tell logit and probability apart; the probability is None where nothing was calibrated.

    >>> remarks(Candidate(Document("0", "tamis"), -1.5))
    {'tamis_score': -1.5, 'tamis_probability': None}
    """
    return {SCORE: candidate.score, PROBABILITY: candidate.probability}


def count(value: Any, name: str) -> int | None:
    """How many are wanted at most; None is all.

    Raises:
        InputError: it is neither None nor a whole number of at least 1.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise InputError(f"{name} must be None (all) or a whole number of at least 1, got {value!r:.60}")


def plain_fields(metadata: Content) -> dict[str, FieldValue]:
    """The metadata that a policy's rules can read: strings, numbers, and dates as ISO 8601.

    >>> plain_fields({"on": date(2026, 11, 21), "site": "a", "tags": ["x"]})
    {'on': '2026-11-21', 'site': 'a'}
    """
    dated = {str(name): value.isoformat() if isinstance(value, date) else value for name, value in metadata.items()}
    return {name: value for name, value in dated.items() if value is None or isinstance(value, (str, int, float))}


_WRITTEN = (str, Path, Mapping, type(None))


def _check(value: Any, name: str, expected: str, *kinds: Any) -> None:
    if not isinstance(value, kinds):
        raise InputError(f"{name} must be {expected}, got {type(value).__name__} {value!r:.60}")


def _policy(given: Decides | str | Path | Content | None) -> Decides | None:
    if given is None or isinstance(given, Decides):
        return given
    policy = Policy.from_json(given) if isinstance(given, Mapping) else Policy.load(given)
    policy.check_day()
    return policy


def _plain(value: Any, name: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (Policy, Calibration)):
        return value.as_json()
    raise InputError(f"{name} is a {type(value).__name__}, which cannot be written down: give a spec or a file instead")
