"""Segments on disk: written from a stream of documents or copied from other segments, opened by mapping."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Encoder, Vectors
from tamis.errors import IndexCorruptError, InputError, ModelError
from tamis.recall.documents import Corpus, Positions, Ragged, Segment, id_bytes, line
from tamis.recall.manifest import SegmentRecord
from tamis.recall.store import ArrayOutput, Output, Transaction

_PROBE = (
    "The Qwen3-Reranker-0.6B re-ranks 1,000 documents; it's fast. 根据《民法典》第五百零九条，合同何时无效？ＡＢＣ繁體"
)
COPIED = 4096  # documents copied at once


def segmenter() -> str:
    """What cuts texts into tokens, named by what it does to a probe text: another answer makes other tokens.

    >>> len(segmenter())
    16
    """
    from tamis.text import segment

    return hashlib.sha256(json.dumps(segment(_PROBE)).encode()).hexdigest()[:16]


class SegmentWriter:
    """Writes documents, their token ids and vectors, as they come, into the files of one segment."""

    def __init__(self, files: Transaction, dimension: int | None, prefix: str = "") -> None:
        self.documents = 0
        self._files, self._prefix = files, prefix
        self._names: dict[str, str] = {}
        self._lines = self._open("documents", "documents.jsonl")
        self._ids = self._array("ids", "ids.npy", np.uint8)
        self._tokens = self._array("tokens", "tokens.npy", np.int32)
        self._vectors = self._array("vectors", "vectors.npy", np.float32, (dimension,)) if dimension else None
        self._starts = {kind: array("q", [0]) for kind in ("documents", "ids", "tokens")}

    def _open(self, kind: str, file: str) -> Output:
        self._names[kind], output = self._files.output(self._prefix + file)
        return output

    def _array(self, kind: str, file: str, dtype: Any, row_shape: tuple[int, ...] = ()) -> ArrayOutput:
        return ArrayOutput(self._open(kind, file), dtype, row_shape)

    def append(
        self,
        lines: Sequence[bytes],
        ids: Sequence[bytes],
        tokens: Sequence[NDArray[np.int32]],
        vectors: Vectors | None,
    ) -> None:
        """Add documents, given as what is stored of each."""
        self._lines.write(b"".join(lines))
        self._ids.append(np.frombuffer(b"".join(ids), dtype=np.uint8))
        self._tokens.append(np.concatenate([np.zeros(0, dtype=np.int32), *tokens]))
        if self._vectors is not None and vectors is not None:
            self._vectors.append(vectors)
        rows: Mapping[str, Sequence[Any]] = {"documents": lines, "ids": ids, "tokens": tokens}
        for kind, start in self._starts.items():
            for row in rows[kind]:
                start.append(start[-1] + len(row))
        self.documents += len(lines)

    def finish(self, vocabulary: Sequence[str]) -> SegmentRecord:
        """Close the arrays; ``vocabulary`` holds the tokens that this segment is the first to have, in id order."""
        for output in (self._ids, self._tokens, self._vectors):
            if output is not None:
                output.finish()
        self._open("vocabulary", "vocabulary.json").write(json.dumps(list(vocabulary)).encode())
        for kind, start in self._starts.items():
            starts = np.array(start, dtype=np.int64)
            self._names[f"{kind}_start"] = self._files.array(f"{self._prefix}{kind}_start", starts)
        return SegmentRecord(self.documents, dict(self._names))


class Indexer:
    """Turns documents into what a segment stores: tokens become numbers, texts become vectors.

    Attributes:
        vocabulary: number of every token; grows as new ones are met.
    """

    def __init__(self, vocabulary: dict[str, int], encoder: Encoder | None) -> None:
        self.vocabulary, self.encoder = vocabulary, encoder

    def write(self, documents: Sequence[Document], to: SegmentWriter) -> None:
        """Write a block of documents."""
        from tamis.text import clean

        lines = [line(document) for document in documents]
        texts = [clean(document.full_text) for document in documents]
        vectors = encoded(self.encoder, texts, "document") if self.encoder is not None else None
        to.append(lines, [id_bytes(d.id) for d in documents], [self._token_ids(text) for text in texts], vectors)

    def _token_ids(self, text: str) -> NDArray[np.int32]:
        from tamis.text import segment

        known = self.vocabulary
        return np.array([known.setdefault(token, len(known)) for token in segment(text)], dtype=np.int32)


def encoded(encoder: Encoder, texts: Sequence[str], kind: Any) -> Vectors:
    """The vectors of some texts.

    Raises:
        ModelError: the encoder gave vectors of another shape than it states, or numbers that are not finite.
    """
    vectors = np.asarray(encoder.encode(texts, kind), dtype=np.float32)
    if vectors.shape != (len(texts), encoder.dimension):
        raise ModelError(
            f"the encoder gave vectors of shape {vectors.shape}, expected {(len(texts), encoder.dimension)}: "
            "one a text, as wide as its dimension"
        )
    if not np.isfinite(vectors).all():
        raise ModelError("the encoder gave a vector that is not finite: check its weights")
    return vectors


def copy(corpus: Corpus, positions: Positions, to: SegmentWriter) -> None:
    """Write documents again as they are, without encoding them anew."""
    for start in range(0, len(positions), COPIED):
        chosen = positions[start : start + COPIED]
        places = [corpus.locate(position) for position in chosen.tolist()]
        has_vectors = any(segment.vectors is not None for segment in corpus.segments)
        to.append(
            [segment.lines[at].tobytes() for segment, at in places],
            [segment.ids[at].tobytes() for segment, at in places],
            [segment.tokens[at] for segment, at in places],
            corpus.vectors(chosen) if has_vectors else None,
        )


def open_segment(folder: Path, record: SegmentRecord) -> Segment:
    """Map a segment's files.

    Raises:
        IndexCorruptError: a file cannot be read as what it should be.
    """

    def ragged(kind: str) -> Ragged[Any]:
        return Ragged(mapped(folder / record.files[kind]), mapped(folder / record.files[f"{kind}_start"]))

    lines = folder / record.files["documents"]
    size = lines.stat().st_size  # an empty file cannot be mapped
    text = np.asarray(np.memmap(lines, mode="r", dtype=np.uint8)) if size else np.zeros(0, dtype=np.uint8)
    start = mapped(folder / record.files["documents_start"])
    vectors = mapped(folder / record.files["vectors"]) if "vectors" in record.files else None
    return Segment(Ragged(text, start), ragged("ids"), ragged("tokens"), vectors)


def mapped(path: Path) -> NDArray[Any]:
    """A ``.npy`` file as a read-only array that is read from disk where it is touched.

    Raises:
        IndexCorruptError: the file is no such array.
    """
    try:
        # A plain array over the mapping: np.memmap runs Python code at every slice, a third of a rebuild's time.
        loaded: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError as error:
        raise IndexCorruptError(
            f"{path}: is not the array that was written ({error}): restore the folder from a copy, or build it again"
        ) from error
    return loaded


def read_vocabulary(folder: Path, records: Iterable[SegmentRecord]) -> dict[str, int]:
    """The number of every token, over all segments in their order."""
    known: dict[str, int] = {}
    for record in records:
        for token in json.loads((folder / record.files["vocabulary"]).read_bytes()):
            known[token] = len(known)
    return known


class Fresh:
    """Checks that ids are new, to the index and among themselves."""

    def __init__(self, corpus: Corpus | None) -> None:
        self._corpus = corpus
        self._seen: set[str] = set()

    def check(self, documents: Sequence[Document]) -> None:
        """Remember the documents' ids.

        Raises:
            InputError: an id came before.
        """
        for document in documents:
            if document.id in self._seen:
                raise InputError(f"document id {document.id!r} stands twice among the documents: ids must be unique")
            if self._corpus is not None and self._corpus.find(document.id) is not None:
                raise InputError(
                    f"document id {document.id!r} is in the index already: delete([{document.id!r}]) first, then add"
                )
            self._seen.add(document.id)
