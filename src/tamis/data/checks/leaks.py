"""What stands in training data and in the data that a model is measured on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tamis.data.checks.findings import found, words
from tamis.data.checks.pairs import Mask, Numbers, Pairs, excerpt
from tamis.data.checks.report import PLACES, Finding, Place
from tamis.data.split import document_key


def leaks(pairs: Pairs, other: Pairs) -> list[Finding]:
    """Queries, positives and documents on both sides; documents are the same where case and white space differ."""
    shared = (_queries(pairs, other), _near(pairs, other), _positives(pairs, other), _documents(pairs, other))
    return [finding for finding in shared if finding]


def _queries(pairs: Pairs, other: Pairs) -> Finding | None:
    there = {query for query, _ in other.keys}
    both = [at for at, (query, _) in enumerate(pairs.keys) if query in there]
    texts = (
        "queries on both sides",
        "what is measured on them says nothing about new queries: split with tamis data split, or remove them here",
    )
    return found("shared queries", "error", len(both), texts, _asked(pairs, both))


def _near(pairs: Pairs, other: Pairs) -> Finding | None:
    there, same = {words(query) for query, _ in other.keys}, {query for query, _ in other.keys}
    both = [at for at, (query, _) in enumerate(pairs.keys) if query not in same and words(query) in there]
    texts = (
        "queries with the same words as a query on the other side",
        "look at them: the same question in another order or with other marks makes measurements too good",
    )
    return found("near queries", "warning", len(both), texts, _asked(pairs, both))


def _asked(pairs: Pairs, keys: Sequence[int]) -> Iterator[Place]:
    rows = pairs.first_rows(keys[:PLACES])
    return (pairs.place(row, f"query {excerpt(pairs.keys[key][0])}") for key, row in rows)


def _positives(pairs: Pairs, other: Pairs) -> Finding | None:
    at = _also(pairs, other, pairs.top > 0, other.top > 0)
    texts = (
        "documents that are positive on both sides",
        "a model may know the answers by heart; tamis data split --by document keeps them on one side",
    )
    places = (pairs.place(int(pairs.row[pair]), pairs.quoted(pair)) for pair in at.tolist())
    return found("shared positives", "warning", len(at), texts, places)


def _documents(pairs: Pairs, other: Pairs) -> Finding | None:
    every, others = (np.ones(len(one.first), dtype=np.bool_) for one in (pairs, other))
    at = _also(pairs, other, every, others)
    texts = (
        f"documents on both sides (of {len(np.unique(pairs.document_keys)):,} here)",
        "usual where both sides search one corpus; tamis data split --by document keeps them on one side",
    )
    places = (
        pairs.place(int(pairs.row[pair]), f"document {excerpt(pairs.texts[pairs.document[pair]])}")
        for pair in at.tolist()
    )
    return found("shared documents", "note", len(at), texts, places)


def _also(pairs: Pairs, other: Pairs, here: Mask, there: Mask) -> Numbers:
    """One pair for each different document of some of this side's pairs that some of the other side's hold too."""
    known = {document_key(other.texts[at]) for at in np.unique(other.document[other.first[there]]).tolist()}
    firsts = pairs.first[here]
    _, at = np.unique(pairs.document_keys[pairs.document[firsts]], return_index=True)
    found = [pair for pair in firsts[at].tolist() if document_key(pairs.texts[pairs.document[pair]]) in known]
    return np.array(sorted(found), dtype=np.int64)
