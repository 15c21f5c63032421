"""An encoder and a scorer that read no text twice, for measurements in which many systems read the same texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tamis.core import Document, Floats, Kind, Pair, Query, Vectors
from tamis.score.blend import FEATURES
from tamis.score.encoder import Read, TextEncoder
from tamis.score.late import LateInteraction, unit


class Remembering(TextEncoder):
    """Keeps the mean vector of every text it has read; with ``whole``, the vectors of all tokens (150 kB a passage)."""

    def __init__(self, encoder: TextEncoder, *, whole: bool = False) -> None:
        self.__dict__.update(encoder.__dict__)
        self.whole = whole
        self.means: dict[bytes, Vectors] = {}
        self.read: dict[bytes, Vectors] = {}

    def token_vectors(self, tokens: Sequence[Read]) -> Iterator[tuple[int, Read, Vectors]]:
        keys = [key(t.ids) for t in tokens]
        new = [at for at, k in enumerate(keys) if k not in self.read]
        for row, t, vectors in super().token_vectors([tokens[at] for at in new]):
            self.means[keys[new[row]]] = vectors.mean(axis=0)
            if self.whole:
                self.read[keys[new[row]]] = vectors.copy()
            yield new[row], t, vectors
        for at in sorted(set(range(len(tokens))) - set(new)):
            yield at, tokens[at], self.read[keys[at]]

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        tokens = self.tokens(texts, kind)
        for _ in self.token_vectors([t for t in tokens if key(t.ids) not in self.means]):
            pass
        means = np.stack([self.means[key(t.ids)] for t in tokens])
        return means / np.linalg.norm(means, axis=1, keepdims=True)


class RememberingScorer(LateInteraction):
    """Keeps the features of every pair it has read, on disk too, so that other weights need no encoding anew."""

    def __init__(self, scorer: LateInteraction) -> None:
        self.__dict__.update(scorer.__dict__)
        self.encoder = Remembering(scorer.encoder)
        self.known: dict[bytes, Floats] = {}

    @property
    def reads(self) -> str:
        """What exactly makes the features: the encoder, and the token statistics."""
        own = self.made if self.statistics.heads else ""  # heads have no digest of their own
        known = [self.statistics.pieces.tolist(), self.statistics.centres.tolist()]
        return key([self.encoder.fingerprint, *known, own]).hex()

    def beside(self, other: LateInteraction) -> RememberingScorer:
        """Another scorer that weighs what this one has read; its encoder and token statistics must be the same."""
        found = RememberingScorer(other)
        found.encoder, found.known = self.encoder, self.known
        return found

    def features(self, pairs: Sequence[Pair]) -> Floats:
        keys = [pair_key(query, document) for query, document in pairs]
        new = [at for at, k in enumerate(keys) if k not in self.known]
        found = super().features([pairs[at] for at in new])
        self.known |= {keys[at]: row for at, row in zip(new, found, strict=True)}
        return np.array([self.known[k] for k in keys]).reshape(-1, len(FEATURES))

    def read(
        self, queries: Sequence[Query], documents: Sequence[Document], wanted: Mapping[str, set[int]], nearest: int
    ) -> None:
        """Read each document once, and keep the features of pairs that some system may ask for.

        Args:
            wanted: positions of queries by document id.
            nearest: besides, the pairs of so many documents that are nearest to a query among those read so far.
        """
        asked = self.asked([query.text for query in queries])
        means = np.stack([query.mean for query in asked])
        best = np.full((len(queries), max(nearest, 1)), -1.0 if nearest else np.inf, dtype=np.float32)
        texts = [document.full_text for document in documents]
        for at, tokens, vectors in self.encoder.token_vectors(self.encoder.tokens(texts, "document")):
            cosines = means @ unit(vectors.mean(axis=0))
            near = np.flatnonzero(cosines >= best.min(axis=1))
            for row in near.tolist():
                best[row, best[row].argmin()] = cosines[row]
            rows = sorted(wanted.get(documents[at].id, set()) | set(near.tolist()))
            found = self.matched([asked[row] for row in rows], texts[at], tokens, vectors)
            self.known |= {pair_key(queries[r], documents[at]): f for r, f in zip(rows, found, strict=True)}

    @contextmanager
    def kept(self, folder: Path | None, name: str) -> Iterator[None]:
        """Remember what stands in a folder under this name, and write there what is remembered; without one, do not."""
        if folder and (folder / f"{name}.npz").exists():
            self.restore(folder / f"{name}.npz")
        yield
        if folder:
            self.save(folder / f"{name}.npz")

    def save(self, path: Path) -> None:
        """Write what is remembered to one file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        means, known = self.encoder.means, self.known
        arrays = [np.frombuffer(b"".join(part), np.uint8).reshape(-1, 16) for part in (means, known)]
        np.savez(path, reads=self.reads, texts=arrays[0], means=np.stack([*means.values()]), pairs=arrays[1],
                 features=np.stack([*known.values()]))  # fmt: skip

    def restore(self, path: Path) -> None:
        """Remember what a file holds, if this encoder and these statistics made it."""
        with np.load(path) as stored:
            if str(stored["reads"]) == self.reads:
                self.encoder.means |= dict(zip(map(bytes, stored["texts"]), stored["means"], strict=True))
                self.known |= dict(zip(map(bytes, stored["pairs"]), stored["features"], strict=True))


def pair_key(query: Query, document: Document) -> bytes:
    return key([query.text, document.full_text])


def key(parts: Sequence[object]) -> bytes:
    """Sixteen bytes that stand for what is given."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
