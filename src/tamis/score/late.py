"""Late interaction: every token of the query looks for its nearest token in the document (ColBERT's MaxSim)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats, Pair, Vectors
from tamis.errors import ModelError
from tamis.score.batch import distinct
from tamis.score.encoder import TextEncoder, Tokens, digest
from tamis.text import detect, segment

# From how many tokens on a document's single tokens, and its phrases, begin to count; they count fully from LONG on.
TOKENS_FROM, PHRASES_FROM, LONG = 16, 24, 64
Phrases: TypeAlias = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Blend:
    """How the features of a pair become a logit, for queries of one language.

    Attributes:
        bias: added to every logit.
        cosine: weight of the cosine of the two mean vectors.
        maxsim: weight of the query's tokens' nearest tokens.
        phrase: weight of the share of shared phrases.
    """

    bias: float
    cosine: float
    maxsim: float
    phrase: float

    def logits(self, features: Floats) -> Floats:
        """Logits of features of shape ``(pairs, 3)``."""
        logits: Floats = self.bias + features @ np.array([self.cosine, self.maxsim, self.phrase])
        return logits


def long(tokens: int, start: int) -> float:
    """0 for a document of at most ``start`` tokens, 1 from 64 on, linear in the logarithm between.

    The mean vector of a title or a short reply says all it says, and titles that share a query's words are too common
    to tell anything; passages dilute in their mean, and those that share phrases are rare.

    >>> long(10, 16), long(32, 16), long(500, 16)
    (0.0, 0.5, 1.0)
    """
    return float(np.clip(np.log2(max(tokens, 1) / start) / np.log2(LONG / start), 0, 1))


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the encoder's tokens before any query.

    Attributes:
        pieces: weight of each word piece, -log of its unigram probability, shape ``(vocabulary,)``.
        centres: mean token vector of queries and of documents, shape ``(2, dimension)``.
        expected: intercept and slope of MaxSim over the cosine; what is expected stands in where a document is short.
    """

    pieces: Vectors
    centres: Vectors
    expected: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as the scorer sees it: mean vector, token vectors and their weights, phrases, blend."""

    mean: Vectors
    tokens: Vectors
    weights: Vectors
    phrases: Phrases
    blend: Blend


class LateInteraction:
    """Scores pairs by the vectors of whole texts, by those of single tokens, and by shared phrases.

    Every distinct query and document is encoded once a call; memory holds the queries and one batch of documents.

    References:
        Khattab & Zaharia, "ColBERT" (2020), equation 3, with each query token weighed by -log of its unigram
        probability, and token vectors centred, since those of a mean-pooled encoder share one large direction.
    """

    def __init__(
        self, name: str, encoder: TextEncoder, *, blends: dict[str, Blend], statistics: Statistics, made: str
    ) -> None:
        self.name = name
        self.encoder = encoder
        self.blends = blends  # by language of the query; "other" stands in for languages without one
        self.statistics = statistics
        self.made = made  # digest of the model folder

    @classmethod
    def load(cls, folder: Path, load_encoder: Callable[[str], TextEncoder]) -> LateInteraction:
        """Read a model folder (config.json, tokens.npz).

        Raises:
            ModelError: a file is missing, or its fields are not those of this architecture.
        """
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            blends = {language: Blend(**weights) for language, weights in config["blends"].items()}
            intercept, slope = config["expected_maxsim"]
            with np.load(folder / "tokens.npz", allow_pickle=False) as stored:
                pieces, centres = stored["pieces"].astype(np.float32), stored["centres"].astype(np.float32)
            statistics = Statistics(pieces, centres, (float(intercept), float(slope)))
            encoder = load_encoder(config["encoder"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder} is not a late-interaction model folder: {error!r}") from error
        return cls(folder.name, encoder, blends=blends, statistics=statistics, made=digest(folder))

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: the blend's files and the encoder's fingerprint."""
        return f"{self.name}:{self.made}({self.encoder.fingerprint})"

    def shortened(self, max_length: int) -> LateInteraction:
        """The same scorer reading at most ``max_length`` tokens of a text."""
        encoder = self.encoder.shortened(max_length)
        return LateInteraction(self.name, encoder, blends=self.blends, statistics=self.statistics, made=self.made)

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``, in the pairs' order."""
        scores = np.zeros(len(pairs))
        for places, asked, features in self.features(pairs):
            for place, query, row in zip(places.tolist(), asked, features, strict=True):
                scores[place] = query.blend.logits(row)
        return scores

    def features(self, pairs: Sequence[Pair]) -> Iterator[tuple[NDArray[np.int64], list[Asked], Floats]]:
        """Document by document: positions of its pairs, their queries, their features of shape ``(pairs, 3)``."""
        queries, query_of = distinct(query.text for query, _ in pairs)
        documents, document_of = distinct(document.full_text for _, document in pairs)
        asked = self._asked(queries)
        order = np.argsort(document_of, kind="stable")
        starts = np.searchsorted(document_of[order], np.arange(len(documents) + 1))
        for at, tokens, vectors in self.encoder.token_vectors(self.encoder.tokens(documents, "document")):
            places = order[starts[at] : starts[at + 1]]
            here = [asked[query_of[place]] for place in places]
            yield places, here, self._features(here, documents[at], tokens, vectors)

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """For each pair, ``{"truncated_tokens": n}`` where n tokens of the document were not read."""
        documents, document_of = distinct(document.full_text for _, document in pairs)
        cut = [tokens.truncated for tokens in self.encoder.tokens(documents, "document")]
        return [{"truncated_tokens": cut[at]} if cut[at] else {} for at in document_of.tolist()]

    def _asked(self, queries: Sequence[str]) -> list[Asked]:
        asked: dict[int, Asked] = {}
        for at, tokens, vectors in self.encoder.token_vectors(self.encoder.tokens(queries, "query")):
            weights = self.statistics.pieces[tokens.ids[tokens.content]]
            asked[at] = Asked(
                unit(vectors.mean(axis=0)),
                unit(vectors[tokens.content] - self.statistics.centres[0]),
                weights / max(float(weights.sum()), 1e-9),
                phrases(queries[at]),
                self.blends.get(detect(queries[at]), self.blends["other"]),
            )
        return [asked[at] for at in range(len(queries))]

    def _features(self, asked: Sequence[Asked], text: str, tokens: Tokens, vectors: Vectors) -> Floats:
        """Cosine, MaxSim and shared phrases of one document with each of its queries."""
        mean = unit(vectors.mean(axis=0))
        columns = unit(vectors[tokens.content] - self.statistics.centres[1]).T
        words = phrases(text)
        by_token, by_phrase = long(len(tokens.ids), TOKENS_FROM), long(len(tokens.ids), PHRASES_FROM)
        intercept, slope = self.statistics.expected
        rows = []
        for query in asked:
            cosine = float(query.mean @ mean)
            maxsim = float(query.weights @ (query.tokens @ columns).max(axis=1, initial=-1))
            shared = len(query.phrases & words) / max(1, len(query.phrases))
            rows.append((cosine, by_token * maxsim + (1 - by_token) * (intercept + slope * cosine), by_phrase * shared))
        return np.array(rows, dtype=np.float64)


def phrases(text: str) -> Phrases:
    """Pairs of neighbouring search tokens.

    >>> sorted(phrases("a fine drum sieve"))
    [('drum', 'siev'), ('fine', 'drum')]
    """
    tokens = segment(text)
    return frozenset(pairwise(tokens))


def unit(vectors: Vectors) -> Vectors:
    """Vectors of length 1 along the last axis; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(norms == 0, 1, norms), dtype=np.float32)
