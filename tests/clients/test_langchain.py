"""LangChain's ``CohereRerank``, alone and in a retriever."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "langchain_cohere", reason="langchain-cohere is not installed: scripts/clients installs it and runs this"
)

import langchain_cohere
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from .asked import DOCUMENTS, ENGLISH, MODEL, ORDER, QUERY, places, right


class Everything(BaseRetriever):
    """Finds all documents, in the order in which they stand."""

    def _get_relevant_documents(self, query, *, run_manager):
        return [Document(text, metadata={"place": place}) for place, text in enumerate(DOCUMENTS)]


@pytest.fixture
def reranker(server):
    return langchain_cohere.CohereRerank(model=MODEL, cohere_api_key=server.key, base_url=server.url, top_n=3)


def test_documents_in_a_retriever(reranker):
    retriever = ContextualCompressionRetriever(base_compressor=reranker, base_retriever=Everything())
    found = retriever.invoke(QUERY)
    right(((d.metadata["place"], d.metadata["relevance_score"]) for d in found), 3)
    assert places([document.page_content for document in found]) == ORDER[QUERY][:3]


@pytest.mark.parametrize("top", [1, 4])
def test_numbers(reranker, top):
    found = reranker.rerank(DOCUMENTS, QUERY, top_n=top)
    right(((row["index"], row["relevance_score"]) for row in found), top)


def test_objects_that_the_client_writes_as_yaml(reranker):
    # In English alone: the client writes everything else as \uXXXX, and that is what a server gets to read.
    documents = [{"text": text} for text in DOCUMENTS]
    found = reranker.rerank(documents, ENGLISH, rank_fields=["text"], top_n=1)
    right([(row["index"], row["relevance_score"]) for row in found], 1, ENGLISH)
