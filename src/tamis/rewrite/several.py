"""Several queries rewritten, side by side where the rewriter waits for a server."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tamis.core import Progress, Query
from tamis.errors import InputError
from tamis.rewrite.base import Rewriter, Variant


def rewritten(
    rewriter: Rewriter, queries: Sequence[Query], progress: Progress | None = None, *, threads: int = 1
) -> list[list[Variant]]:
    """The variants of each query, in the queries' order.

    Args:
        rewriter: asked once a query.
        queries: any number.
        progress: called with (queries done, queries in all).
        threads: how many are asked side by side; more than one is of use where a server answers.

    Raises:
        InputError: ``threads`` is below 1.

    >>> from tamis.rewrite import Offline
    >>> [[one.text for one in variants][:1] for variants in rewritten(Offline(), [Query("a tamis"), Query("雨")])]
    [['a tamis'], ['雨']]
    """
    if threads < 1:
        raise InputError(f"threads must be at least 1, got {threads}")
    found: list[list[Variant]] = []
    with ThreadPoolExecutor(min(threads, max(len(queries), 1)), thread_name_prefix="tamis-rewrite") as pool:
        side_by_side = threads > 1 and len(queries) > 1
        for variants in pool.map(rewriter.rewrite, queries) if side_by_side else map(rewriter.rewrite, queries):
            found.append(variants)
            if progress:
                progress(len(found), len(queries))
    return found
