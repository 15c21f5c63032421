"""LiteLLM's ``rerank``, by each provider that can be pointed at a server."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("litellm", reason="litellm is not installed: scripts/clients installs it and runs this")

import litellm

from .asked import DOCUMENTS, ENGLISH, MODEL, QUERY, right

PROVIDERS = {  # and what is added to the server's address
    "cohere": ("", "/v2/rerank"),
    "jina_ai": ("", "/v1/rerank"),
    "hosted_vllm": ("", "/v1", "/v1/rerank"),
    "huggingface": ("",),
    "voyage": ("",),
}
WHOLE = {"huggingface"}  # its protocol has no top_n: all documents come, and litellm cuts nothing
PLACES = [(name, path) for name, paths in PROVIDERS.items() for path in paths]


def asked(server, provider, path="", **more):
    usual = {"query": QUERY, "documents": DOCUMENTS, "top_n": 3}
    return {"model": f"{provider}/{MODEL}", "api_base": server.url + path, "api_key": server.key} | usual | more


def top(provider):
    return len(DOCUMENTS) if provider in WHOLE else 3


def pairs(found):
    return [(row["index"], row["relevance_score"]) for row in found.results]


@pytest.mark.parametrize("query", [QUERY, ENGLISH])
@pytest.mark.parametrize(("provider", "path"), PLACES)
def test_documents(server, provider, path, query):
    found = litellm.rerank(**asked(server, provider, path, query=query))
    right(pairs(found), top(provider), query)
    for row in found.results:
        assert (row.get("document") or {"text": DOCUMENTS[row["index"]]})["text"] == DOCUMENTS[row["index"]]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_asynchronous(server, provider):
    right(pairs(asyncio.run(litellm.arerank(**asked(server, provider)))), top(provider))


@pytest.mark.parametrize("provider", ["cohere", "jina_ai", "hosted_vllm"])
def test_documents_come_back_where_asked(server, provider):
    found = litellm.rerank(**asked(server, provider, return_documents=True))
    assert [row["document"]["text"] for row in found.results] == [DOCUMENTS[row["index"]] for row in found.results]


def test_infinity_without_documents(server):
    right(pairs(litellm.rerank(**asked(server, "infinity", return_documents=False))), 3)


def test_infinity_with_documents(server):
    found = litellm.rerank(**asked(server, "infinity", "/infinity"))
    right(pairs(found), 3)
    assert [row["document"]["text"] for row in found.results] == [DOCUMENTS[row["index"]] for row in found.results]


def test_errors_are_its_own(server):
    with pytest.raises(litellm.NotFoundError, match="tamis-mini"):
        litellm.rerank(**asked(server, "cohere", model="cohere/tamis-maxi"))
    with pytest.raises(litellm.AuthenticationError, match="key"):
        litellm.rerank(**asked(server, "cohere", api_key="another-key-that-nobody-has"))
