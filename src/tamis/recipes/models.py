"""What people pass as the model: a scorer, its spec, or any object that scores one pair at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from tamis.core import Floats, Pair, Scorer
from tamis.errors import InputError
from tamis.score import load_scorer


@runtime_checkable
class ScoresPairs(Protocol):
    """A model as the founding text calls it: ``score(query, document)``, two texts in, one number out."""

    def score(self, query: str, document: str, /) -> float: ...


Model: TypeAlias = str | Path | Scorer | ScoresPairs


@dataclass(frozen=True, slots=True)
class OnePairAtATime:
    """A scorer made of such a model; it has no fingerprint, for nobody knows what exactly it computes.

    >>> from tamis import Document, Query
    >>> class Length:
    ...     def score(self, query, document):
    ...         return len(document)
    >>> OnePairAtATime(Length()).score([(Query("q"), Document("a", "four"))]).tolist()
    [4.0]
    """

    model: ScoresPairs

    @property
    def name(self) -> str:
        """The name of the model's class."""
        return type(self.model).__name__

    @property
    def fingerprint(self) -> str:
        """Empty: not known."""
        return ""

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """What the model says of each pair, shape ``(len(pairs),)``."""
        found = [float(self.model.score(query.text, document.full_text)) for query, document in pairs]
        return np.array(found, dtype=np.float64)


def as_scorer(model: Model) -> Scorer:
    """The scorer that was meant.

    Raises:
        InputError: it is neither a spec, nor a scorer, nor an object with ``score(query, document)``.
        ModelError: the spec names no scorer.
    """
    if isinstance(model, (str, Path)):
        return load_scorer(model)
    if isinstance(model, Scorer):
        return model
    if isinstance(model, ScoresPairs):
        return OnePairAtATime(model)
    raise InputError(f"a model must be a spec such as 'tamis-mini', a scorer, or have score(query, document); got a "
                     f"{type(model).__name__}")  # fmt: skip
