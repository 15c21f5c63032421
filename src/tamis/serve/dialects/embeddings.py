"""OpenAI's ``/v1/embeddings``: texts to unit vectors."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal

from tamis.core import Kind, Vectors
from tamis.errors import InputError
from tamis.serve.dialects.call import Field, Position, Several, Text
from tamis.serve.lib import pydantic
from tamis.serve.queue import length


class EmbeddingsRequest(pydantic.BaseModel):
    """A request of OpenAI's client; ``input_type`` says what the texts are, as Cohere's and Voyage's does."""

    model_config = pydantic.ConfigDict(extra="ignore", frozen=True)

    input: Text | Several[Text] = Field(description="One text, or several.")
    model: Text | None = Field(None, description="Whatever it says, this server's encoder answers.")
    encoding_format: Literal["float", "base64"] | None = Field(None, description="How vectors are written.")
    dimensions: Position | None = Field(None, description="As the encoder has them, or not given.")
    input_type: Text | None = Field(None, description='"query", "search_query": queries; documents otherwise.')

    def texts(self) -> list[str]:
        """The texts.

        Raises:
            InputError: there are none.
        """
        found = [self.input] if isinstance(self.input, str) else self.input
        if not found:
            raise InputError("input: expected a text or a list of texts, got none")
        return found

    @property
    def kind(self) -> Kind:
        """What the texts are read as."""
        return "query" if "query" in (self.input_type or "") else "document"

    def answer(self, model: str, vectors: Sequence[Vectors]) -> dict[str, Any]:
        """One vector a text, in the texts' order.

        Raises:
            InputError: vectors of another length were asked for.
        """
        if self.dimensions not in (None, len(vectors[0])):
            raise InputError(f"dimensions={self.dimensions}: this encoder's vectors have {len(vectors[0])}")
        write = _packed if self.encoding_format == "base64" else _listed
        read = sum(map(length, self.texts()))
        return {
            "object": "list",
            "data": [{"object": "embedding", "index": at, "embedding": write(one)} for at, one in enumerate(vectors)],
            "model": model,
            "usage": {"prompt_tokens": read, "total_tokens": read},
        }


def _packed(vector: Vectors) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _listed(vector: Vectors) -> list[float]:
    found: list[float] = vector.tolist()
    return found
