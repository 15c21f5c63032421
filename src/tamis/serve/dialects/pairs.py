"""vLLM's ``/score``: pairs of texts, one with many or each with its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tamis.core import Document, Pair, Query
from tamis.errors import InputError
from tamis.serve.dialects.call import Field, Flag, Several, Text
from tamis.serve.lib import pydantic

Texts = Text | Several[Text]


class PairsRequest(pydantic.BaseModel):
    """Two sides under one of the pairs of names that vLLM knows; one text on the left stands for all on the right."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    model: Text | None = Field(None, description="A model of this server, or an alias; the default otherwise.")
    text_1: Texts | None = Field(None, description="Queries; also queries, data_1.")
    text_2: Texts | None = Field(None, description="Documents; also documents, items, data_2.")
    data_1: Texts | None = None
    data_2: Texts | None = None
    queries: Texts | None = None
    documents: Texts | None = None
    items: Texts | None = None
    instruction: Text | None = Field(None, description="What counts as relevant, for models that read instructions.")
    raw_scores: Flag | None = Field(None, description="Logits in place of shares.")
    use_activation: Flag | None = Field(None, description="False: the same, as vLLM says it.")

    @property
    def raw(self) -> bool:
        """Whether logits are wanted."""
        return bool(self.raw_scores) or self.use_activation is False

    def read(self) -> list[Pair]:
        """Query and document of each pair.

        Raises:
            InputError: a side is missing or empty, or the sides do not match.
        """
        left = self._side("text_1", self.text_1, self.data_1, self.queries)
        right = self._side("text_2", self.text_2, self.data_2, self.documents, self.items)
        if len(left) == 1:
            left = left * len(right)
        if len(left) != len(right):
            raise InputError(f"text_1 has {len(left)} texts and text_2 {len(right)}: expected one, or as many")
        instruction = self.instruction or ""
        return [
            (Query(query, instruction=instruction), Document(str(at), document))
            for at, (query, document) in enumerate(zip(left, right, strict=True))
        ]

    def _side(self, name: str, *given: str | list[str] | None) -> list[str]:
        found = next((texts for texts in given if texts is not None), [])
        texts = [found] if isinstance(found, str) else found
        if not texts:
            raise InputError(f"{name}: expected a text or a list of texts, got none")
        return texts

    def answer(self, id: str, model: str, scores: Sequence[float], tokens: int) -> dict[str, Any]:
        """One score a pair, in the pairs' order."""
        return {
            "id": id,
            "object": "list",
            "created": int(time.time()),
            "model": model,
            "data": [{"index": at, "object": "score", "score": score} for at, score in enumerate(scores)],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
