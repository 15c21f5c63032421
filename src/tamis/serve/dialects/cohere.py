"""Cohere v1 and v2, Jina, vLLM, Xinference and infinity: one request, and one answer that all their clients read."""

from __future__ import annotations

import time
from typing import Any, Literal

from tamis.serve.dialects.call import (
    Amount,
    Answered,
    Call,
    Count,
    Documents,
    Field,
    Flag,
    Names,
    Position,
    Request,
    Spans,
    read,
)
from tamis.serve.lib import pydantic

LEAST = 0.1  # of a part's score, where a request says nothing


class RelevantSpans(pydantic.BaseModel):
    """Whether, and which, parts of documents are told that speak to the query."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    mode: Literal["enabled", "disabled"]
    threshold: Amount | None = Field(None, description="Least score of a part; 0.1 otherwise.")
    max_spans: Position | None = Field(None, description="Parts of a document; all otherwise.")


class CohereRequest(Request):
    """A request with ``documents``, which may be texts or objects with a ``text``."""

    documents: Documents
    rank_fields: Names | None = Field(None, description="Fields of objects that are read; text otherwise.")
    top_n: Count | None = Field(None, description="How many of the best; 0 or null for all.")
    top_k: Count | None = Field(None, description="The same, by another name.")
    return_documents: Flag | None = Field(None, description="Each document beside its score.")
    raw_scores: Flag | None = Field(None, description="Logits in place of shares.")
    use_activation: Flag | None = Field(None, description="False: logits in place of shares, as vLLM says it.")
    max_tokens_per_doc: Position | None = Field(None, description="Tokens of a document that are read.")
    relevant_spans: RelevantSpans | None = Field(None, description="Parts of documents that speak to the query.")

    def call(self) -> Call:
        return self.meant(
            read(self.documents, self.rank_fields),
            limit=self.limit(),
            scores="raw" if self.raw_scores or self.use_activation is False else "share",
            spans=self.spans(),
            longest=self.max_tokens_per_doc,
        )

    def answer(self, found: Answered) -> dict[str, Any]:
        echo = self.return_documents
        texts = read(self.documents, self.rank_fields) if echo else []
        results = [
            {
                "index": item.index,
                "relevance_score": item.score,
                **({"relevant_spans": [dict(span._asdict()) for span in item.spans]} if self.spans() else {}),
                **({"document": self.echoed(texts[item.index])} if echo else {}),
            }
            for item in found.items[: self.limit()]
        ]
        return {
            "id": found.id,
            "object": "list",
            "created": int(time.time()),
            "model": found.model,
            "scale": found.scale,
            "policy": found.policy or None,
            "results": results,
            "usage": {"prompt_tokens": found.tokens, "total_tokens": found.tokens},
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
        }

    def spans(self) -> Spans | None:
        """Which parts of documents are wanted; None for none."""
        asked = self.relevant_spans
        if asked is None or asked.mode == "disabled":
            return None
        return Spans(LEAST if asked.threshold is None else asked.threshold, asked.max_spans)

    def echoed(self, text: str) -> Any:
        """A document as this dialect repeats it."""
        return {"text": text}

    def limit(self) -> int | None:
        """How many of the best are wanted; None for all."""
        return self.top_n or self.top_k or None
