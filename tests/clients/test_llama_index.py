"""LlamaIndex's three rerankers that can be pointed at a server: Cohere, Jina, TEI."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("llama_index.core", reason="LlamaIndex is not installed: scripts/clients installs it and runs this")

from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.postprocessor.cohere_rerank import CohereRerank
from llama_index.postprocessor.jinaai_rerank import JinaRerank
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference

from .asked import DOCUMENTS, ENGLISH, MODEL, QUERY, places, right

RERANKERS = {
    "cohere": lambda s, top: CohereRerank(model=MODEL, api_key=s.key, base_url=s.url, top_n=top),
    "jina": lambda s, top: JinaRerank(model=MODEL, api_key=s.key, base_url=f"{s.url}/v1", top_n=top),
    "tei": lambda s, top: TextEmbeddingInference(base_url=s.url, auth_token=f"Bearer {s.key}", top_n=top),
}


def nodes():
    return [NodeWithScore(node=TextNode(text=text), score=0.5) for text in DOCUMENTS]


def pairs(found):
    return zip(places([node.node.get_content() for node in found]), [node.score for node in found], strict=True)


@pytest.mark.parametrize("top", [2, 5])
@pytest.mark.parametrize("query", [QUERY, ENGLISH])
@pytest.mark.parametrize("name", RERANKERS)
def test_nodes(server, name, query, top):
    found = RERANKERS[name](server, top).postprocess_nodes(nodes(), query_str=query)
    right(pairs(found), top, query)


@pytest.mark.parametrize("name", RERANKERS)
def test_asynchronous(server, name):
    found = asyncio.run(RERANKERS[name](server, 3).apostprocess_nodes(nodes(), query_str=QUERY))
    right(pairs(found), 3)


def test_what_is_wrong_reaches_the_caller(server):
    with pytest.raises(Exception, match="no model 'tamis-maxi' here"):
        CohereRerank(model="tamis-maxi", api_key=server.key, base_url=server.url).postprocess_nodes(
            nodes(), query_str="q"
        )
    with pytest.raises(RuntimeError, match="no model 'tamis-maxi' here"):
        JinaRerank(model="tamis-maxi", api_key=server.key, base_url=f"{server.url}/v1").postprocess_nodes(
            nodes(), query_str="q"
        )
