"""/v1/search, /v1/decide, /v1/policies, /score, /v1/embeddings over real HTTP, with the embedded models."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("fastapi", reason='needs the server: pip install "tamis[serve]"')

from tamis.calibrate import default_calibration
from tamis.calibrate.logistic import sigmoid
from tamis.core import Candidate, Document, Query, Ranking
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.pipeline import Pipeline, Rerank
from tamis.recall import Index
from tamis.score import load_encoder, load_scorer
from tamis.serve.app import Settings
from tamis.serve.keys import Keys
from tamis.serve.models import Models
from tamis.serve.policies import Policies
from tamis.serve.recalling import Embedding, Recall
from tamis.serve.served import Served
from tamis.serve.service import Service

from ..servers import running

DOCUMENTS = [
    {"id": "return", "text": "退货需在七天内申请，商品须完好。"},
    {"id": "rain", "text": "今天下了一整天的雨。"},
    {"id": "tamis", "title": "Tamis", "text": "A tamis is a fine drum sieve for soups."},
    {"id": "hat", "text": "A hat keeps the rain off."},
]
QUESTION = "如何退货"


@pytest.fixture(scope="module")
def scorer():
    return load_scorer("tamis-mini")


@pytest.fixture(scope="module")
def index():
    return Index.build(DOCUMENTS, encoder="e5-small")


@pytest.fixture(scope="module")
def policies(scorer):
    strict = Policy(
        Thresholds(2.0), scorer=scorer.fingerprint, stage="tamis-mini", calibration=default_calibration("tamis-mini")
    )
    return {"strict": strict, "stricter": replace(strict, thresholds=Thresholds(50.0))}


@pytest.fixture(scope="module")
def client(scorer, index, policies):
    service = Service(
        Models({"tamis-mini": Served(scorer), "e5": Served(load_scorer("e5-small"))}),
        Policies(policies, "strict"),
        recall=Recall(index.retriever()),
        embedding=Embedding(lambda: load_encoder("e5-small"), "e5-small"),
    )
    with running(service) as client:
        yield client


def test_search_is_what_the_library_finds(client, scorer, index):
    found = client.post("/v1/search", json={"query": QUESTION, "policy": "none", "k": 3}).json()
    (expected,) = Pipeline(index.retriever(), (Rerank(scorer),)).search([QUESTION])
    assert [(row["id"], row["score"]) for row in found["results"]] == [
        (c.doc.id, pytest.approx(c.score, abs=1e-6)) for c in expected[:3]
    ]
    assert found["policy"] is None and found["model"] == "tamis-mini+bm25" and found["rejected"] == []


def test_the_active_policy_decides_and_says_why(client, policies):
    found = client.post("/v1/search", json={"query": QUESTION}).json()
    assert [row["id"] for row in found["results"]] == ["return"] and found["policy"] == policies["strict"].digest
    assert 0 < found["results"][0]["probability"] < 1
    assert {row["id"] for row in found["rejected"]} == {"rain", "tamis", "hat"}
    assert all(row["reason"].startswith("threshold: ") for row in found["rejected"])


def test_documents_of_a_request_are_decided_upon(client):
    body = {"query": QUESTION, "documents": [*DOCUMENTS, "退货需在七天内申请"]}
    found = client.post("/v1/decide", json=body).json()
    assert {row["id"] for row in found["results"]} == {"return", "4"}
    assert {row["index"] for row in found["results"]} == {0, 4} and len(found["rejected"]) == 3
    assert client.post("/v1/decide", json={**body, "policy": "stricter"}).json()["results"] == []
    first = client.post("/v1/decide", json={**body, "k": 1}).json()
    assert len(first["results"]) == 1 and any(row["reason"].startswith("top_k: ") for row in first["rejected"])


def test_rerank_gives_the_policys_probabilities_and_says_so(client, scorer, policies):
    texts = [document["text"] for document in DOCUMENTS]
    answer = client.post("/v2/rerank", json={"query": QUESTION, "documents": texts})
    assert answer.headers["x-tamis-scale"] == answer.json()["scale"] == "probability"
    assert answer.headers["x-tamis-policy"] == answer.json()["policy"] == policies["strict"].digest
    logits = scorer.score([(Query(QUESTION), Document("", text)) for text in texts])
    ranking = Ranking(Query(QUESTION), tuple(Candidate(Document(str(at), text), 0.0) for at, text in enumerate(texts)))
    (expected,) = default_calibration()([ranking.rescored("tamis-mini", logits, fingerprint=scorer.fingerprint)])
    for row, candidate in zip(answer.json()["results"], expected, strict=True):
        assert row["index"] == int(candidate.doc.id)
        assert row["relevance_score"] == pytest.approx(candidate.probability, abs=1e-6)
    other = client.post("/rerank", json={"query": QUESTION, "texts": texts, "model": "e5"})
    assert other.headers["x-tamis-scale"] == "sigmoid" and "x-tamis-policy" not in other.headers


def test_score_keeps_the_order_of_the_pairs(client, scorer):
    texts = [document["text"] for document in DOCUMENTS]
    found = client.post("/score", json={"queries": QUESTION, "documents": texts, "raw_scores": True}).json()
    expected = scorer.score([(Query(QUESTION), Document("", text)) for text in texts])
    assert [row["score"] for row in found["data"]] == pytest.approx(expected.tolist(), abs=1e-6)
    shares = client.post("/v1/score", json={"text_1": [QUESTION] * 4, "text_2": texts, "model": "e5"}).json()
    logits = load_scorer("e5-small").score([(Query(QUESTION), Document("", text)) for text in texts])
    assert [row["score"] for row in shares["data"]] == pytest.approx(sigmoid(logits).tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"text_1": "a"}, "text_2"),
        ({"text_1": [], "text_2": ["a"]}, "text_1"),
        ({"text_1": ["a", "b"], "text_2": ["a", "b", "c"]}, "2 texts and text_2 3"),
        ({"text_1": " ", "text_2": "a"}, "blank"),
    ],
)
def test_sides_that_do_not_match_are_refused(client, body, says):
    answer = client.post("/score", json=body)
    assert answer.status_code == 400 and says in answer.json()["message"]


def test_embeddings_are_the_encoders(client):
    texts = ["退货", "a sieve"]
    listed = client.post("/v1/embeddings", json={"input": texts, "model": "text-embedding-3-small"}).json()
    packed = client.post(
        "/v1/embeddings", json={"input": texts, "encoding_format": "base64", "input_type": "search_query"}
    ).json()
    encoder = load_encoder("e5-small")
    for row, vector in zip(listed["data"], encoder.encode(texts, "document"), strict=True):
        assert np.allclose(row["embedding"], vector, atol=1e-6)
    for row, vector in zip(packed["data"], encoder.encode(texts, "query"), strict=True):
        assert np.allclose(np.frombuffer(base64.b64decode(row["embedding"]), "<f4"), vector, atol=1e-6)
    assert listed["model"] == "e5-small" and listed["usage"]["total_tokens"] > 0
    refused = client.post("/v1/embeddings", json={"input": texts, "dimensions": 3})
    assert refused.status_code == 400 and "have 384" in refused.json()["message"]


def test_what_is_not_there_is_said(client):
    for path, body, status, says in (
        ("/v1/search", {"query": " "}, 400, "blank"),
        ("/v1/search", {"query": "a", "policy": "strikt"}, 404, "did you mean 'strict'"),
        ("/v1/decide", {"query": "a", "documents": [{"id": "1", "text": "a"}, {"id": "1", "text": "b"}]}, 400, "twice"),
    ):
        answer = client.post(path, json=body)
        assert answer.status_code == status and says in answer.json()["message"]
    assert client.post("/v1/search", json={"query": "a", "polizy": "strict"}).status_code == 422
    mismatch = client.post("/v1/decide", json={"query": "a", "documents": ["b"], "model": "e5", "policy": "strict"})
    assert mismatch.status_code == 409 and "tuned on scores of" in mismatch.json()["message"]


def test_policies_are_exchanged_by_their_owner_alone(scorer, policies):
    key, other = "owner-key-of-32-characters......", "other-key-of-32-characters......"
    settings = Settings(keys=Keys.of([f"boss={key}", f"shop={other}"]), owners=("boss",))
    service = Service(Models({"tamis-mini": Served(scorer)}), Policies(policies, "strict"))
    with running(service, settings) as client:
        boss, shop = ({"authorization": f"Bearer {one}"} for one in (key, other))
        assert client.get("/v1/policies", headers=shop).json()["active"] == "strict"
        refused = client.put("/v1/policies/active", json={"name": "stricter"}, headers=shop)
        assert refused.status_code == 403 and "owners" in refused.json()["message"]
        assert client.post("/v1/reload", headers=shop).status_code == 403
        assert client.put("/v1/policies/active", json={"name": "no"}, headers=boss).status_code == 404
        assert client.put("/v1/policies/active", json={"name": "stricter"}, headers=boss).json() == {
            "active": "stricter"
        }
        body = {"query": QUESTION, "documents": [document["text"] for document in DOCUMENTS]}
        assert client.post("/v1/decide", json=body, headers=shop).json()["results"] == []
        client.put("/v1/policies/active", json={"name": "none"}, headers=boss)
        assert len(client.post("/v1/decide", json=body, headers=shop).json()["results"]) == 4


def test_no_other_site_may_ask_from_a_browser_unless_told(scorer):
    preflight = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    service = Service(Models({"tamis-mini": Served(scorer)}))
    with running(service) as client:
        assert "access-control-allow-origin" not in client.options("/v2/rerank", headers=preflight).headers
        assert "access-control-allow-origin" not in client.get("/health", headers=preflight).headers
    service = Service(Models({"tamis-mini": Served(scorer)}))
    with running(service, Settings(origins=("https://shop.example",))) as client:
        assert client.options("/v2/rerank", headers=preflight).headers["access-control-allow-origin"]
