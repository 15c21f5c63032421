"""Voyage's own client: its answer is another, and it cuts by ``top_k``."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("voyageai", reason="voyageai is not installed: scripts/clients installs it and runs this")

import voyageai
from voyageai.error import APIError, AuthenticationError, InvalidRequestError, MalformedRequestError, RateLimitError

from .asked import DOCUMENTS, ENGLISH, MODEL, ORDER, QUERY, right


@pytest.fixture(params=["", "/v1"], ids=["root", "v1"])
def client(server, request):
    return voyageai.Client(api_key=server.key, base_url=server.url + request.param)


def held(found, top, query):
    right([(row.index, row.relevance_score) for row in found.results], top, query)
    assert [row.document for row in found.results] == [DOCUMENTS[place] for place in ORDER[query][:top]]
    assert found.total_tokens > 0


@pytest.mark.parametrize("top", [None, 1, 3])
@pytest.mark.parametrize("query", [QUERY, ENGLISH])
def test_documents(client, query, top):
    held(client.rerank(query, DOCUMENTS, model=MODEL, top_k=top), top or 5, query)


def test_without_truncation(client):
    held(client.rerank(QUERY, DOCUMENTS, model=MODEL, truncation=False), 5, QUERY)


def test_asynchronous(server):
    async def ask():
        client = voyageai.AsyncClient(api_key=server.key, base_url=server.url)
        return await client.rerank(QUERY, DOCUMENTS, model=MODEL, top_k=3)

    held(asyncio.run(ask()), 3, QUERY)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"query": " "}, InvalidRequestError, "blank"),
        ({"model": "tamis-maxi"}, APIError, "tamis-mini"),
        ({"documents": []}, MalformedRequestError, "documents"),
        ({"top_k": -1}, MalformedRequestError, "top_k"),
    ],
)
def test_errors(client, wrong, error, said):
    with pytest.raises(error, match=said):
        client.rerank(**{"query": QUERY, "documents": DOCUMENTS, "model": MODEL, **wrong})


def test_wrong_keys_and_too_many_requests(server, limited):
    with pytest.raises(AuthenticationError, match="key"):
        voyageai.Client(api_key="another-key-that-nobody-has", base_url=server.url).rerank("q", ["a"], model=MODEL)
    with pytest.raises(RateLimitError, match="come again"):
        for _ in range(5):
            voyageai.Client(api_key=limited.key, base_url=limited.url).rerank("q", ["a"], model=MODEL)
    held(
        voyageai.Client(api_key=limited.key, base_url=limited.url, max_retries=5).rerank(QUERY, DOCUMENTS, model=MODEL),
        5,
        QUERY,
    )
