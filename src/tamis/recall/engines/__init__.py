"""Engines of others behind the retriever protocol: Qdrant, PostgreSQL, OpenSearch, Elasticsearch, any HTTP API.

What asks any HTTP API is loaded when first used: a search in an index folder does not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tamis.recall.engines.collection import Collection, CollectionRetriever
from tamis.recall.engines.open import create_collection, is_url, open_collection, open_retriever

if TYPE_CHECKING:
    from tamis.recall.engines.http import HttpRetriever, SearchApi

_HOME = {"HttpRetriever": "tamis.recall.engines.http", "SearchApi": "tamis.recall.engines.http"}

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


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tamis.recall.engines' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
