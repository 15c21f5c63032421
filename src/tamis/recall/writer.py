"""A segment in the making: written from documents as they come, or from what other segments hold."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Encoder, Vectors
from tamis.errors import ModelError
from tamis.recall.columns import Columns, ColumnsWriter, described
from tamis.recall.documents import Positions, Ragged, id_bytes, line
from tamis.recall.manifest import SegmentRecord
from tamis.recall.postings import Joined, counted, digests, term
from tamis.recall.segment import Segment
from tamis.recall.store import ArrayOutput, Output, Transaction

_PROBE = (
    "The Qwen3-Reranker-0.6B re-ranks 1,000 documents; it's fast. 根据《民法典》第五百零九条，合同何时无效？ＡＢＣ繁體"
)
COPIED = 1 << 16  # rows copied at once


def segmenter() -> str:
    """What cuts texts into tokens, named by what it does to a probe text: another answer makes other tokens.

    >>> len(segmenter())
    16
    """
    from tamis.text import segment

    return hashlib.sha256(json.dumps(segment(_PROBE)).encode()).hexdigest()[:16]


class SegmentFiles:
    """The files that every segment has, however its content comes about.

    Attributes:
        documents: rows so far.
        columns: their fields.
    """

    def __init__(self, files: Transaction, dimension: int | None, prefix: str) -> None:
        self.documents, self.columns = 0, ColumnsWriter()
        self._files, self._prefix = files, prefix
        self._names: dict[str, str] = {}
        self._lines = self._open("documents", ".jsonl")
        self._ids = self.growing("ids", np.uint8)
        self._starts = {"documents": array("q", [0]), "ids": array("q", [0])}
        self._kept_ids: list[bytes] = []
        self._vectors = self.growing("vectors", np.float32, (dimension,)) if dimension else None

    def _open(self, kind: str, ending: str) -> Output:
        self._names[kind], output = self._files.output(f"{self._prefix}{kind}{ending}")
        return output

    def growing(self, kind: str, dtype: Any, row_shape: tuple[int, ...] = ()) -> ArrayOutput:
        """A new array that grows by rows."""
        return ArrayOutput(self._open(kind, ".npy"), dtype, row_shape)

    def array(self, kind: str, values: NDArray[Any]) -> None:
        """A new array that is whole."""
        self._names[kind] = self._files.array(self._prefix + kind, values)

    def append(self, lines: bytes, sizes: Sequence[int], ids: Sequence[bytes]) -> None:
        """Add documents: their lines end to end, each line's bytes, their ids."""
        self._lines.write(lines)
        self._ids.append(np.frombuffer(b"".join(ids), dtype=np.uint8))
        for kind, lengths in (("documents", sizes), ("ids", [len(name) for name in ids])):
            start = self._starts[kind]
            start.extend((start[-1] + np.cumsum(lengths, dtype=np.int64)).tolist())
        self._kept_ids += ids
        self.documents += len(ids)

    def append_vectors(self, vectors: Vectors | None) -> None:
        """Add the documents' vectors."""
        if self._vectors is not None and vectors is not None:
            self._vectors.append(vectors)

    def finish(self, length: int) -> SegmentRecord:
        """Write what is known when all documents are; ``length`` counts their tokens."""
        for output in (self._ids, self._vectors):
            if output is not None:
                output.finish()
        for kind, start in self._starts.items():
            self.array(f"{kind}_start", np.array(start, dtype=np.int64))
        ids = self._kept_ids
        rank = np.empty(len(ids), dtype=np.int32)
        rank[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids), dtype=np.int32)
        hashes = digests(ids)
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        for kind, values in (("ids_rank", rank), ("ids_hash", hashes[order]), ("ids_row", order)):
            self.array(kind, values)
        if self.columns.columns:
            self._write(self.columns.finish())
        return SegmentRecord(self.documents, length, dict(self._names))

    def _write(self, columns: Columns) -> None:
        self._open("columns", ".json").write(json.dumps(described(columns)).encode())
        self.array("codes", columns.codes)
        self.array("values", columns.values.values)
        self.array("values_start", columns.values.start)


