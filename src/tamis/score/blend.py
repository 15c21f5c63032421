"""From what is known of a pair to one logit: features, how far each counts, and their weights by language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats

Row = TypeVar("Row")
OTHER = "other"  # stands in for languages without weights of their own
FEATURES = ("cosine", "maxsim", "phrase", "tokens", "terms", "meaning", "topic")
# What a blend weighs, in the order it is added up.
EVIDENCE = ("cosine", "maxsim", "phrase", "bm25", "terms", "meaning", "topic")
# From how many tokens on a document's single tokens, and its phrases, begin to count; they count fully from LONG on.
TOKENS_FROM, PHRASES_FROM, LONG = 16, 24, 64


@dataclass(frozen=True, slots=True)
class Blend:
    """How the evidence of a pair becomes a logit, for queries of one language.

    Attributes:
        bias: added to every logit.
        cosine: weight of the cosine of the two mean vectors.
        maxsim: weight of the query's tokens' nearest tokens.
        phrase: weight of the share of shared phrases.
        bm25: weight of the collection's BM25.
        terms: weight of the query's terms in the document.
        meaning, topic: weights of the cosines of the heads' vectors of the two texts.
    """

    bias: float
    cosine: float
    maxsim: float
    phrase: float
    bm25: float = 0.0
    terms: float = 0.0
    meaning: float = 0.0
    topic: float = 0.0

    def logits(self, evidence: Floats) -> Floats:
        """Logits of evidence of shape ``(pairs, 7)``, the columns of ``EVIDENCE``."""
        # Not a matrix product: that rounds by how many rows it has, and a pair's logit must not hang on its company.
        logits = np.full(len(evidence), float(self.bias))
        for name, column in zip(EVIDENCE, evidence.T, strict=True):
            logits += getattr(self, name) * column
        return logits


def long(tokens: Floats, start: int) -> Floats:
    """0 for a document of at most ``start`` tokens, 1 from 64 on, linear in the logarithm between.

    The mean vector of a title or a short reply says all it says, and titles that share a query's words are too common
    to tell anything; passages dilute in their mean, and those that share phrases are rare.

    >>> long(np.array([10.0, 32, 500]), 16).tolist()
    [0.0, 0.5, 1.0]
    """
    share: Floats = np.clip(np.log2(np.maximum(tokens, 1) / start) / np.log2(LONG / start), 0, 1)
    return share


@dataclass(frozen=True, slots=True)
class Blends:
    """One blend a language, for the texts alone and for texts whose BM25 in a collection is known.

    Attributes:
        expected: intercept and slope of MaxSim over the cosine; what is expected stands in where a document is short.
        texts: by language of the query; ``"other"`` stands in for languages without one.
        with_bm25: the same, for pairs whose BM25 is known.
    """

    expected: tuple[float, float]
    texts: Mapping[str, Blend]
    with_bm25: Mapping[str, Blend]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        """The blends of a model's configuration; raises KeyError, TypeError, ValueError where it is another's."""
        intercept, slope = config["expected_maxsim"]
        texts, with_bm25 = (
            {language: Blend(**weights) for language, weights in config[name].items()}
            for name in ("blends", "blends_with_bm25")
        )
        return cls((float(intercept), float(slope)), texts, with_bm25)

    def config(self) -> dict[str, Any]:
        """What ``read`` reads."""
        named = {"blends": self.texts, "blends_with_bm25": self.with_bm25}
        return {"expected_maxsim": self.expected} | {
            name: {language: asdict(blend) for language, blend in blends.items()} for name, blends in named.items()
        }

    def evidence(self, features: Floats, bm25: Floats | None) -> Floats:
        """What a blend weighs, shape ``(pairs, 7)``: each feature as far as the document is long enough, and BM25."""
        known = np.zeros(len(features)) if bm25 is None else bm25
        cosine, maxsim, phrase, tokens, *read = features.T
        intercept, slope = self.expected
        expected = intercept + slope * cosine
        maxsim = expected + long(tokens, TOKENS_FROM) * (maxsim - expected)
        return np.stack([cosine, maxsim, long(tokens, PHRASES_FROM) * phrase, known, *read], axis=1)

    def logits(self, features: Floats, bm25: Floats | None, languages: Sequence[str]) -> Floats:
        """Raw logits of pairs.

        Args:
            features: of shape ``(pairs, 7)``, the columns of ``FEATURES``.
            bm25: of shape ``(pairs,)``; None where it is not known.
            languages: that of each pair's query.
        """
        evidence = self.evidence(features, bm25)
        blends = self.texts if bm25 is None else self.with_bm25
        logits = np.zeros(len(features))
        for at, blend in by_language(blends, languages):
            logits[at] = blend.logits(evidence[at])
        return logits


def by_language(rows: Mapping[str, Row], languages: Sequence[str]) -> Iterator[tuple[NDArray[np.bool_], Row]]:
    """Where each language is spoken, and the row of weights for it.

    >>> [(at.tolist(), row) for at, row in by_language({"zh": 1, "other": 2}, ["zh", "fr", "zh"])]
    [([False, True, False], 2), ([True, False, True], 1)]
    """
    spoken = np.array(languages, dtype=object)
    for language in sorted(set(languages)):
        yield spoken == language, rows.get(language, rows[OTHER])
