"""Pairs cut to what a server takes at once, asked side by side, and put together again in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from tamis.core import Document, Pair, Query
from tamis.errors import RemoteError
from tamis.score.remote.http import too_much

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold, and how many go side by side."""

    most: int
    most_bytes: int
    connections: int


def gathered(
    pairs: Sequence[Pair], ask: Callable[[Query, Sequence[Document]], Sequence[Result]], limits: Limits
) -> list[Result]:
    """One result a pair, in order; ``ask`` gets documents of one query and gives one result a document.

    Raises:
        RemoteError: from ``ask``; what waits then is not asked any more.
    """
    pieces = cut(pairs, limits)

    def answered(piece: Sequence[int]) -> list[Result]:
        return halved(ask, pairs[piece[0]][0], [pairs[at][1] for at in piece])

    found: dict[int, Result] = {}
    for piece, results in zip(pieces, side_by_side(answered, pieces, limits.connections), strict=True):
        found.update(zip(piece, results, strict=True))
    return [found[at] for at in range(len(pairs))]


def cut(pairs: Sequence[Pair], limits: Limits) -> list[list[int]]:
    """Positions of pairs that go into one request; those of one query stand together, in order.

    >>> a, b = Query("a"), Query("b")
    >>> pairs = [(a, Document("0", "x")), (b, Document("1", "y")), (a, Document("2", "z")), (a, Document("3", "?"))]
    >>> cut(pairs, Limits(2, 1000, 1))
    [[0, 2], [3], [1]]
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for at, (query, _) in enumerate(pairs):
        groups.setdefault((query.text, query.instruction), []).append(at)
    pieces: list[list[int]] = []
    for group in groups.values():
        size = limits.most_bytes + 1
        for at in group:
            more = len(json.dumps(pairs[at][1].full_text, ensure_ascii=False).encode("utf-8", "replace")) + 1
            if size + more > limits.most_bytes or len(pieces[-1]) >= limits.most:
                pieces.append([])
                size = 0
            pieces[-1].append(at)
            size += more
    return pieces


def halved(
    ask: Callable[[Query, Sequence[Document]], Sequence[Result]], query: Query, documents: Sequence[Document]
) -> list[Result]:
    """The results of ``ask``; where the server finds a request too large, those of its halves.

    Raises:
        RemoteError: one document alone is too much for the server, or anything else fails.
    """
    try:
        return list(ask(query, documents))
    except RemoteError as error:
        if not too_much(error):
            raise
        if len(documents) == 1:
            text = f"{error}; document {documents[0].id!r} alone is too much for this server: shorten it"
            raise RemoteError(text, status=error.status, said=error.said) from error
    middle = len(documents) // 2
    return halved(ask, query, documents[:middle]) + halved(ask, query, documents[middle:])


def side_by_side(
    work: Callable[[Sequence[int]], list[Result]], pieces: Sequence[Sequence[int]], connections: int
) -> list[list[Result]]:
    """The work's results in the pieces' order, at most ``connections`` under way; the first failure ends it all."""
    if len(pieces) < 2 or connections == 1:
        return [work(piece) for piece in pieces]
    pool = ThreadPoolExecutor(min(connections, len(pieces)), thread_name_prefix="tamis-remote")
    try:
        futures = [pool.submit(work, piece) for piece in pieces]
        for done in wait(futures, return_when=FIRST_EXCEPTION).done:
            done.result()
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # a caller who gets an error does not wait for the others
