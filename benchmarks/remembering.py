"""An encoder that encodes no text twice, for measurements in which many systems read the same texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tamis.core import Kind, Vectors
from tamis.score.encoder import TextEncoder, Tokens


class Remembering(TextEncoder):
    """Keeps the mean vector of every text it has read; with ``whole``, the vectors of all tokens (150 kB a passage)."""

    def __init__(self, encoder: TextEncoder, *, whole: bool = False) -> None:
        self.__dict__.update(encoder.__dict__)
        self.whole = whole
        self.means: dict[tuple[int, ...], Vectors] = {}
        self.read: dict[tuple[int, ...], Vectors] = {}

    def token_vectors(self, tokens: Sequence[Tokens]) -> Iterator[tuple[int, Tokens, Vectors]]:
        new = [at for at, t in enumerate(tokens) if tuple(t.ids) not in self.read]
        for row, t, vectors in super().token_vectors([tokens[at] for at in new]):
            self.means[tuple(t.ids)] = vectors.mean(axis=0)
            if self.whole:
                self.read[tuple(t.ids)] = vectors.copy()
            yield new[row], t, vectors
        for at in sorted(set(range(len(tokens))) - set(new)):
            yield at, tokens[at], self.read[tuple(tokens[at].ids)]

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        tokens = self.tokens(texts, kind)
        for _ in self.token_vectors([t for t in tokens if tuple(t.ids) not in self.means]):
            pass
        means = np.stack([self.means[tuple(t.ids)] for t in tokens])
        return means / np.linalg.norm(means, axis=1, keepdims=True)
