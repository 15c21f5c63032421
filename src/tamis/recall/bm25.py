"""BM25 over token ids: the score matrix is computed when documents are written, a query adds up its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tamis.recall.documents import Ragged

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parameters:
    """BM25 as Lucene computes it, with exact document lengths (Kamphuis et al., ECIR 2020).

    ``idf(t) * tf / (tf + k1 * (1 - b + b * length / mean length))``, ``idf(t) = ln(1 + (N - df + .5) / (df + .5))``.
    """

    k1: float = 0.9
    b: float = 0.4


@dataclass(frozen=True, slots=True)
class Matrix:
    """Scores by token: those of token ``t`` are ``data[start[t]:start[t + 1]]``, for the documents in ``rows``."""

    data: NDArray[np.float32]
    rows: NDArray[np.int32]
    start: Ints
    documents: int

    def scores(self, token_ids: Sequence[int]) -> NDArray[np.float32]:
        """Score of every document, shape ``(documents,)``; 0 where no token occurs. Repeated tokens count again."""
        if not self.documents or not len(token_ids):
            return np.zeros(self.documents, dtype=np.float32)
        engine = _engine(Parameters())
        engine.scores = {
            "data": self.data,
            "indices": self.rows,
            "indptr": self.start,
            "num_docs": self.documents,
        }
        engine.nonoccurrence_array = None
        found: NDArray[np.float32] = engine.get_scores_from_ids(list(token_ids))
        return found


@dataclass(frozen=True, slots=True)
class _Corpus:
    """Documents' token ids one at a time, in the form bm25s asks for (it iterates several times)."""

    parts: Sequence[tuple[Ragged[np.int32], Ints]]

    def __len__(self) -> int:
        return sum(len(kept) for _, kept in self.parts)

    def __iter__(self) -> Iterator[list[int]]:
        for tokens, kept in self.parts:
            for row in tokens.rows(kept):
                yield row.tolist()


def build_matrix(parts: Sequence[tuple[Ragged[np.int32], Ints]], tokens: int, parameters: Parameters) -> Matrix:
    """The score matrix of a corpus.

    Args:
        parts: for each segment, its documents' token ids and which of its documents are kept.
        tokens: size of the vocabulary.
        parameters: k1 and b.
    """
    corpus = _Corpus(parts)
    if not any((ragged.start[kept + 1] > ragged.start[kept]).any() for ragged, kept in parts):
        start = np.zeros(tokens + 1, dtype=np.int64)
        return Matrix(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int32), start, len(corpus))
    # Not BM25.index(): it logs at DEBUG level whatever the application's own level is.
    made = _engine(parameters).build_index_from_ids(range(tokens), corpus, show_progress=False)
    return Matrix(made["data"], made["indices"].astype(np.int32), made["indptr"].astype(np.int64), len(corpus))


def _engine(parameters: Parameters) -> Any:
    import bm25s

    return bm25s.BM25(k1=parameters.k1, b=parameters.b, method="lucene", backend="numpy", csc_backend="numpy")
