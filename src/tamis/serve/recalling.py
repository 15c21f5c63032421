"""An index and an encoder as the server has them: queries and texts of many requests go through them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from tamis.core import Encoder, Kind, Query, Ranking, Retriever, Vectors
from tamis.errors import ClosingError
from tamis.serve.queue import Limits, Queue, length
from tamis.widening import Placing

QUERIES = Limits(waiting=1_000, together=32, beside=1)
TEXTS = Limits(waiting=400_000, together=4_096, beside=1)


class Recall:
    """A retriever with its queue.

    Args:
        retriever: what finds candidates.
        limits: in queries.
        every: seconds between two looks at what others have written to it; 0 never looks.
    """

    def __init__(self, retriever: Retriever, limits: Limits = QUERIES, *, every: float = 0.0) -> None:
        self.retriever, self.every = retriever, every
        self.queue = Queue[tuple[Query, int], Ranking](self._search, lambda _: 1, limits)

    async def search(self, query: Query, k: int, *, priority: int = 0, within: float = float("inf")) -> Ranking:
        """At most ``k`` candidates.

        Raises:
            UnavailableError: the queue takes no more, or the time ran out.
        """
        (found,) = await self.searched([query], k, priority=priority, within=within)
        return found

    async def searched(
        self, queries: Sequence[Query], k: int, *, priority: int = 0, within: float = float("inf")
    ) -> Sequence[Ranking]:
        """The same for several queries of one request, in their order."""
        return await self.queue.submit([(query, k) for query in queries], priority=priority, within=within)

    def _search(self, asked: Sequence[tuple[Query, int]]) -> list[Ranking]:
        """Rankings of what stands in the queue together, recalled at the greatest length and cut to each one's."""
        most = max(k for _, k in asked)
        found = self.retriever.search([query for query, _ in asked], most)
        return [ranking[:k] for ranking, (_, k) in zip(found, asked, strict=True)]


class InRecall:
    """A queued index as a retriever, for work in another thread: its queries wait in the queue as all do.

    Args:
        recall: whose queue.
        priority: 0 is worked on first.
        within: seconds until work must have begun.

    Raises:
        RuntimeError: it was made outside of the server's loop.
    """

    def __init__(self, recall: Recall, *, priority: int = 0, within: float = float("inf")) -> None:
        self._recall, self._priority, self._within = recall, priority, within
        self._loop = asyncio.get_running_loop()

    def search(self, queries: Sequence[Query], k: int) -> list[Ranking]:
        """One ranking of at most ``k`` candidates for each query.

        Raises:
            UnavailableError: the queue takes no more, or the time ran out.
        """
        waiting = self._recall.searched(queries, k, priority=self._priority, within=self._within)
        try:
            return list(asyncio.run_coroutine_threadsafe(waiting, self._loop).result())
        except ClosingError:  # the index was exchanged after this request was let in to it
            return self._recall.retriever.search(queries, k)

    def rank(self, query: Query, ids: Iterable[str]) -> Ranking:
        """Given documents of the index, as far as it can score them; without the queue, for it takes no time."""
        inner = self._recall.retriever
        return inner.rank(query, ids) if isinstance(inner, Placing) else Ranking(query)


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
