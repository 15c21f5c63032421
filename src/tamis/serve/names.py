"""Names: what vendors' clients call a model unless told otherwise, and what a mistaken name may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection

# Clients send these by default, or their documentation tells people to; answers carry the true model's name.
VENDORS = frozenset(
    {
        "jina-reranker-v1-base-en",
        "jina-reranker-v2-base-multilingual",
        "jina-reranker-v3",
        "rerank-2",
        "rerank-2-lite",
        "rerank-2.5",
        "rerank-2.5-lite",
        "rerank-english-v2.0",
        "rerank-english-v3.0",
        "rerank-multilingual-v3.0",
        "rerank-v3.5",
        "rerank-v4.0-fast",
        "rerank-v4.0-pro",
        "text-embedding-3-large",
        "text-embedding-3-small",
        "text-embedding-ada-002",
    }
)


def meant(name: str, known: Collection[str]) -> str:
    """The end of an error's sentence about a name that is not known.

    >>> meant("tamis-mimi", ["tamis-mini", "faq"])
    "expected one of 'tamis-mini', 'faq'; did you mean 'tamis-mini'?"
    """
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"expected one of {', '.join(map(repr, known))}{hint}" if known else "there are none"