class Indexer:
    """Writes documents as they come into one segment; its tokens are in memory until it is finished.

    Attributes:
        written: the segment's files.
        tokens: how many it holds so far.
    """

    def __init__(self, files: Transaction, encoder: Encoder | None, prefix: str) -> None:
        self.written = SegmentFiles(files, encoder.dimension if encoder is not None else None, prefix)
        self._encoder = encoder
        self._known: dict[str, int] = {}
        self._tokens, self._lengths = array("i"), array("i")

    @property
    def tokens(self) -> int:
        """How many tokens it holds so far."""
        return len(self._tokens)

    def write(self, documents: Sequence[Document]) -> None:
        """Write a block of documents."""
        from tamis.text import clean, segment

        lines = [line(document) for document in documents]
        texts = [clean(document.full_text) for document in documents]
        vectors = encoded(self._encoder, texts, "document") if self._encoder is not None else None
        known = self._known
        for text in texts:
            tokens = segment(text)
            self._tokens.extend([known.setdefault(token, len(known)) for token in tokens])
            self._lengths.append(len(tokens))
        self.written.append(b"".join(lines), [len(row) for row in lines], [id_bytes(d.id) for d in documents])
        self.written.append_vectors(vectors)
        self.written.columns.append(documents)

    def finish(self) -> SegmentRecord:
        """Count the tokens, and close the segment."""
        terms = np.array([term(token) for token in self._known], dtype=np.uint64)
        lengths = np.frombuffer(self._lengths, dtype=np.int32)
        found = counted(np.frombuffer(self._tokens, dtype=np.int32), lengths, terms)
        for kind, values in (("terms", found.terms), ("terms_start", found.start), ("rows", found.rows)):
            self.written.array(kind, values)
        self.written.array("counts", found.counts)
        self.written.array("lengths", lengths)
        return self.written.finish(len(self._tokens))


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


def join(segments: Sequence[Segment], files: Transaction, dimension: int | None, prefix: str) -> SegmentRecord:
    """Write the documents of several segments that can be found as one segment, as they are, without encoding anew."""
    written = SegmentFiles(files, dimension, prefix)
    for segment in segments:
        for rows in _batches(segment):
            _copy(segment, rows, written)
        written.columns.copy(segment.columns, segment.live)
    length = _join_postings(segments, written)
    return written.finish(length)


def moved(segments: Sequence[Segment]) -> list[NDArray[np.int32]]:
    """The row of each document in the segment that these are joined to; -1 where it was deleted."""
    found, first = [], 0
    for segment in segments:
        new = np.full(len(segment), -1, dtype=np.int32)
        new[segment.live] = np.arange(first, first + len(segment.live), dtype=np.int32)
        first += len(segment.live)
        found.append(new)
    return found


def _batches(segment: Segment) -> Iterator[Positions]:
    for start in range(0, len(segment.live), COPIED):
        yield segment.live[start : start + COPIED]


def _copy(segment: Segment, rows: Positions, to: SegmentFiles) -> None:
    """Copy some documents' lines, ids and vectors."""
    sizes = segment.lines.start[rows + 1] - segment.lines.start[rows]
    to.append(_bytes_of(segment.lines, rows), sizes.tolist(), [segment.id(row) for row in rows.tolist()])
    if segment.vectors is not None:
        whole = rows[-1] - rows[0] + 1 == len(rows)
        to.append_vectors(segment.vectors[rows[0] : rows[-1] + 1] if whole else segment.vectors[rows])


def _bytes_of(ragged: Ragged[np.uint8], rows: Positions) -> bytes:
    """The bytes of ascending rows, taken run by run."""
    cuts = np.flatnonzero(np.diff(rows) > 1) + 1
    first, last = rows[[0, *cuts]], rows[[*(cuts - 1), len(rows) - 1]] + 1
    return b"".join(ragged.slice(a, b).tobytes() for a, b in zip(first.tolist(), last.tolist(), strict=True))


def _join_postings(segments: Sequence[Segment], to: SegmentFiles) -> int:
    """Write the segments' postings as one; gives the number of tokens."""
    joined = Joined([segment.postings for segment in segments], moved(segments))
    rows, counts = to.growing("rows", np.int32), to.growing("counts", joined.widest())
    terms, many = [np.zeros(0, np.uint64)], [np.zeros(1, np.int64)]
    for known, held, where, often in joined.pieces():
        terms.append(known)
        many.append(held)
        rows.append(where)
        counts.append(often)
    rows.finish()
    counts.finish()
    to.array("terms", np.concatenate(terms))
    to.array("terms_start", np.cumsum(np.concatenate(many), dtype=np.int64))
    lengths = np.concatenate([segment.postings.lengths[segment.live] for segment in segments])
    to.array("lengths", lengths)
    return int(lengths.sum(dtype=np.int64))


def without(segment: Segment, rows: Positions, files: Transaction, prefix: str) -> SegmentRecord:
    """The same segment with some more documents deleted, of which nothing but their absence is written."""
    gone = np.union1d(rows, np.flatnonzero(~segment.alive) if segment.alive is not None else rows[:0])
    chosen = np.zeros(len(segment), dtype=bool)
    chosen[gone] = True
    terms, counts = segment.postings.among(chosen)
    arrays: Mapping[str, NDArray[Any]] = {"gone": gone.astype(np.int32), "gone_terms": terms, "gone_counts": counts}
    names = {kind: files.array(prefix + kind, values) for kind, values in arrays.items()}
    length = int(segment.postings.lengths[gone].sum(dtype=np.int64))
    record = segment.record
    return replace(record, files={**record.files, **names}, gone=len(gone), gone_length=length)
