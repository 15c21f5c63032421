"""The queries of a study as people look at them: which documents stand where under each system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tamis.calibrate.evidence.pages import excerpt
from tamis.core import Document, Ranking
from tamis.evaluate import asked_of, ordered
from tamis.evaluate.compare import MAIN
from tamis.evaluate.slices import SLICES
from tamis.gains.errors import Errors

SHOWN = 300  # queries whose documents a page holds
TOP = 10  # documents of a system that are shown
QUERY, DOCUMENT, TURN = 300, 240, 200  # characters shown


def cases(errors: Errors) -> dict[str, Any]:
    """The queries whose figures the systems disagree about most, then the worst, as JSON values.

    ``documents`` holds each text once, cut to what a page shows; ``cases`` name documents by their places there.

    Args:
        errors: of the study.
    """
    found = errors.found
    places = _chosen(errors)
    texts: dict[str, int] = {}
    named = {at: [name for name, members in errors.lists.items() if at in members] for at in places}
    rows = [_case(errors, at, texts) | {"lists": named[at]} for at in places]
    documents = found.study.collection.documents
    return {
        "cases": rows,
        "all": len(found.queries),
        "documents": [_text(documents.get(name), name) for name in texts],
    }


def _chosen(errors: Errors) -> list[int]:
    """Places of the queries that are shown, in the order of the set."""
    found = errors.found
    values = np.stack([found.gain.systems[name][MAIN] for name in found.rankings])
    spread, last = np.ptp(values, axis=0), found.gain.systems[found.last][MAIN]
    order = np.lexsort((last, -spread))[:SHOWN]
    return sorted(order.tolist())


def _case(errors: Errors, at: int, texts: dict[str, int]) -> dict[str, Any]:
    found, query = errors.found, errors.found.queries[at]
    main, grades = found.asked[at][0], errors.grades(at)
    orders = {system: _order(rankings[at]) for system, rankings in found.rankings.items()}
    listed = list(dict.fromkeys(doc for order in orders.values() for doc in order[:TOP]))
    relevant = [doc for doc, grade in grades.items() if grade > 0]
    (asked,) = asked_of([query], found.study.collection.qrels, found.study.collection.documents)

    def number(doc: str) -> int:
        return texts.setdefault(doc, len(texts))

    return {
        "id": query.id,
        "query": excerpt(query.text, QUERY),
        "rewritten": excerpt(main.text, QUERY) if main.text != query.text else "",
        "changes": [change.as_json() for change in main.changes] if main.text != query.text else [],
        "more": [excerpt(variant.text, QUERY) for variant in found.asked[at][1:]],
        "history": [excerpt(turn, TURN) for turn in query.history],
        "values": {system: float(found.gain.systems[system][MAIN][at]) for system in found.rankings},
        "slices": {one.kind: one.part_of(asked) for one in SLICES},
        "orders": {system: [number(doc) for doc in order[:TOP]] for system, order in orders.items()},
        "relevant": [number(doc) for doc in relevant if doc in listed or _stands(orders.values(), doc)],
        "nowhere": sum(not _stands(orders.values(), doc) for doc in relevant),
        "ranks": {
            system: {str(number(doc)): rank for rank, doc in enumerate(order, 1) if doc in listed or doc in relevant}
            for system, order in orders.items()
        },
        "suspects": [number(doc) for doc in errors.suspects.get(at, ()) if doc in listed],
    }


def _stands(orders: Any, doc: str) -> bool:
    return any(doc in order for order in orders)


def _order(ranking: Ranking) -> Sequence[str]:
    return ordered(ranking.query.id, {candidate.doc.id: candidate.score for candidate in ranking})


def _text(document: Document | None, name: str) -> dict[str, str]:
    """A document's name and the beginning of its text; a relevant one that no file holds has none."""
    text = "" if document is None else excerpt(document.full_text, DOCUMENT)
    return {"id": excerpt(name, QUERY), "text": text}
