"""Engines to keep collections in: Qdrant in memory, a real PostgreSQL, and what answers as OpenSearch does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from ..conftest import HashingEncoder, make_documents
from .searching import Searching

__all__ = ["HashingEncoder", "make_documents"]


@pytest.fixture
def address(request, tmp_path) -> Iterator[Callable[[str], str]]:
    """A place for a new collection, by the engine's name."""
    servers: list[Searching] = []

    def made(engine: str) -> str:
        if engine == "qdrant":
            pytest.importorskip("qdrant_client", reason="needs tamis[qdrant]")
            return "qdrant+memory:"
        if engine == "postgresql":
            url: str = request.getfixturevalue("postgresql")
            return f"{url}{'&' if '?' in url else '?'}table=t{secrets.token_hex(4)}"
        servers.append(Searching(engine))
        return f"{engine}+{servers[-1].url}/law"

    yield made
    for server in servers:
        server.close()


@pytest.fixture(params=["qdrant", "postgresql", "opensearch", "elasticsearch"])
def url(request, address) -> str:
    """A place for a new collection, in each engine."""
    return address(request.param)
