"""How far a model's own logit counts beside what a first stage has said of the pair, by the query's language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from tamis.core import BM25, DENSE, Floats
from tamis.errors import ModelError
from tamis.score.blend import OTHER, by_language
from tamis.text import detect

FILE = "evidence.json"  # beside a model's config.json
STAGES = (BM25, DENSE)


@dataclass(frozen=True, slots=True)
class Weights:
    """One line of numbers: ``bias + logit x the model's logit + bm25 x BM25 + dense x cosine``.

    >>> Weights(bias=-10, logit=0.5, bm25=0.25, dense=12.5).weigh(np.array([2.0]), {BM25: np.array([4.0])}).tolist()
    [-8.0]
    """

    bias: float
    logit: float
    bm25: float = 0.0
    dense: float = 0.0

    def weigh(self, logits: Floats, evidence: Mapping[str, Floats]) -> Floats:
        """Logits of pairs with what is known of each, in order."""
        weighed: Floats = self.bias + self.logit * logits
        for name, column in evidence.items():
            weighed = weighed + getattr(self, name) * column
        return weighed


@dataclass(frozen=True, slots=True)
class EvidenceWeights:
    """Weights by which stages are known ("bm25", "dense", "bm25+dense") and by the query's language.

    Without evidence a pair's logit is the model's own.

    Attributes:
        rows: by stages, in the order of ``STAGES`` and joined by "+", then by language; each has "other".
    """

    rows: Mapping[str, Mapping[str, Weights]]

    @classmethod
    def beside(cls, folder: Path) -> Self | None:
        """Those of a model folder; None where it has none.

        Raises:
            ModelError: the file is not what ``write`` writes.
        """
        path = folder / FILE
        if not path.is_file():
            return None
        try:
            stated = json.loads(path.read_text("utf-8"))["weights"]
            rows = {key: {name: Weights(**row) for name, row in languages.items()} for key, languages in stated.items()}
            _check(rows)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}: expected weights by stages and language, got {error!r}") from error
        return cls(rows)

    def write(self, folder: Path, **beside: Any) -> None:
        """Write the file into a model folder, with what else is to be known of it."""
        rows = {key: {name: asdict(row) for name, row in languages.items()} for key, languages in self.rows.items()}
        (folder / FILE).write_text(
            json.dumps({"weights": rows, **beside}, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )

    @property
    def stages(self) -> tuple[str, ...]:
        """What can be weighed in."""
        return tuple(name for name in STAGES if any(name in key.split("+") for key in self.rows))

    def weigh(self, logits: Floats, evidence: Mapping[str, Floats], texts: Sequence[str]) -> Floats:
        """Logits of pairs with the evidence weighed in.

        Args:
            logits: the model's own, shape ``(pairs,)``.
            evidence: some of ``stages``, a column of the same shape each; without any, the logits are given back.
            texts: the query of each pair.
        """
        if not evidence:
            return logits
        rows = self.rows["+".join(name for name in STAGES if name in evidence)]
        spoken = {text: detect(text) for text in set(texts)}
        weighed = np.zeros(len(logits))
        for at, weights in by_language(rows, [spoken[text] for text in texts]):
            weighed[at] = weights.weigh(logits[at], {name: column[at] for name, column in evidence.items()})
        return weighed


def _check(rows: Mapping[str, Mapping[str, Weights]]) -> None:
    known = {"+".join(names) for names in ((BM25,), (DENSE,), STAGES)}
    if not rows or not rows.keys() <= known:
        raise ValueError(f"stages {sorted(rows)}, known are {sorted(known)}")
    if rows.keys() not in ({BM25}, {DENSE}, known):
        raise ValueError(f"stages {sorted(rows)}: with two, each alone and both are needed")
    for key, languages in rows.items():
        if OTHER not in languages:
            raise ValueError(f"no {OTHER!r} among the languages of {key!r}")
        if not all(np.isfinite(astuple(row)).all() for row in languages.values()):
            raise ValueError(f"weights of {key!r} that are not finite")
