"""Text Embeddings Inference: ``texts`` in, a bare list of all of them out."""

from __future__ import annotations

from typing import Any

from tamis.serve.dialects.call import Answered, Call, Field, Flag, Request, Several, Text


class TeiRequest(Request):
    """A request of text-embeddings-inference, and of its clients in LlamaIndex, Haystack and LiteLLM."""

    texts: Several[Text] = Field(min_length=1, description="The documents.")
    raw_scores: Flag | None = Field(None, description="Logits in place of shares.")
    return_text: Flag | None = Field(None, description="Each document beside its score.")

    def call(self) -> Call:
        return self.meant(self.texts, scores="raw" if self.raw_scores else "share")

    def answer(self, found: Answered) -> list[dict[str, Any]]:
        echo = self.return_text
        return [
            {"index": item.index, "score": item.score, **({"text": self.texts[item.index]} if echo else {})}
            for item in found.items  # all of them: clients check that none is missing
        ]
