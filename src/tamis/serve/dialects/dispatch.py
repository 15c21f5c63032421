"""Which dialect a rerank request is in: clients of all of them ask the same paths."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from tamis.serve.dialects.cohere import CohereRequest
from tamis.serve.dialects.tei import TeiRequest
from tamis.serve.dialects.voyage import VoyageRequest
from tamis.serve.lib import pydantic


def spoken(body: Any) -> str:
    """The dialect of a request's body, by its fields.

    >>> spoken({"query": "q", "texts": []}), spoken({"top_k": 3}), spoken({"top_k": 3, "top_n": 3})
    ('tei', 'voyage', 'cohere')
    """
    fields = body if isinstance(body, dict) else getattr(body, "__dict__", {})
    if fields.get("texts") is not None:
        return "tei"
    return "voyage" if "truncation" in fields or ("top_k" in fields and "top_n" not in fields) else "cohere"


Spoken: TypeAlias = Annotated[
    Annotated[TeiRequest, pydantic.Tag("tei")]
    | Annotated[VoyageRequest, pydantic.Tag("voyage")]
    | Annotated[CohereRequest, pydantic.Tag("cohere")],
    pydantic.Discriminator(spoken),
]


def _any(schema: dict[str, Any]) -> None:
    """Say that any of the dialects will do: many a request fits several."""
    schema["anyOf"] = schema.pop("oneOf")


class RerankRequest(pydantic.RootModel[Spoken]):
    """A rerank request in any dialect."""

    model_config = pydantic.ConfigDict(json_schema_extra=_any)
