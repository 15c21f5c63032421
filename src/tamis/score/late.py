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

SHORT, LONG = 16, 64  # tokens
Phrases: TypeAlias = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Blend:
    """How the features of a pair become a logit, for queries of one language.

    Attributes:
        bias: added to every logit.
        cosine: weight of the cosine of the two mean vectors.
        maxsim: weight of the query's tokens' nearest tokens.
        phrase: weight of the share of shared phrases, as far as the document is long (see :func:`long`).
    """

    bias: float
    cosine: float
    maxsim: float
    phrase: float

    def logits(self, features: Floats) -> Floats:
        """Logits of features of shape ``(pairs, 3)``."""
        logits: Floats = self.bias + features @ np.array([self.cosine, self.maxsim, self.phrase])
        return logits


def long(tokens: int) -> float:
    """0 for a text of at most 16 tokens, 1 from 64 on, linear in the logarithm between.

    Titles that share a query's words are too common to tell anything; passages that do are not.

    >>> long(10), long(32), long(500)
    (0.0, 0.5, 1.0)
    """
    return float(np.clip(np.log2(max(tokens, 1) / SHORT) / np.log2(LONG / SHORT), 0, 1))


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
        self, name: str, encoder: TextEncoder, *, blends: dict[str, Blend], pieces: Vectors, centres: Vectors, made: str
    ) -> None:
        self.name = name
        self.encoder = encoder
        self.blends = blends  # by language of the query; "other" stands in for languages without one
        self.pieces = pieces  # weight of each word piece
        self.centres = centres  # mean token vector of queries, of documents
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
            with np.load(folder / "tokens.npz", allow_pickle=False) as stored:
                pieces, centres = stored["pieces"].astype(np.float32), stored["centres"].astype(np.float32)
            encoder = load_encoder(config["encoder"])
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder} is not a late-interaction model folder: {error!r}") from error
        return cls(folder.name, encoder, blends=blends, pieces=pieces, centres=centres, made=digest(folder))

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: the blend's files and the encoder's fingerprint."""
        return f"{self.name}:{self.made}({self.encoder.fingerprint})"

    def shortened(self, max_length: int) -> LateInteraction:
        """The same scorer reading at most ``max_length`` tokens of a text."""
        encoder = self.encoder.shortened(max_length)
        return LateInteraction(
            self.name, encoder, blends=self.blends, pieces=self.pieces, centres=self.centres, made=self.made
        )

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
            weights = self.pieces[tokens.ids[tokens.content]]
            asked[at] = Asked(
                unit(vectors.mean(axis=0)),
                unit(vectors[tokens.content] - self.centres[0]),
                weights / max(float(weights.sum()), 1e-9),
                phrases(queries[at]),
                self.blends.get(detect(queries[at]), self.blends["other"]),
            )
        return [asked[at] for at in range(len(queries))]

    def _features(self, asked: Sequence[Asked], text: str, tokens: Tokens, vectors: Vectors) -> Floats:
        """Cosine, MaxSim and shared phrases of one document with each of its queries."""
        mean = unit(vectors.mean(axis=0))
        columns = unit(vectors[tokens.content] - self.centres[1]).T
        found, weight = phrases(text), long(len(tokens.ids))
        rows = [
            (
                float(query.mean @ mean),
                float(query.weights @ (query.tokens @ columns).max(axis=1, initial=-1)),
                weight * len(query.phrases & found) / max(1, len(query.phrases)),
            )
            for query in asked
        ]
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
