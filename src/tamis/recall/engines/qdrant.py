"""Qdrant: dense and sparse vectors in one collection, on a cluster, in a folder, or in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from tamis.core import Document
from tamis.errors import IndexStoreError, InputError, RemoteError
from tamis.extras import require
from tamis.recall.bm25 import Parameters
from tamis.recall.engines.address import Address, key
from tamis.recall.engines.engine import Ask, Hit, Made, Row, absent, key_of
from tamis.recall.engines.qdrant_filter import condition_of

WORDS, DENSE = "words", "dense"  # the names of a point's vectors
KEY = "QDRANT_API_KEY"
PORT = 6333
SEARCHED = 200  # candidates that HNSW keeps at least; Qdrant's own choice is 100

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class QdrantOptions:
    """What a ``qdrant:`` URL may say after ``?``.

    Attributes:
        collection: its name, where the URL's path does not say it.
        key_env: the environment variable that holds the API key; empty sends none.
        timeout: seconds that one answer may take.
    """

    collection: str = ""
    key_env: str = KEY
    timeout: int = 60


class Qdrant:
    """A collection of Qdrant. Words are sparse vectors over our tokens, weighed by Qdrant's own IDF.

    A token's number is a 32-bit hash of it: two tokens in a million share one. Its value in a document is BM25's term
    part, which needs the documents' mean length: that of the first block, which the collection keeps, since Qdrant
    cannot compute values anew when the mean moves. Qdrant's ``path=`` and ``:memory:`` are test doubles by brute force
    that no two threads may enter at once, so a lock has them queue; a server is asked by all threads at once.
    """

    most = 100_000

    def __init__(self, client: Any, collection: str, name: str, lock: AbstractContextManager[Any]) -> None:
        self._client, self._collection, self.name, self._lock = client, collection, name, lock
        self._models = require("qdrant_client.models")
        self._parameters = Parameters()
        told = self._metadata()
        self.made = Made.read(told.get("tamis"), name)
        self._mean = float(told.get("mean_length") or 0)

    @classmethod
    def open(cls, where: Address) -> Qdrant:
        """The collection of an address.

        Raises:
            IndexStoreError: there is none, or tamis did not make it.
            RemoteError: the server failed or refused.
            MissingExtraError: qdrant-client is not installed.
        """
        return cls(*_connected(where))

    @classmethod
    def create(cls, where: Address, made: Made) -> Qdrant:
        """A new, empty collection.

        Raises:
            IndexStoreError: there is one of this name.
            RemoteError: the server failed or refused.
            MissingExtraError: qdrant-client is not installed.
        """
        client, collection, name, lock = _connected(where)
        models = require("qdrant_client.models")
        encoder = made.encoder
        size = {DENSE: models.VectorParams(size=encoder.dimension, distance="Dot")} if encoder else {}
        with _told(name), lock:
            if client.collection_exists(collection):
                raise IndexStoreError(f"{name} is there already: add to it, or name another")
            client.create_collection(
                collection,
                vectors_config=size,
                sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                metadata={"tamis": made.as_json()},
            )
        return cls(client, collection, name, lock)

    def put(self, rows: Sequence[Row]) -> None:
        """Write documents, in the place of those that have their ids."""
        if not self._mean and any(row.length for row in rows):
            self._mean = float(self._metadata().get("mean_length") or 0)  # another writer may have come first
        if not self._mean and any(row.length for row in rows):
            self._mean = max(sum(row.length for row in rows) / len(rows), 1.0)
            self._ask(lambda c: c.update_collection(self._collection, metadata={"mean_length": self._mean}))
        points = [self._point(row) for row in rows]
        self._ask(lambda c: c.upsert(self._collection, points, wait=True))

    def drop(self, ids: Sequence[str]) -> None:
        """Delete the documents of some ids."""
        chosen = self._models.PointIdsList(points=[key_of(doc_id) for doc_id in ids])
        self._ask(lambda c: c.delete(self._collection, chosen, wait=True))

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """The documents of some ids, those that there are."""
        keys = [key_of(doc_id) for doc_id in ids]
        records = self._ask(lambda c: c.retrieve(self._collection, keys, with_payload=True))
        documents = [_document(record.payload) for record in records]
        return {document.id: document for document in documents}

    def count(self) -> int:
        """How many documents there are."""
        return int(self._ask(lambda c: c.count(self._collection, exact=True)).count)

    def words(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        """The best by the sparse vectors."""
        return self._found(WORDS, [self._sparse(dict(ask.tokens)) for ask in asks], asks, k)

    def near(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        """The best by the dense vectors."""
        return self._found(DENSE, [None if ask.vector is None else ask.vector.tolist() for ask in asks], asks, k)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._client.close()

    def _found(self, using: str, vectors: Sequence[Any], asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        models = self._models
        # A double finds by brute force and warns where it is told how far to look.
        depth = {} if isinstance(self._lock, type(threading.Lock())) else {"hnsw_ef": max(2 * k, SEARCHED)}
        requests = [
            models.QueryRequest(
                query=vector,
                using=using,
                filter=self._filter(ask),
                limit=k,
                with_payload=ask.ids is None or ["id"],
                params=models.SearchParams(**depth) if depth and using == DENSE else None,
            )
            for vector, ask in zip(vectors, asks, strict=True)
            if vector is not None
        ]
        answers = iter(self._ask(lambda c: c.query_batch_points(self._collection, requests)) if requests else ())
        found = []
        for vector, ask in zip(vectors, asks, strict=True):
            points = next(answers).points if vector is not None else []
            told = [(str(point.payload["id"]), point) for point in points]
            found.append([Hit(i, p.score, _document(p.payload) if ask.ids is None else None) for i, p in told])
        return found

    def _filter(self, ask: Ask) -> Any:
        must = [condition_of(one, self._models) for one in ask.where.conditions] if ask.where else []
        if ask.ids is not None:
            must.append(self._models.HasIdCondition(has_id=[key_of(doc_id) for doc_id in ask.ids]))
        return self._models.Filter(must=must) if must else None

    def _point(self, row: Row) -> Any:
        document, p = row.document, self._parameters
        norm = p.k1 * (1 - p.b + p.b * row.length / self._mean) if self._mean else p.k1
        vectors = {WORDS: self._sparse({token: tf / (tf + norm) for token, tf in row.tokens.items()})}
        if row.vector is not None:
            vectors[DENSE] = row.vector.tolist()
        payload = {"id": document.id, "title": document.title, "text": document.text, "fields": dict(document.fields)}
        kept = {name: vector for name, vector in vectors.items() if vector is not None}
        return self._models.PointStruct(id=key_of(document.id), vector=kept, payload=payload)

    def _sparse(self, values: Mapping[str, float]) -> Any:
        """Values by token as a sparse vector; None where there are none. Tokens of one number add up."""
        total: dict[int, float] = {}
        for token, value in values.items():
            total[index_of(token)] = total.get(index_of(token), 0.0) + value
        if not total:
            return None
        return self._models.SparseVector(indices=sorted(total), values=[float(total[at]) for at in sorted(total)])

    def _metadata(self) -> dict[str, Any]:
        if not self._ask(lambda c: c.collection_exists(self._collection)):
            raise absent(self.name)
        return dict(self._ask(lambda c: c.get_collection(self._collection)).config.metadata or {})

    def _ask(self, do: Callable[[Any], Given]) -> Given:
        with _told(self.name), self._lock:
            return do(self._client)


def index_of(token: str) -> int:
    """A token's number in sparse vectors, the same on every machine.

    >>> index_of("筛子")
    3042031643
    """
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=4).digest(), "little")


def _document(payload: Mapping[str, Any] | None) -> Document:
    told = payload or {}
    return Document(str(told["id"]), told.get("text") or "", told.get("title") or "", told.get("fields") or {})


def _connected(where: Address) -> tuple[Any, str, str, AbstractContextManager[Any]]:
    """A client, the collection's name, what messages call it, and the lock that its double needs."""
    options, client = where.read(QdrantOptions), require("qdrant_client").QdrantClient
    collection = options.collection or (where.path if where.host else "") or "documents"
    if not collection.isprintable() or set(collection) & set('<>:"/\\|?*'):
        raise InputError(f"Qdrant has no collection {collection!r:.80}: expected such as qdrant://host:6333/documents")
    name = f"Qdrant collection {collection!r}"
    with _told(f"{name} in {where.path or 'memory'}" if not where.host else f"{name} on {where.server}"):
        if where.scheme == "qdrant+memory":
            return client(":memory:"), collection, f"{name} in memory", threading.Lock()
        if not where.host:
            local = client(path=f"/{where.path}", force_disable_check_same_thread=True)
            return local, collection, f"{name} in /{where.path}", threading.Lock()
        secure = where.scheme == "qdrant+https"
        secret = key(options.key_env, KEY, where, encrypted=secure)
        made = client(
            host=where.host,
            port=where.port or PORT,
            https=secure,
            headers={"api-key": secret} if secret else None,  # as api_key= does, which warns of this machine itself
            timeout=options.timeout,
            check_compatibility=False,
        )
        return made, collection, f"{name} on {where.server}", nullcontext()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of the client as ours, without what it sent."""
    faults = require("qdrant_client.http.exceptions")
    try:
        yield
    except faults.UnexpectedResponse as error:
        said = " ".join(error.content[:300].decode("utf-8", "replace").split())
        what = f"{name}: the server answered status {error.status_code}: {said}"
        raise RemoteError(what, status=error.status_code, said=said) from None
    except faults.ResponseHandlingException as error:
        what = f"{name}: the server cannot be reached, or its answer cannot be read ({type(error.source).__name__})"
        raise RemoteError(f"{what}: check the URL and that the server runs") from None
    except RuntimeError as error:  # the folder is another process', or the client is closed
        raise IndexStoreError(f"{name}: {error}") from None
