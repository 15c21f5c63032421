"""Qdrant: its REST API over a real connection, behind which its own local mode answers; folders; numbers of tokens."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tamis import Query
from tamis.errors import IndexStoreError, RemoteError
from tamis.filters import Filter
from tamis.recall.engines import create_collection, open_collection
from tamis.recall.engines.qdrant import index_of

from .conftest import HashingEncoder, make_documents

pytest.importorskip("qdrant_client", reason="needs tamis[qdrant]")


class Served:
    """Qdrant's local mode behind the paths of its REST API that tamis asks for."""

    def __init__(self, api_key: str = "") -> None:
        from qdrant_client import QdrantClient, models

        self.local, self.models, self.paths = QdrantClient(":memory:"), models, []
        self.lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                allowed = not api_key or self.headers.get("api-key") == api_key
                with outer.lock:
                    try:
                        told = outer.answer(self.command, self.path, json.loads(data or b"{}")) if allowed else None
                        status = 200 if allowed else 401
                    except ValueError as error:
                        told, status = {"error": str(error)}, 404
                body = json.dumps({"result": told, "status": "ok", "time": 0.0} if status == 200 else {"status": told})
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_PUT = do_POST = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"qdrant://127.0.0.1:{self.server.server_address[1]}/law"

    def answer(self, method, path, body):
        models, local = self.models, self.local
        self.paths.append((method, path, body))
        name, _, verb = path.partition("?")[0].removeprefix("/collections/").partition("/")
        if verb == "exists":
            return {"exists": local.collection_exists(name)}
        if method == "GET":
            return json.loads(local.get_collection(name).model_dump_json())
        if method == "PATCH":
            return local.update_collection(name, metadata=models.UpdateCollection(**body).metadata)
        if method == "PUT" and not verb:
            told = models.CreateCollection(**body)
            return local.create_collection(
                name,
                vectors_config=told.vectors or {},
                sparse_vectors_config=told.sparse_vectors,
                metadata=told.metadata,
            )
        done = {"operation_id": 0, "status": "completed"}
        if method == "PUT":
            local.upsert(name, models.PointsList(**body).points)
            return done
        if verb == "points/delete":
            local.delete(name, models.PointIdsList(**body))
            return done
        if verb == "points/count":
            return {"count": local.count(name).count}
        if verb == "points/query/batch":
            asked = models.QueryRequestBatch(**body).searches
            assert all(one.params is None or one.params.hnsw_ef >= 200 for one in asked)
            plain = [one.model_copy(update={"params": None}) for one in asked]  # local mode warns of it
            return [json.loads(one.model_dump_json()) for one in local.query_batch_points(name, plain)]
        assert verb == "points"
        return [json.loads(one.model_dump_json()) for one in local.retrieve(name, body["ids"])]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.local.close()


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setenv("QDRANT_API_KEY", "hunter2")
    made = Served("hunter2")
    yield made
    made.close()


def test_a_server_is_asked_as_memory_is(served):
    documents = make_documents(60)
    queries = [Query("drum sieve"), Query("法院 合同", where=Filter.of({"x": None}))]
    memory = create_collection("qdrant+memory:", encoder=HashingEncoder())
    remote = create_collection(served.url, encoder=HashingEncoder())
    for held in (memory, remote):
        held.add(documents)
        held.delete([documents[0].id])
    assert len(remote) == 59 and remote.get(documents[1].id) == documents[1]
    opened = open_collection(served.url, encoder=HashingEncoder())
    for mode in ("bm25", "dense", "hybrid"):
        ours = [[(c.doc, dict(c.scores)) for c in r] for r in opened.search(queries, 100, mode=mode)]
        assert ours == [[(c.doc, dict(c.scores)) for c in r] for r in memory.search(queries, 100, mode=mode)]
    assert not any("hunter2" in str(sent) for sent in served.paths)
    with pytest.raises(IndexStoreError, match="is there already"):
        create_collection(served.url, encoder=None)


def test_a_wrong_key_is_one_clear_error(served, monkeypatch):
    monkeypatch.setenv("QDRANT_API_KEY", "wrong0123")
    with pytest.raises(RemoteError, match="answered status 401") as caught:
        open_collection(served.url)
    assert "wrong0123" not in str(caught.value) and caught.value.status == 401


def test_a_collection_that_others_made_is_refused(served):
    served.local.create_collection("law", vectors_config={})
    with pytest.raises(IndexStoreError, match="tamis did not"):
        open_collection(served.url)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the client leaves the lock's file open where it is refused
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_folder_keeps_what_was_added(tmp_path):
    url = f"qdrant://{tmp_path}/kept?collection=law"
    documents = make_documents(20)
    first = create_collection(url, encoder=HashingEncoder())
    first.add(documents)
    expected = [(c.doc, c.scores) for c in first.search(["drum court"], 9)[0]]
    with pytest.raises(IndexStoreError, match="already accessed"):
        open_collection(url)
    first.close()
    again = open_collection(url, encoder=HashingEncoder())
    assert [(c.doc, c.scores) for c in again.search(["drum court"], 9)[0]] == expected
    # The mean length is kept: what is added later is weighed as what was there.
    again.add(documents[:5])
    assert [(c.doc, c.scores) for c in again.search(["drum court"], 9)[0]] == expected
    again.close()


def test_tokens_that_share_a_number_add_up(monkeypatch):
    monkeypatch.setattr("tamis.recall.engines.qdrant.index_of", lambda token: 7)
    held = create_collection("qdrant+memory:", encoder=None)
    held.add([{"id": "a", "text": "drum sieve"}])
    assert [c.doc.id for c in held.search(["court drum"], 5)[0]] == ["a"]


def test_numbers_of_tokens_are_few_collisions():
    numbers = {index_of(f"token{at}") for at in range(20_000)}
    assert len(numbers) == 20_000 and max(numbers) < 2**32
