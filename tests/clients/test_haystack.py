"""Haystack's three rankers that can be pointed at a server: Cohere, Jina, TEI."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("haystack", reason="Haystack is not installed: scripts/clients installs it and runs this")

from haystack import Document
from haystack.utils import Secret
from haystack_integrations.components.rankers.cohere import CohereRanker
from haystack_integrations.components.rankers.huggingface_api import HuggingFaceTEIRanker
from haystack_integrations.components.rankers.jina import JinaRanker

from .asked import DOCUMENTS, ENGLISH, MODEL, QUERY, places, right


def key(server):
    return Secret.from_token(server.key)


RANKERS = {
    "cohere": lambda s, top: CohereRanker(model=MODEL, api_key=key(s), api_base_url=s.url, top_k=top),
    "jina": lambda s, top: JinaRanker(model=MODEL, api_key=key(s), base_url=f"{s.url}/v1/rerank", top_k=top),
    "tei": lambda s, top: HuggingFaceTEIRanker(url=s.url, token=key(s), top_k=top),
}


def pairs(found):
    return zip(places([d.content for d in found["documents"]]), [d.score for d in found["documents"]], strict=True)


@pytest.mark.parametrize("top", [2, 5])
@pytest.mark.parametrize("query", [QUERY, ENGLISH])
@pytest.mark.parametrize("name", RANKERS)
def test_documents(server, name, query, top):
    found = RANKERS[name](server, top).run(query=query, documents=[Document(content=text) for text in DOCUMENTS])
    right(pairs(found), top, query)


@pytest.mark.parametrize("name", RANKERS)
def test_asynchronous(server, name):
    ranker = RANKERS[name](server, 3)
    if not hasattr(ranker, "run_async"):
        pytest.skip(f"{type(ranker).__name__} has no asynchronous form")
    found = asyncio.run(ranker.run_async(query=QUERY, documents=[Document(content=text) for text in DOCUMENTS]))
    right(pairs(found), 3)


def test_jina_reads_the_answers_model_and_usage(server):
    found = RANKERS["jina"](server, 1).run(query=QUERY, documents=[Document(content=text) for text in DOCUMENTS])
    assert found["meta"]["model"] == MODEL and found["meta"]["usage"]["total_tokens"] > 0
