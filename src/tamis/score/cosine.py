"""The plain cosine of an encoder as a scorer: the baseline a reranker has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from tamis.core import Encoder, Floats, Pair
from tamis.score.batch import distinct


@runtime_checkable
class ShorteningEncoder(Encoder, Protocol):
    """An encoder that can be made to read fewer tokens."""

    def shortened(self, max_length: int) -> ShorteningEncoder: ...


class Cosine:
    """Cosine of query and document vectors, in [-1, 1].

    >>> from tamis import Document, Query, load_encoder
    >>> scorer = Cosine("e5-small", load_encoder("e5-small"))
    >>> scorer.score([(Query("cat"), Document("a", "kitten"))]).shape
    (1,)
    """

    def __init__(self, name: str, encoder: ShorteningEncoder) -> None:
        self.name = name
        self.encoder = encoder

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores."""
        return f"cosine({self.encoder.fingerprint})"

    def shortened(self, max_length: int) -> Cosine:
        """The same scorer reading at most ``max_length`` tokens of a text."""
        return Cosine(self.name, self.encoder.shortened(max_length))

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Cosines, shape ``(len(pairs),)``; every distinct text is encoded once."""
        queries, left = distinct(query.text for query, _ in pairs)
        documents, right = distinct(document.full_text for _, document in pairs)
        query_vectors = self.encoder.encode(queries, "query")
        document_vectors = self.encoder.encode(documents, "document")
        cosines: Floats = np.einsum("ij,ij->i", query_vectors[left], document_vectors[right], dtype=np.float64)
        return cosines
