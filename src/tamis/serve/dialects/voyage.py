"""Voyage: ``top_k``, and results under ``data``."""

from __future__ import annotations

from typing import Any

from tamis.serve.dialects.call import Answered, Call, Count, Documents, Field, Flag, Request, read


class VoyageRequest(Request):
    """A request of Voyage's client."""

    documents: Documents
    top_k: Count | None = Field(None, description="How many of the best; 0 or null for all.")
    return_documents: Flag | None = Field(None, description="Each document beside its score.")
    truncation: Flag | None = Field(None, description="Read as true: what does not fit is not read.")

    def call(self) -> Call:
        return self.meant(read(self.documents), limit=self.top_k or None)

    def answer(self, found: Answered) -> dict[str, Any]:
        echo = self.return_documents
        texts = read(self.documents) if echo else []
        data = [
            {
                "index": item.index,
                "relevance_score": item.score,
                **({"document": texts[item.index]} if echo else {}),
            }
            for item in found.items[: self.top_k or None]
        ]
        return {"object": "list", "data": data, "model": found.model, "usage": {"total_tokens": found.tokens}}
