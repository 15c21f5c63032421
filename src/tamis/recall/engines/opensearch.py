"""OpenSearch and Elasticsearch over their REST API: BM25 over our tokens, kNN over vectors, filters."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tamis.core import Document
from tamis.errors import IndexStoreError, InputError, RemoteError
from tamis.recall.bm25 import Parameters
from tamis.recall.engines.address import Address, key
from tamis.recall.engines.engine import Ask, Hit, Made, Row, absent, key_of
from tamis.recall.engines.opensearch_filter import condition_of, kinds_of
from tamis.score.remote.http import ADVICE, Asked, HttpOptions, JsonClient

KEY = "TAMIS_SEARCH_KEY"
MOST = 10_000  # results of one search, as both servers allow where nobody set index.max_result_window
TOKENS = 1000  # different tokens of a query that are searched, the first; both servers refuse more than 1,024 clauses
SEARCHED = 200  # candidates of each shard that HNSW keeps at least
ADVICES = {
    **ADVICE,
    401: f"check the key, which is read from {KEY} (user:password, or an API key) or the variable that ?key_env= names",
    403: "check that the key may read and write this index",
    404: "check the URL and the index's name",
    413: "the server takes no request of this size: raise http.max_content_length",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the servers.

    Attributes:
        name: as people call it.
        settings: of an index with vectors.
        vector: the mapping of vectors of a dimension.
        nearest: the search for a vector, how many, and a filter.
        login: how a key that is no ``user:password`` is sent.
    """

    name: str
    settings: Mapping[str, Any]
    vector: Callable[[int], dict[str, Any]]
    nearest: Callable[[Sequence[float], int, dict[str, Any]], dict[str, Any]]
    login: str


