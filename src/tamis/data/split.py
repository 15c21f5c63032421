"""Splitting examples in two by query, so that no query stands on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from typing import Literal, TypeAlias

from tamis.data.forms import Example
from tamis.errors import InputError
from tamis.text import normalise

SplitBy: TypeAlias = Literal["query", "document"]


def query_key(query: str) -> str:
    """What two spellings of one query share: its text as lexical matching sees it, white space made single.

    >>> query_key(" Why  sieve？") == query_key("why sieve?")
    True
    """
    return " ".join(normalise(query).split())


def document_key(text: str) -> str:
    """What two copies of one document share: its text without case, white space made single.

    >>> document_key("A\\nTamis ") == document_key("a tamis")
    True
    """
    return " ".join(text.casefold().split())


def split(
    examples: Sequence[Example], dev: float = 0.1, *, seed: int = 0, by: SplitBy = "query"
) -> tuple[list[Example], list[Example]]:
    """The examples in two lists, (train, dev); each keeps the given order, and both hold at least one query.

    A query's side depends on its text and the seed only, not on the order and not on the other queries, so that
    queries added later move none. The share is therefore met on average, within chance.

    Args:
        examples: merged or not; all examples of a query stay together.
        dev: share of the queries for the second list, in (0, 1).
        seed: another seed, another split.
        by: ``"query"``, or ``"document"``: queries that share a document, directly or through others, stay together,
            so that no document stands on both sides; then the dev side is at most the share.

    Raises:
        InputError: a share outside (0, 1), fewer than two queries, or (by document) no group of queries is small
            enough.

    >>> examples = [Example(f"query {number}", ("d",), (1.0,)) for number in range(200)]
    >>> [len(side) for side in split(examples, 0.1)]
    [182, 18]
    """
    if not 0 < dev < 1:
        raise InputError(f"the dev share must lie between 0 and 1, got {dev:g}")
    keys = [query_key(example.query) for example in examples]
    places = {key: _place(key, seed) for key in keys}
    if len(places) < 2:
        raise InputError(f"expected at least two queries to split, got {len(places)}")
    held = _drawn(places, dev) if by == "query" else _whole_groups(examples, keys, places, dev)
    sides: tuple[list[Example], list[Example]] = ([], [])
    for example, key in zip(examples, keys, strict=True):
        sides[key in held].append(example)
    return sides


def _place(key: str, seed: int) -> float:
    """A number in [0, 1) that nothing but the query and the seed decides."""
    first = hashlib.sha256(f"{seed}\n{key}".encode()).digest()[:8]
    return int.from_bytes(first, "big") / 2**64


def _drawn(places: dict[str, float], dev: float) -> set[str]:
    held = {key for key, place in places.items() if place < dev}
    if not held:
        return {min(places, key=places.__getitem__)}
    if len(held) == len(places):
        held.remove(max(places, key=places.__getitem__))
    return held


def _whole_groups(examples: Sequence[Example], keys: Sequence[str], places: dict[str, float], dev: float) -> set[str]:
    """Queries of whole groups, taken in the order of chance while they fit into the share."""
    groups = sorted(_groups(examples, keys), key=lambda group: places[min(group)])
    room = max(1, round(dev * len(places)))
    held: set[str] = set()
    for group in groups:
        if len(held) + len(group) <= room and len(held) + len(group) < len(places):
            held |= group
    if not held:
        raise InputError(
            f"cannot split by document: the smallest group of queries that share documents has "
            f"{min(map(len, groups))} of {len(places)} queries, the dev side has room for {room}; split by query, and "
            "read what `tamis data check --against` says of documents on both sides"
        )
    return held


def _groups(examples: Sequence[Example], keys: Sequence[str]) -> list[set[str]]:
    """The queries that hang together by documents they share."""
    parent: dict[Hashable, Hashable] = {}
    for example, key in zip(examples, keys, strict=True):
        parent.setdefault(key, key)
        for document in example.documents:
            # A document's node is a number, so that no text can be taken for a query's key.
            node = hash_of(document_key(document))
            parent[_root(parent, parent.setdefault(node, node))] = _root(parent, key)
    groups: dict[Hashable, set[str]] = {}
    for key in dict.fromkeys(keys):
        groups.setdefault(_root(parent, key), set()).add(key)
    return list(groups.values())


def hash_of(text: str) -> int:
    """A text as a number of 128 bits, the same in every process: what large sets of texts are compared by."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")


def _root(parent: dict[Hashable, Hashable], node: Hashable) -> Hashable:
    while (above := parent[node]) != node:
        parent[node] = parent[above]  # halve the way for those who come later
        node = above
    return node
