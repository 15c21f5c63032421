"""An index and an encoder as the server has them: queries and texts of many requests go through them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tamis.core import Encoder, Kind, Query, Ranking, Retriever, Vectors
from tamis.serve.queue import Limits, Queue, length

QUERIES = Limits(waiting=1_000, together=32, beside=1)
TEXTS = Limits(waiting=400_000, together=4_096, beside=1)


class Recall:
    """A retriever with its queue.

    Args:
        retriever: what finds candidates.
        limits: in queries.
    """

    def __init__(self, retriever: Retriever, limits: Limits = QUERIES) -> None:
        self._retriever = retriever
        self.queue = Queue[tuple[Query, int], Ranking](self._search, lambda _: 1, limits)

    async def search(self, query: Query, k: int, *, priority: int = 0, within: float = float("inf")) -> Ranking:
        """At most ``k`` candidates.

        Raises:
            UnavailableError: the queue takes no more, or the time ran out.
        """
        (found,) = await self.queue.submit([(query, k)], priority=priority, within=within)
        return found

    def _search(self, asked: Sequence[tuple[Query, int]]) -> list[Ranking]:
        """Rankings of what stands in the queue together, recalled at the greatest length and cut to each one's."""
        most = max(k for _, k in asked)
        found = self._retriever.search([query for query, _ in asked], most)
        return [ranking[:k] for ranking, (_, k) in zip(found, asked, strict=True)]


class Embedding:
    """An encoder with its queue; it is loaded when first asked.

    Args:
        load: gives the encoder.
        name: what answers call it.
        limits: in tokens, about.
    """

    def __init__(self, load: Callable[[], Encoder], name: str, limits: Limits = TEXTS) -> None:
        self._load, self.name = load, name
        self._encoder: Encoder | None = None
        self.queue = Queue[tuple[str, Kind], Vectors](self._encode, lambda item: length(item[0]), limits)

    async def encode(self, texts: Sequence[str], kind: Kind, *, within: float = float("inf")) -> Sequence[Vectors]:
        """One unit vector a text, in order.

        Raises:
            UnavailableError: the queue takes no more, or the time ran out.
        """
        return await self.queue.submit([(text, kind) for text in texts], within=within)

    def _encode(self, asked: Sequence[tuple[str, Kind]]) -> list[Vectors]:
        if self._encoder is None:
            self._encoder = self._load()
        found: list[Vectors | None] = [None] * len(asked)
        for kind in {kind for _, kind in asked}:
            places = [at for at, (_, own) in enumerate(asked) if own == kind]
            for at, vector in zip(places, self._encoder.encode([asked[at][0] for at in places], kind), strict=True):
                found[at] = vector
        return [vector for vector in found if vector is not None]
