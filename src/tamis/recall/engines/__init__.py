"""Engines of others behind the retriever protocol: Qdrant, PostgreSQL, OpenSearch, Elasticsearch, any HTTP API."""

from tamis.recall.engines.collection import Collection, CollectionRetriever
from tamis.recall.engines.http import HttpRetriever, SearchApi
from tamis.recall.engines.open import create_collection, is_url, open_collection, open_retriever

__all__ = [
    "Collection",
    "CollectionRetriever",
    "HttpRetriever",
    "SearchApi",
    "create_collection",
    "is_url",
    "open_collection",
    "open_retriever",
]
