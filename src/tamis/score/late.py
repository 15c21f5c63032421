"""Late interaction: every token of the query looks for its nearest token in the document (ColBERT's MaxSim)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np

from tamis.core import BM25, Floats, Pair, Vectors
from tamis.errors import ModelError
from tamis.score.batch import distinct
from tamis.score.blend import FEATURES, Blends
from tamis.score.encoder import Read, TextEncoder
from tamis.score.evidence import check_evidence
from tamis.score.folder import ModelFolder
from tamis.score.heads import Heads, Sought
from tamis.score.nearest import nearest
from tamis.text import detect, segment

Phrases: TypeAlias = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of the encoder's tokens before any query.

    Attributes:
        pieces: weight of each word piece, -log of its unigram probability, shape ``(vocabulary,)``.
        centres: mean token vector of queries and of documents, shape ``(2, dimension)``.
        heads: what was learnt to be read off the tokens' vectors; None where nothing was.
    """

    pieces: Vectors
    centres: Vectors
    heads: Heads | None = None

    @classmethod
    def read(cls, folder: Path) -> Statistics:
        """Those of a model folder (tokens.npz, perhaps heads); OSError, KeyError or ValueError for another."""
        with np.load(folder / "tokens.npz", allow_pickle=False) as stored:
            pieces, centres = stored["pieces"].astype(np.float32), stored["centres"].astype(np.float32)
        return cls(pieces, centres, Heads.load(folder))


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as the scorer sees it: mean vector, token vectors and their weights, phrases, what heads read."""

    mean: Vectors
    tokens: Vectors
    weights: Vectors
    phrases: Phrases
    sought: Sought | None


class LateInteraction:
    """Scores pairs by the vectors of whole texts, by those of single tokens, and by shared phrases.

    Every distinct query and document is encoded once a call; memory holds the queries and one batch of documents.

    References:
        Khattab & Zaharia, "ColBERT" (2020), equation 3, with each query token weighed by -log of its unigram
        probability, and token vectors centred, since those of a mean-pooled encoder share one large direction.
    """

    evidence: tuple[str, ...] = (BM25,)

    def __init__(self, name: str, encoder: TextEncoder, *, blends: Blends, statistics: Statistics, made: str) -> None:
        self.name = name
        self.encoder = encoder
        self.blends = blends
        self.statistics = statistics
        self.made = made  # digest of the model folder

    @classmethod
    def load(cls, folder: Path, load_encoder: Callable[[str], TextEncoder]) -> LateInteraction:
        """Read a model folder (config.json, tokens.npz, perhaps heads.onnx, terms.npz).

        Raises:
            ModelError: a file is missing, or its fields are not those of this architecture.
        """
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            blends = Blends.read(config)
            statistics = Statistics.read(folder)
            encoder = load_encoder(config["encoder"])
            if (length := config.get("max_length")) is not None:
                encoder = encoder.shortened(int(length))
        except (OSError, KeyError, TypeError, ValueError, BadZipFile) as error:
            raise ModelError(f"{folder} is not a late-interaction model folder: {error!r}") from error
        return cls(folder.name, encoder, blends=blends, statistics=statistics, made=ModelFolder(folder).digest())

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
        return self.score_with_evidence(pairs, {})

    def score_with_evidence(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> Floats:
        """Raw logits from the texts and, where it is given, from a collection's BM25 of each pair.

        Raises:
            InputError: other evidence, or not one finite number a pair.
        """
        check_evidence(self.evidence, pairs, evidence)
        spoken = {text: detect(text) for text in {query.text for query, _ in pairs}}
        return self.blends.logits(self.features(pairs), evidence.get(BM25), [spoken[query.text] for query, _ in pairs])

    def features(self, pairs: Sequence[Pair]) -> Floats:
        """Of each pair the columns of ``FEATURES``, shape ``(len(pairs), 7)``.

        They are cosine, MaxSim, share of the query's phrases, the document's tokens, and what heads read: the query's
        terms in it, the cosines of meanings and of topics.
        """
        queries, query_of = distinct(query.text for query, _ in pairs)
        documents, document_of = distinct(document.full_text for _, document in pairs)
        asked = self.asked(queries)
        order = np.argsort(document_of, kind="stable")
        starts = np.searchsorted(document_of[order], np.arange(len(documents) + 1))
        features = np.zeros((len(pairs), len(FEATURES)))
        for at, tokens, vectors in self.encoder.token_vectors(self.encoder.tokens(documents, "document")):
            places = order[starts[at] : starts[at + 1]]
            features[places] = self.matched(
                [asked[query_of[place]] for place in places], documents[at], tokens, vectors
            )
        return features

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """For each pair, ``{"truncated_tokens": n}`` where n tokens of the document were not read."""
        documents, document_of = distinct(document.full_text for _, document in pairs)
        cut = [tokens.truncated for tokens in self.encoder.tokens(documents, "document")]
        return [{"truncated_tokens": cut[at]} if cut[at] else {} for at in document_of.tolist()]

    def asked(self, queries: Sequence[str]) -> list[Asked]:
        """The queries as the scorer sees them, in order."""
        asked: dict[int, Asked] = {}
        heads = self.statistics.heads
        for at, tokens, vectors in self.encoder.token_vectors(self.encoder.tokens(queries, "query")):
            weights = self.statistics.pieces[tokens.ids[tokens.content]]
            asked[at] = Asked(
                unit(vectors.mean(axis=0)),
                unit(vectors[tokens.content] - self.statistics.centres[0]),
                weights / max(float(weights.sum()), 1e-9),
                phrases(queries[at]),
                heads.sought(vectors) if heads else None,
            )
        return [asked[at] for at in range(len(queries))]

    def matched(self, asked: Sequence[Asked], text: str, tokens: Read, vectors: Vectors) -> Floats:
        """The features of one document with each of some queries, shape ``(len(asked), 7)``."""
        mean = unit(vectors.mean(axis=0))
        centred = unit(vectors[tokens.content] - self.statistics.centres[1])
        words = phrases(text)
        sense = self.statistics.heads.sense(vectors) if self.statistics.heads and asked else None
        rows = [
            (
                float(query.mean @ mean),
                float(query.weights @ nearest(query.tokens, centred)),
                len(query.phrases & words) / max(1, len(query.phrases)),
                len(tokens.ids),
                *(query.sought.found_in(sense) if query.sought and sense else (0.0, 0.0, 0.0)),
            )
            for query in asked
        ]
        return np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES))


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
