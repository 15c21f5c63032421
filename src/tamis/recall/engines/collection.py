"""Collections: documents in somebody else's engine, with the verbs of the index."""

from __future__ import annotations

import hashlib
import operator
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tamis.core import BM25, DENSE, Document, Encoder, Progress, Query, Ranking, as_query
from tamis.errors import IndexMismatchError, InputError
from tamis.recall.documents import Source, blocks, stream
from tamis.recall.engines.engine import Ask, Engine, Made, Row, askable, plain, storable
from tamis.recall.engines.stages import best, documents_of, hybrid, ranking, scores
from tamis.recall.fuse import Fusion, Weighted, fused
from tamis.recall.snapshot import MODES, Mode
from tamis.recall.writer import encoded, segmenter

BLOCK, CHARACTERS = 256, 1_000_000  # documents, and characters of them, that are encoded and sent at once
AT_ONCE = 64  # queries that are sent at once


class Collection:
    """Documents in an engine; made by ``create_collection`` or ``open_collection``, never by the constructor.

    Adding is idempotent: a document whose id is there takes its place. What was added before a failure stays, so that
    the same call made again brings the rest. Any number of threads may search.

    >>> from tamis.recall.engines import create_collection
    >>> shelf = create_collection("qdrant+memory:", encoder=None)
    >>> shelf.add([{"id": "a", "text": "A tamis is a drum sieve."}, {"id": "b", "text": "雨"}]), len(shelf)
    (2, 2)
    >>> [c.doc.id for c in shelf.search(["drum sieves"], k=10)[0]]
    ['a']
    """

    def __init__(self, engine: Engine, encoder: Encoder | None = None) -> None:
        self._engine, self._encoder = engine, encoder
        self._loading = threading.Lock()
        if encoder is not None:
            self._same(encoder)

    def __len__(self) -> int:
        return self._engine.count()

    def __repr__(self) -> str:
        return f"<Collection {self.name}>"

    @property
    def name(self) -> str:
        """The engine and the collection, without user name, password and key."""
        return self._engine.name

    @property
    def made(self) -> Made:
        """What made the vectors and the tokens."""
        return self._engine.made

    @property
    def has_vectors(self) -> bool:
        """Whether dense and hybrid search are possible."""
        return self.made.encoder is not None

    def close(self) -> None:
        """Close the connections; nothing else may be asked afterwards."""
        self._engine.close()

    def get(self, doc_id: str) -> Document:
        """The document of an id.

        Raises:
            InputError: the collection has no such document.
        """
        return self._held([doc_id])[doc_id]

    def add(self, documents: Source, progress: Progress | None = None) -> int:
        """Add documents block by block, or replace those that have their ids. Returns how many were sent.

        A document without an id is named by what it says, so that adding it again replaces it.

        Args:
            documents: strings, mappings with a ``text``, or Documents; read once.
            progress: called with (documents done, None).

        Raises:
            InputError: an item is no document; the blocks before it are in the collection.
            RemoteError: the engine failed or refused; the same.
            IndexMismatchError: another segmenter cut the texts that are there.
        """
        self._check_segmenter()
        done = 0
        storables = map(storable, stream(map(_named, _items(documents)), 0))
        for block in blocks(storables, BLOCK, CHARACTERS):
            self._engine.put(self._rows(block))
            done += len(block)
            if progress is not None:
                progress(done, None)
        return done

    def delete(self, ids: Iterable[str]) -> int:
        """Delete documents. Returns how many.

        Raises:
            InputError: an id is not in the collection; then none is deleted.
            RemoteError: the engine failed or refused.
        """
        if isinstance(ids, str):
            raise InputError(f"ids must be a list of ids, got one str: write delete([{ids!r}])")
        wanted = sorted(self._held(list(ids)))
        for start in range(0, len(wanted), BLOCK):
            self._engine.drop(wanted[start : start + BLOCK])
        return len(wanted)

    def search(
        self,
        queries: Sequence[Query] | Sequence[str],
        k: int = 100,
        *,
        mode: Mode = "auto",
        fusion: Fusion | None = None,
    ) -> list[Ranking]:
        """The best documents of each query, at most ``k``; equal scores go by document id.

        Args:
            queries: each may carry ``where``, what its documents' fields must be.
            k: most candidates of a ranking; BM25 finds only documents that share a token with the query.
            mode: "bm25", "dense", "hybrid", or "auto", which is hybrid where there are vectors and bm25 elsewhere.
            fusion: how hybrid search weighs its stages; None is ``Weighted(dense=0.7)``.

        Raises:
            InputError: a query is blank, ``k`` or the mode is none, or the engine cannot compare what ``where`` asks.
            IndexMismatchError: the encoder or the segmenter is not the one that made the collection.
            RemoteError: the engine failed or refused.
        """
        if isinstance(queries, (str, Query)):
            raise InputError("queries must be a list of queries, got one: put it in a list")
        asked, chosen, count = [as_query(query) for query in queries], self._mode(mode), self._count(k)
        found: list[Ranking] = []
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            found += self._found(part, self._asks(part, chosen), count, chosen, fusion or Weighted())
        return found

    def rank(
        self, query: str | Query, ids: Iterable[str], *, mode: Mode = "auto", fusion: Fusion | None = None
    ) -> Ranking:
        """Given documents of the collection, all of them, ordered by what the engine knows of them.

        Raises:
            InputError: the query is blank, the collection has no document of an id, or the mode needs vectors.
            RemoteError: the engine failed or refused.
        """
        asked, chosen = as_query(query), self._mode(mode)
        documents = self._held(sorted(set(ids)))
        ask, names = self._asks([replace(asked, where=None)], chosen)[0], sorted(documents)
        finds = {BM25: self._engine.words, DENSE: self._engine.near}
        stages = {
            stage: scores(find, [ask], [names])[0] for stage, find in finds.items() if chosen in (stage, "hybrid")
        }
        if chosen == "hybrid":
            stages = {"hybrid": fused(fusion or Weighted(), asked, stages), **stages}
        return ranking(asked, {name: documents[name] for name in names}, stages, self.made.encoder)

    def retriever(self, mode: Mode = "auto", *, fusion: Fusion | None = None) -> CollectionRetriever:
        """This collection as a Retriever of one mode."""
        return CollectionRetriever(self, mode, fusion)

    def _rows(self, documents: Sequence[Document]) -> list[Row]:
        """Documents as the engine takes them; of several with one id, the last."""
        from tamis.text import clean, segment

        kept = list({document.id: document for document in documents}.values())
        texts = [clean(document.full_text) for document in kept]
        vectors = encoded(self._model(), texts, "document") if self.has_vectors else [None] * len(kept)
        tokens = [Counter(segment(text)) for text in texts]
        return [Row(*row) for row in zip(kept, tokens, vectors, strict=True)]

    def _asks(self, queries: Sequence[Query], mode: Mode) -> list[Ask]:
        """What the engine is asked, with what the mode needs."""
        from tamis.text import clean, segment

        tokens: Sequence[Mapping[str, int]] = [{}] * len(queries)
        vectors: Sequence[Any] = [None] * len(queries)
        if mode != "dense":
            self._check_segmenter()
            tokens = [Counter(segment(query.text)) for query in queries]
        if mode != "bm25" and queries:
            vectors = list(encoded(self._model(), [clean(query.text) for query in queries], "query"))
        rows = zip(tokens, vectors, queries, strict=True)
        return [Ask(words, vector, askable(query.where)) for words, vector, query in rows]

    def _found(
        self, queries: Sequence[Query], asks: Sequence[Ask], k: int, mode: Mode, fusion: Fusion
    ) -> list[Ranking]:
        engine, encoder = self._engine, self.made.encoder
        if mode == "hybrid":
            return hybrid(engine, queries, asks, k, fusion)
        found = []
        lists = best(engine.words if mode == BM25 else engine.near, asks, k, engine.most)
        for query, hits in zip(queries, lists, strict=True):
            documents, said = documents_of(hits), {hit.id: hit.score for hit in hits}
            stages = {str(mode): np.array([said[name] for name in documents], dtype=np.float64)}
            found.append(ranking(query, documents, stages, encoder))
        return found

    def _held(self, ids: Sequence[str]) -> dict[str, Document]:
        """The documents of some ids."""
        if wrong := [doc_id for doc_id in ids if not isinstance(doc_id, str)]:
            raise InputError(f"a document id is a str, got {type(wrong[0]).__name__} {wrong[0]!r:.80}")
        held: dict[str, Document] = {}
        for start in range(0, len(ids), BLOCK):
            held |= self._engine.get([doc_id for doc_id in ids[start : start + BLOCK] if plain(doc_id)])
        if absent := [doc_id for doc_id in ids if doc_id not in held]:
            raise InputError(f"document id {absent[0]!r} is not in {self.name}")
        return held

    def _model(self) -> Encoder:
        """The encoder, loaded by the spec in the collection's record when it was not given."""
        with self._loading:
            if self._encoder is None:
                record = self.made.encoder
                if record is None or not record.spec:
                    raise InputError(
                        f"{self.name}: an Encoder object made its vectors: pass it, open_collection(url, encoder=...)"
                    )
                from tamis.score import load_encoder

                self._encoder = self._same(load_encoder(record.spec))
            return self._encoder

    def _same(self, encoder: Encoder) -> Encoder:
        """The encoder, if it made the collection."""
        record = self.made.encoder
        if record is None:
            raise IndexMismatchError(f"{self.name}: has no vectors, so an encoder is of no use: open it without one")
        if encoder.fingerprint != record.fingerprint:
            raise IndexMismatchError(
                f"{self.name}: its vectors were made by encoder {record.spec or 'object'!r} ({record.fingerprint}), "
                f"this one is {encoder.fingerprint}: open it with that encoder, or make another collection"
            )
        return encoder

    def _check_segmenter(self) -> None:
        if (own := segmenter()) != self.made.segmenter:
            raise IndexMismatchError(
                f"{self.name}: its texts were cut into tokens by another version of the segmenter "
                f"({self.made.segmenter}, this one is {own}): make another collection"
            )

    def _mode(self, mode: Mode) -> Mode:
        if mode not in MODES:
            raise InputError(f"mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")
        if self.has_vectors:
            return "hybrid" if mode == "auto" else mode
        if mode in ("dense", "hybrid"):
            raise InputError(f'{self.name}: was made with encoder=None, so mode {mode!r} is impossible: use "bm25"')
        return "bm25"

    def _count(self, k: int) -> int:
        try:
            count = operator.index(k)
        except TypeError:
            raise InputError(f"k must be a whole number of at least 1, got {k!r}") from None
        if not 1 <= count <= self._engine.most:
            raise InputError(f"k must be at least 1 and at most {self._engine.most}, got {count}")
        return count


@dataclass(frozen=True, slots=True)
class CollectionRetriever:
    """One mode of a collection, as a Retriever."""

    collection: Collection
    mode: Mode = "auto"
    fusion: Fusion | None = None

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]:
        """One ranking of at most ``k`` candidates for each query."""
        return self.collection.search(queries, k, mode=self.mode, fusion=self.fusion)

    def rank(self, query: Query, ids: Iterable[str]) -> Ranking:
        """Given documents of the collection, all of them, ordered as ``search`` would."""
        return self.collection.rank(query, ids, mode=self.mode, fusion=self.fusion)


def _items(documents: Source) -> Source:
    """The documents, unless it is one, which is refused with what to do."""
    if isinstance(documents, (str, Mapping, Document)):
        next(stream(documents, 0))
    return documents


def _named(item: Any) -> Any:
    """A document that has an id, or what it says as one."""
    if isinstance(item, str):
        return Document(_digest("", item), item)
    if isinstance(item, Mapping) and "id" not in item:
        return {**item, "id": _digest(str(item.get("title")), str(item.get("text")))}
    return item


def _digest(title: str, text: str) -> str:
    return hashlib.sha256(f"{title}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