# In both, the score of a cosine is (1 + cosine) / 2.
OPENSEARCH = Dialect(
    "OpenSearch",
    {"knn": True},
    lambda dimension: {
        "type": "knn_vector",
        "dimension": dimension,
        "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
    },
    lambda vector, k, only: {"query": {"knn": {"dense": {"vector": vector, "k": k, "filter": only}}}},
    "Authorization: Bearer {key}",
)
ELASTICSEARCH = Dialect(
    "Elasticsearch",
    {},
    lambda dimension: {"type": "dense_vector", "dims": dimension, "index": True, "similarity": "cosine"},
    lambda vector, k, only: {
        "knn": {
            "field": "dense",
            "query_vector": vector,
            "k": k,
            "num_candidates": min(max(2 * k, SEARCHED), MOST),
            "filter": only,
        }
    },
    "Authorization: ApiKey {key}",
)


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the URL may say after ``?``.

    Attributes:
        key_env: the environment variable that holds ``user:password`` or an API key; empty sends none.
        timeout: seconds that one answer may take.
        shards, replicas: of an index that is made; -1 leaves them to the server.
    """

    key_env: str = KEY
    timeout: float = 60.0
    shards: int = -1
    replicas: int = -1


class OpenSearch:
    """An index of OpenSearch or Elasticsearch; requests are what both have had since versions 2 and 8.

    Our tokens stand in a field that is cut at blanks, with BM25's k1 and b as everywhere in tamis; Lucene rounds the
    lengths of documents to a byte, and each shard counts for itself, so that scores differ a little from those of the
    index.
    """

    most = MOST

    def __init__(self, client: JsonClient, index: str, dialect: Dialect) -> None:
        self._client, self._index, self._dialect = client, index, dialect
        self.name = f"{dialect.name} index {index!r} on {client.url}"
        self.made = Made.read(self._metadata(), self.name)

    @classmethod
    def open(cls, where: Address) -> OpenSearch:
        """The index of an address.

        Raises:
            IndexStoreError: there is none, or tamis did not make it.
            RemoteError: the server failed or refused.
        """
        dialect = _dialect(where)
        client, index, _ = _connected(where, dialect)
        return cls(client, index, dialect)

    @classmethod
    def create(cls, where: Address, made: Made) -> OpenSearch:
        """A new, empty index.

        Raises:
            IndexStoreError: there is one of this name.
            RemoteError: the server failed or refused.
        """
        dialect = _dialect(where)
        client, index, options = _connected(where, dialect)
        try:
            client.send(Asked(f"/{index}", _json(_settings(made, dialect, options)), "PUT"))
        except RemoteError as error:
            if error.status == 400 and "already_exists" in error.said:
                what = f"{dialect.name} index {index!r} on {client.url}"
                raise IndexStoreError(f"{what} is there already: add to it, or name another") from None
            raise
        return cls(client, index, dialect)

    def put(self, rows: Sequence[Row]) -> None:
        """Write documents, in the place of those that have their ids; they are found when this returns."""
        lines = []
        for row in rows:
            lines += [{"index": {"_id": key_of(row.document.id)}}, _source(row)]
        self._bulk(lines)

    def drop(self, ids: Sequence[str]) -> None:
        """Delete the documents of some ids."""
        self._bulk([{"delete": {"_id": key_of(doc_id)}} for doc_id in ids])

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """The documents of some ids, those that there are."""
        body = {"docs": [{"_id": key_of(doc_id), "_source": ["id", "told"]} for doc_id in ids]}
        answer = self._client.post(f"/{self._index}/_mget", body) if ids else {"docs": []}
        documents = [_document(entry["_source"]) for entry in answer["docs"] if entry.get("found")]
        return {document.id: document for document in documents}

    def count(self) -> int:
        """How many documents there are."""
        return int(self._client.post(f"/{self._index}/_count", {})["count"])

    def words(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        """The best by BM25."""

        def search(ask: Ask) -> dict[str, Any] | None:
            tokens = list(ask.tokens.items())[:TOKENS]
            should = [{"term": {"words": {"value": token, "boost": count}}} for token, count in tokens]
            shared = {"should": should, "minimum_should_match": 1, "filter": _only(ask)}
            return {"query": {"bool": shared}} if should else None

        order = [{"_score": "desc"}, {"id": "asc"}]
        return self._found([search(ask) for ask in asks], asks, {"size": k, "sort": order, "track_scores": True}, float)

    def near(self, asks: Sequence[Ask], k: int) -> list[list[Hit]]:
        """The best by the cosine."""

        def search(ask: Ask) -> dict[str, Any] | None:
            if ask.vector is None or not ask.vector.any():
                return None
            return self._dialect.nearest(ask.vector.tolist(), k, {"bool": {"filter": _only(ask)}})

        return self._found([search(ask) for ask in asks], asks, {"size": k}, lambda score: 2 * score - 1)

    def close(self) -> None:
        """Nothing: connections end with the client."""

    def _found(
        self,
        searches: Sequence[dict[str, Any] | None],
        asks: Sequence[Ask],
        rest: Mapping[str, Any],
        score: Callable[[float], float],
    ) -> list[list[Hit]]:
        """What several searches, sent at once, find; None finds nothing."""
        lines: list[Any] = []
        for ask, search in zip(asks, searches, strict=True):
            if search is not None:
                source = ["id", "told"] if ask.ids is None else ["id"]
                lines += [{}, {**search, **rest, "_source": source, "track_total_hits": False}]
        answer = self._client.send(Asked(f"/{self._index}/_msearch", _lines(lines))) if lines else {"responses": []}
        responses = iter(answer["responses"])
        found = []
        for ask, search in zip(asks, searches, strict=True):
            response = next(responses) if search is not None else {"hits": {"hits": []}}
            if "error" in response:
                raise RemoteError(f"{self.name}: a search failed: {_reason(response['error'])}")
            hits = [(hit["_source"], score(float(hit["_score"]))) for hit in response["hits"]["hits"]]
            found.append([Hit(s["id"], said, _document(s) if ask.ids is None else None) for s, said in hits])
        return found

    def _bulk(self, lines: Sequence[Any]) -> None:
        """Send changes; those that were made before one that is refused stay."""
        if not lines:
            return
        answer = self._client.send(Asked(f"/{self._index}/_bulk", _lines(lines), query="refresh=true"))
        for item in answer["items"] if answer.get("errors") else ():
            (done,) = item.values()
            if "error" in done:
                said = _reason(done["error"])
                raise RemoteError(f"{self.name}: a document was refused: {said}", status=done["status"], said=said)

    def _metadata(self) -> Any:
        try:
            answer = self._client.send(Asked(f"/{self._index}/_mapping", b"", "GET"))
        except RemoteError as error:
            if error.status != 404:
                raise
            raise absent(self.name) from None
        # One name, perhaps an alias, of exactly one index.
        (mapping,) = answer.values() if len(answer) == 1 else ({},)
        return mapping.get("mappings", {}).get("_meta", {}).get("tamis")


def _dialect(where: Address) -> Dialect:
    return ELASTICSEARCH if where.scheme.startswith("elasticsearch+") else OPENSEARCH


def _connected(where: Address, dialect: Dialect) -> tuple[JsonClient, str, SearchOptions]:
    """A client, the index, and the options."""
    options = where.read(SearchOptions)
    prefix, _, index = where.path.rstrip("/").rpartition("/")
    if not index or index != index.lower() or index[0] in "_-+." or set(index) & set('\\/*?"<>| ,#:'):
        raise InputError(
            f"{dialect.name} can have no index {index!r:.80}: expected such as "
            f"{where.scheme}://host:9200/law, in lower case"
        )
    secure = where.scheme.endswith("+https")
    secret = key(options.key_env, KEY, where, encrypted=secure)
    login = "Authorization: Basic {key}" if ":" in secret else dialect.login
    coded = base64.b64encode(secret.encode()).decode() if ":" in secret else secret
    url = f"{'https' if secure else 'http'}://{where.server}/{quote(prefix)}"
    client = JsonClient(url, key=coded, options=HttpOptions(timeout=options.timeout), advice=ADVICES, header=login)
    return client, index, options


def _settings(made: Made, dialect: Dialect, options: SearchOptions) -> dict[str, Any]:
    p, encoder = Parameters(), made.encoder
    counts = {"number_of_shards": options.shards, "number_of_replicas": options.replicas}
    settings = {
        **{name: count for name, count in counts.items() if count >= 0},
        **(dialect.settings if encoder else {}),
        "similarity": {"tamis": {"type": "BM25", "k1": p.k1, "b": p.b}},
    }
    properties: dict[str, Any] = {
        "id": {"type": "keyword"},
        "told": {"type": "keyword", "index": False, "doc_values": False},
        "words": {"type": "text", "analyzer": "whitespace", "similarity": "tamis"},
        "named": {"type": "keyword"},
    }
    if encoder:
        properties["dense"] = dialect.vector(encoder.dimension)
    kinds = {"texts": {"type": "keyword"}, "numbers": {"type": "double"}, "truths": {"type": "boolean"}}
    templates = [{kind: {"path_match": f"{kind}.*", "mapping": mapping}} for kind, mapping in kinds.items()]
    mappings = {
        "_meta": {"tamis": made.as_json()},
        "dynamic_templates": templates,
        "properties": {**properties, **{kind: {"type": "object", "dynamic": True} for kind in kinds}},
    }
    return {"settings": {"index": settings}, "mappings": {**mappings, "dynamic": False}}


def _source(row: Row) -> dict[str, Any]:
    """A document as it is sent: whole as JSON text, and in parts as it is searched."""
    document = row.document
    told = {"title": document.title, "text": document.text, "fields": dict(document.fields)}
    words = " ".join(token for token, count in row.tokens.items() for _ in range(count))
    source = {"id": document.id, "told": json.dumps(told), "words": words, **kinds_of(document.fields)}
    # Neither server takes the cosine of a vector without a length.
    return {**source, "dense": row.vector.tolist()} if row.vector is not None and row.vector.any() else source


def _only(ask: Ask) -> list[dict[str, Any]]:
    """The filter of a search."""
    only = [condition_of(condition) for condition in ask.where.conditions] if ask.where else []
    if ask.ids is not None:
        only.append({"ids": {"values": [key_of(doc_id) for doc_id in ask.ids]}})
    return only


def _document(source: Mapping[str, Any]) -> Document:
    return Document(source["id"], **json.loads(source["told"]))


def _reason(error: Any) -> str:
    cause = error.get("root_cause") or [error] if isinstance(error, Mapping) else [{"reason": error}]
    return f"{cause[0].get('reason')!s:.300}"


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


def _lines(rows: Sequence[Any]) -> bytes:
    return b"".join(_json(row) + b"\n" for row in rows)
