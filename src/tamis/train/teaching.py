"""A teacher: what scores, what its scores are multiplied by for a student, and its scores once they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from tamis.core import Floats, Pair, Scorer
from tamis.data import Example
from tamis.errors import InputError
from tamis.score.hub import fetched, is_hub_id
from tamis.score.load import embedded, load_scorer
from tamis.train.options import Kind

# Where a student's scores may lie: the root mean square of a document's distance from its list's mean. Below 1 a
# softmax of scores is next to uniform; logits have no upper bound, and 20 times a cosine can hardly do more than 2.
SPREADS: Mapping[Kind, tuple[float, float]] = {"cross-encoder": (1.0, float("inf")), "bi-encoder": (1.0, 2.0)}


@dataclass(frozen=True)  # no slots: the scorer that was loaded is kept beside the fields
class Teacher:
    """A scorer that teaches; it is loaded when it is first asked for.

    Attributes:
        spec: whatever ``load_scorer`` understands.
        device: where it runs.
        given: the scorer itself, where it is there already.

    >>> Teacher("e5-small").folder.name, Teacher("tei+http://127.0.0.1:8080").folder
    ('e5-small', None)
    """

    spec: str
    device: str = "auto"
    given: Scorer | None = None

    @cached_property
    def scorer(self) -> Scorer:
        """What scores.

        Raises:
            ModelError: the spec names no scorer, or its folder cannot be used.
            InputError: the model cannot run on the device.
            MissingExtraError: it needs a package that is not installed.
        """
        return self.given or load_scorer(self.spec, device=self.device)

    @property
    def remote(self) -> bool:
        """Whether it is a server: it has no weights here, and measuring its speed may cost money."""
        return self.given is None and "://" in self.spec

    @property
    def folder(self) -> Path | None:
        """Its model folder; None where there is none."""
        if self.remote or self.given is not None:
            return None
        folder = embedded(self.spec) or Path(self.spec)
        return fetched(self.spec) if is_hub_id(self.spec) and not folder.is_dir() else folder


@dataclass(frozen=True, slots=True)
class Scale:
    """What the teacher's scores are multiplied by for the student.

    A list's softmax, and margins between its documents, do not depend on the level of its scores but on their spread:
    cosines lie within a tenth, logits within twenty, and a student whose scores are cosines times 20 reaches neither.
    Scores are left as they are where their spread suits the student, else brought to the nearest spread that does.

    Attributes:
        factor: above 0.
        spread: of the teacher's raw scores: the root mean square of their distances from their list's mean.
    """

    factor: float
    spread: float

    @classmethod
    def fitted(cls, examples: Iterable[Example], kind: Kind, factor: float | None = None) -> Self:
        """The factor for a kind of student, from the examples it learns from; or the one that is given.

        Raises:
            InputError: the teacher tells no two documents of a query apart, or a factor is not above 0.

        >>> Scale.fitted([Example("q", ("a", "b"), scores=(0.81, 0.79))], "cross-encoder")
        Scale(factor=100.0, spread=0.01)
        >>> Scale.fitted([Example("q", ("a", "b"), scores=(8.0, -8.0))], "bi-encoder").factor
        0.25
        """
        if factor is not None and not 0 < factor < float("inf"):
            raise InputError(f"the teacher's scores are multiplied by a number above 0, got {factor!r}")
        columns = [np.array(one.scores) for one in examples]
        apart = np.concatenate([np.zeros(0), *(column - column.mean() for column in columns if len(column))])
        spread = float(np.sqrt(np.mean(np.square(apart)))) if apart.size else 0.0
        if spread < 1e-9:
            raise InputError("the teacher gives all documents of a query the same score: there is nothing to learn")
        least, most = SPREADS[kind]
        suits = min(max(spread, least), most) / spread
        return cls(float(f"{suits:.6g}") if factor is None else factor, float(f"{spread:.6g}"))

    def of(self, example: Example) -> Example:
        """The example with its scores multiplied."""
        return replace(example, scores=tuple(score * self.factor for score in example.scores))


@dataclass(frozen=True)
class Recorded:
    """A scorer whose scores have been given already.

    Attributes:
        name, fingerprint: those of the scorer that gave them.
        examples: its raw scores.
    """

    name: str
    fingerprint: str
    examples: Sequence[Example]

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """The recorded scores, shape ``(len(pairs),)``; pairs are told apart by their texts and the instruction.

        >>> from tamis import Document, Query
        >>> known = Recorded("deep", "deep:1", [Example("q", ("a", "b"), scores=(2.0, 1.0))])
        >>> known.score([(Query("q"), Document("x", "b"))]).tolist()
        [1.0]
        """
        known = {
            (one.query, one.instruction, text): score
            for one in self.examples
            for text, score in zip(one.documents, one.scores, strict=True)
        }
        return np.array([known[query.text, query.instruction, document.full_text] for query, document in pairs])
