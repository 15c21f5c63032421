"""infinity: Cohere's request, but documents are repeated as plain texts, which other clients cannot read."""

from __future__ import annotations

from tamis.serve.dialects.cohere import CohereRequest


class InfinityRequest(CohereRequest):
    """A request of infinity's clients, at a path of its own: nothing in it tells it from Cohere's."""

    def echoed(self, text: str) -> str:
        return text
