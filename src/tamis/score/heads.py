"""What is read off an encoder's token vectors by heads that were learnt later: terms, and further vectors of a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tamis.core import Vectors
from tamis.score.nearest import SINGLE, nearest
from tamis.score.onnx_engine import opened

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

GRAPH, TABLE = "heads.onnx", "terms.npz"


@dataclass(frozen=True, slots=True)
class Sense:
    """What the heads make of one text.

    Attributes:
        states: of its tokens, shape ``(tokens, dimension)``; their products with a term's vector are its logits.
        meaning, topic: unit vectors of the whole text.
    """

    states: Vectors
    meaning: Vectors
    topic: Vectors


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query is about: how much each term counts (in all 1), the terms' vectors and biases, meaning and topic."""

    weights: Vectors
    vectors: Vectors
    biases: Vectors
    meaning: Vectors
    topic: Vectors

    def found_in(self, sense: Sense) -> tuple[float, float, float]:
        """Of a document, the mean weight of these terms by how much each counts, the cosines of meanings and of topics.

        The mean is 0 for a query without terms.
        """
        weights = weighed(nearest(self.vectors, sense.states, least=-np.inf) + self.biases)
        return float(self.weights @ weights), float(self.meaning @ sense.meaning), float(self.topic @ sense.topic)


class Heads:
    """From token vectors to terms, a meaning and a topic.

    The weight of a term is ``log(1 + max(0, logit))``, the greatest of all tokens.

    Args:
        session: a graph from token vectors to states, meaning and topic.
        vectors: of the vocabulary's terms, shape ``(terms, dimension)``.
        biases: added to each term's logit, shape ``(terms,)``.

    References:
        Formal et al., "SPLADE v2: Sparse Lexical and Expansion Model for Information Retrieval" (2021), equation 6.
    """

    def __init__(self, session: InferenceSession, vectors: Vectors, biases: Vectors) -> None:
        self._session, self._vectors, self._biases = session, vectors, biases

    @classmethod
    def load(cls, folder: Path) -> Heads | None:
        """The heads in a model folder (heads.onnx, terms.npz); None where the model has neither.

        Raises:
            OSError, KeyError, ValueError: terms.npz is missing or not of this kind.
            ModelError: heads.onnx is missing or cannot be run.
        """
        if not (folder / TABLE).is_file() and not (folder / GRAPH).is_file():
            return None
        with np.load(folder / TABLE, allow_pickle=False) as stored:
            vectors = stored["vectors"].astype(np.float32) * stored["scales"].astype(np.float32)[:, None]
            biases = stored["biases"].astype(np.float32)
        return cls(opened(folder / GRAPH), vectors, biases)

    def sense(self, vectors: Vectors) -> Sense:
        """What is read off a text's token vectors, shape ``(tokens, hidden)``."""
        return Sense(*self._session.run(["states", "meaning", "topic"], {"vectors": vectors}))

    def sought(self, vectors: Vectors) -> Sought:
        """What is read off a query's."""
        sense = self.sense(vectors)
        block = max(1, SINGLE // max(1, sense.states.size))  # of the vocabulary: all of it would be too large a product
        parts = [self._vectors[at : at + block] for at in range(0, len(self._vectors), block)]
        weights = weighed(np.concatenate([nearest(part, sense.states, -np.inf) for part in parts]) + self._biases)
        at = np.flatnonzero(weights)
        shares = weights[at] / max(float(weights.sum()), 1e-9)
        return Sought(shares, self._vectors[at], self._biases[at], sense.meaning, sense.topic)


def weighed(logits: Vectors) -> Vectors:
    """Weights of terms: ``log(1 + max(0, logit))``.

    >>> weighed(np.array([-1, 0, np.e - 1])).tolist()
    [0.0, 0.0, 1.0]
    """
    weights: Vectors = np.log1p(np.maximum(logits, 0))
    return weights
