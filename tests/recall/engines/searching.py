"""A small server that takes the requests tamis sends to OpenSearch or Elasticsearch, strictly, and answers as they do.

Neither can be installed here. What a request may hold, and the shape of each answer, is as their references say; an
unknown key, parameter or media type is refused as they refuse it. Searches are exact, and lengths are not rounded.
"""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

VECTORS = {
    "opensearch": {"type", "dimension", "method"},
    "elasticsearch": {"type", "dims", "index", "similarity"},
}


class Refused(Exception):
    """An answer with another status than 200."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        self.status = status
        cause = {"type": kind, "reason": reason}
        self.body = {"error": {"root_cause": [cause], **cause}, "status": status}


def only(given: dict[str, Any], *known: str) -> None:
    """Refuse keys that the API does not know."""
    if unknown := set(given) - set(known):
        raise Refused(400, "parsing_exception", f"unknown key for {sorted(unknown)}")


class Searching:
    """The server; ``sent`` holds what it was asked, ``key`` what Authorization must say."""

    def __init__(self, dialect: str, key: str = "") -> None:
        self.dialect, self.key = dialect, key
        self.indexes: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[str, str, Any]] = []
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    with outer.lock:
                        status, body = 200, outer.answer(self.command, self.path, data, dict(self.headers))
                except Refused as refused:
                    status, body = refused.status, refused.body
                out = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, target: str, data: bytes, headers: dict[str, str]) -> Any:
        """The answer to one request."""
        if self.key and headers.get("Authorization") != self.key:
            raise Refused(401, "security_exception", "missing authentication credentials")
        parts = urlsplit(target)
        path, options = [unquote(part) for part in parts.path.split("/") if part], parse_qs(parts.query)
        name, verb = path[0], path[1] if len(path) > 1 else ""
        if data and headers.get("Content-Type") != "application/json":
            raise Refused(406, "media_type_header_exception", "Content-Type header is not supported")
        if options and (verb != "_bulk" or set(options) != {"refresh"}):
            raise Refused(400, "illegal_argument_exception", f"contains unrecognized parameters: {sorted(options)}")
        lined = verb in ("_bulk", "_msearch")
        if lined and not data.endswith(b"\n"):
            raise Refused(400, "illegal_argument_exception", "the request must be terminated by a newline [\\n]")
        body = [json.loads(line) for line in data.splitlines()] if lined else json.loads(data or b"{}")
        self.sent.append((method, target, body))
        verbs = {
            ("PUT", ""): self.create,
            ("GET", "_mapping"): self.mapping,
            ("POST", "_bulk"): self.bulk,
            ("POST", "_mget"): self.many,
            ("POST", "_count"): lambda held, _: {"count": len(held["documents"]), "_shards": {"failed": 0}},
            ("POST", "_msearch"): self.searches,
        }
        if (method, verb) not in verbs:
            raise Refused(405, "illegal_argument_exception", f"Incorrect HTTP method for uri [{target}]")
        if method == "PUT":
            return self.create(name, body)
        if name not in self.indexes:
            raise Refused(404, "index_not_found_exception", f"no such index [{name}]")
        return verbs[method, verb](self.indexes[name], body)

    def create(self, name: str, body: Any) -> Any:
        only(body, "settings", "mappings")
        settings, mappings = body["settings"]["index"], body["mappings"]
        only(settings, "similarity", "number_of_shards", "number_of_replicas", "knn")
        only(mappings, "_meta", "dynamic", "dynamic_templates", "properties")
        if name in self.indexes:
            raise Refused(400, "resource_already_exists_exception", f"index [{name}] already exists")
        dense = mappings["properties"].get("dense")
        if dense:
            assert set(dense) == VECTORS[self.dialect]
            assert (settings.get("knn") is True) == (self.dialect == "opensearch")
        similarity = settings["similarity"]["tamis"]
        assert similarity["type"] == "BM25" and mappings["properties"]["words"]["similarity"] == "tamis"
        self.indexes[name] = {"name": name, "mappings": mappings, "bm25": similarity, "documents": {}, "counts": {}}
        return {"acknowledged": True, "shards_acknowledged": True, "index": name}

    def mapping(self, held: Any, _: Any) -> Any:
        return {held["name"]: {"mappings": held["mappings"]}}

    def bulk(self, held: Any, lines: list[Any]) -> Any:
        held["counts"], items, at = {}, [], 0
        while at < len(lines):
            ((act, told),) = lines[at].items()
            only(told, "_id")
            if act == "index":
                source, at = lines[at + 1], at + 1
                fault = self.fault(held, source)
                if not fault:
                    held["documents"][told["_id"]] = source
                items.append({act: {"_id": told["_id"], "status": 400 if fault else 201, **fault}})
            else:
                gone = held["documents"].pop(told["_id"], None)
                items.append({act: {"_id": told["_id"], "status": 200 if gone else 404}})
            at += 1
        return {"took": 1, "errors": any("error" in done for item in items for done in item.values()), "items": items}

    def fault(self, held: Any, source: Any) -> Any:
        """What a mapping refuses: another kind of value than it says."""
        kinds = {"texts": str, "numbers": (int, float), "truths": bool}
        wrong = [n for k, kind in kinds.items() for n, v in source[k].items() if not isinstance(v, kind)]
        wrong += [n for n, v in source["numbers"].items() if isinstance(v, bool)]
        wrong += [name for k in kinds for name in source[k] if "." in name or not name]
        dense = held["mappings"]["properties"].get("dense", {})
        if "dense" in source and len(source["dense"]) != dense.get("dimension", dense.get("dims")):
            wrong.append("dense")
        reason = {"type": "mapper_parsing_exception", "reason": f"failed to parse field {wrong}"}
        return {"error": reason} if wrong else {}

    def many(self, held: Any, body: Any) -> Any:
        docs = []
        for asked in body["docs"]:
            only(asked, "_id", "_source")
            source = held["documents"].get(asked["_id"])
            found = {"found": True, "_source": {n: source[n] for n in asked["_source"]}} if source else {"found": False}
            docs.append({"_index": held["name"], "_id": asked["_id"], **found})
        return {"docs": docs}

    def searches(self, held: Any, lines: list[Any]) -> Any:
        pairs = zip(lines[::2], lines[1::2], strict=True)
        responses = []
        for head, body in pairs:
            assert head == {}
            try:
                responses.append({"took": 1, "timed_out": False, "hits": self.search(held, body), "status": 200})
            except Refused as refused:
                responses.append(refused.body)
        return {"took": 1, "responses": responses}

    def search(self, held: Any, body: Any) -> Any:
        only(body, "query", "knn", "size", "sort", "track_scores", "track_total_hits", "_source")
        if body["size"] > 10_000:
            raise Refused(400, "illegal_argument_exception", "Result window is too large")
        knn = body.get("knn") if self.dialect == "elasticsearch" else body["query"].get("knn")
        if knn is not None:
            scored = self.nearest(held, knn)
        else:
            matched = {i: self.matches(held, i, body["query"]) for i in held["documents"]}
            scored = {doc_id: score for doc_id, score in matched.items() if score is not None}
        sort = body.get("sort", [{"_score": "desc"}])
        assert sort in ([{"_score": "desc"}], [{"_score": "desc"}, {"id": "asc"}])
        # Without a sort of its own, equal scores come in the order of the index.
        key = (lambda i: (-scored[i], held["documents"][i]["id"])) if len(sort) == 2 else (lambda i: -scored[i])
        hits = [
            {"_id": i, "_score": scored[i], "_source": {n: held["documents"][i][n] for n in body["_source"]}}
            for i in sorted(scored, key=key)[: body["size"]]
        ]
        return {"max_score": None, "hits": hits}

    def nearest(self, held: Any, knn: Any) -> dict[str, float]:
        if self.dialect == "elasticsearch":
            only(knn, "field", "query_vector", "k", "num_candidates", "filter")
            field, vector = knn["field"], knn["query_vector"]
            if not knn["k"] <= knn["num_candidates"] <= 10_000:
                raise Refused(400, "illegal_argument_exception", "[num_candidates] must be in [k, 10000]")
        else:
            ((field, knn),) = knn.items()
            only(knn, "vector", "k", "filter")
            vector = knn["vector"]
        query = np.array(vector, dtype=np.float32)
        found = {}
        for doc_id, source in held["documents"].items():
            if field in source and self.matches(held, doc_id, knn["filter"]) is not None:
                row = np.array(source[field], dtype=np.float32)
                cosine = float(query @ row) / float(np.linalg.norm(query) * np.linalg.norm(row))
                found[doc_id] = (1 + cosine) / 2
        return dict(sorted(found.items(), key=lambda pair: -pair[1])[: knn["k"]])

    def matches(self, held: Any, doc_id: str, query: Any) -> float | None:
        """The score of a document, None where the query does not match."""
        ((kind, told),) = query.items()
        source = held["documents"][doc_id]
        if kind == "bool":
            return self.both(held, doc_id, told)
        if kind == "match_none":
            return None
        if kind == "ids":
            only(told, "values")
            return 1.0 if doc_id in told["values"] else None
        ((field, asked),) = told.items()
        if kind == "range":
            only(asked, "gte", "gt", "lte", "lt")
            value = value_at(source, field)
            signs = {"gte": "__ge__", "gt": "__gt__", "lte": "__le__", "lt": "__lt__"}
            double = value if isinstance(value, str) or value is None else float(value)
            inside = double is not None and all(getattr(double, signs[s])(bound) for s, bound in asked.items())
            return 1.0 if inside else None
        assert kind == "term"
        only(asked, "value", "boost")
        if field == "words":
            return self.bm25(held, source, asked["value"], asked.get("boost", 1))
        value = value_at(source, field)
        return 1.0 if asked["value"] in (value if isinstance(value, list) else [value]) and value is not None else None

    def both(self, held: Any, doc_id: str, told: Any) -> float | None:
        only(told, "should", "minimum_should_match", "filter", "must_not")
        if len(told.get("should", ())) > 1024:
            raise Refused(400, "too_many_clauses", "maxClauseCount is set to 1024")
        if any(self.matches(held, doc_id, one) is None for one in told.get("filter", ())):
            return None
        if any(self.matches(held, doc_id, one) is not None for one in told.get("must_not", ())):
            return None
        scores = [self.matches(held, doc_id, one) for one in told.get("should", ())]
        found = [score for score in scores if score is not None]
        return sum(found) if len(found) >= told.get("minimum_should_match", 0) else None

    def bm25(self, held: Any, source: Any, token: str, boost: float) -> float | None:
        counts = held["counts"]
        if counts.get("of") != len(held["documents"]):
            all_words = [d["words"].split(" ") if d["words"] else [] for d in held["documents"].values()]
            counts["of"] = len(all_words)
            counts["mean"] = sum(map(len, all_words)) / max(1, len(all_words))
            counts["df"] = Counter(token for words in all_words for token in set(words))
        words = source["words"].split(" ") if source["words"] else []
        tf = words.count(token)
        if not tf:
            return None
        p, df, n = held["bm25"], counts["df"][token], len(held["documents"])
        norm = p["k1"] * (1 - p["b"] + p["b"] * len(words) / counts["mean"])
        return float(boost * math.log(1 + (n - df + 0.5) / (df + 0.5)) * tf / (tf + norm))


def value_at(source: Any, field: str) -> Any:
    """What stands at a path of a document."""
    for part in field.split("."):
        source = source.get(part) if isinstance(source, dict) else None
    return source
