"""From sets of texts to lists to learn from: hard negatives by words and by meaning, each scored by a teacher.

    python recipes/tamis-mini/lists.py SET [SET ...] -o lists.jsonl [--queries 8000]

A set is a folder with corpus, queries and qrels. The teacher is ``tamis-blend`` with the set's own BM25: e5-small's
cosine, MaxSim, shared phrases. A document known to be relevant gets at least the best of the others' scores and
``LEAD``, so that one column of scores carries what the labels and what the teacher say.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from remembering import Remembering

import tamis
from tamis.core import Query
from tamis.data import Collection, atomic_write
from tamis.recall import Index
from tamis.train.sources.guards import overlap, sketch

SEED = 20261122
DEPTH = 40  # candidates that are recalled
TOP, DEEP, RANDOM = 6, 5, 4  # negatives of a list: among the best ten, among the rest, anywhere
LEAD = 1.0  # logits
DOUBTFUL = 3.0  # logits a known document may stay below the best other one: below that the query does not ask for it
PARTS = "parts_"  # sets in which all parts of a document stand for what one of them answers
FALSE = 1.5  # logits above a known document from which an unjudged one may be relevant: it is left out


def lists(collection: Collection, queries: int, seed: int) -> Iterator[dict[str, Any]]:
    """The lists of one set, in a seeded order."""
    draw = random.Random(f"{seed}:{collection.name}")
    asked = sorted(collection.judged, key=lambda query: query.id)
    asked = draw.sample(asked, min(queries, len(asked)))
    scorer = tamis.load_scorer("tamis-blend")
    scorer.encoder = Remembering(scorer.encoder, whole=True)
    index = Index.build(list(collection.documents.values()), encoder=scorer.encoder)
    ids = sorted(collection.documents)
    rankings = []
    for query in asked:
        known = set(collection.qrels[query.id])
        found = {c.doc.id for c in index.search(query, DEPTH, mode="hybrid")}
        rankings.append(
            index.rank(query, sorted(found | known | set(draw.sample(ids, min(RANDOM, len(ids))))), mode="bm25")
        )
    pairs = [(ranking.query, c.doc) for ranking in rankings for c in ranking]
    bm25 = np.concatenate([ranking.scores for ranking in rankings])
    scores = scorer.score_with_evidence(pairs, {"bm25": bm25})
    at = 0
    for ranking in rankings:
        part = dict(zip((c.doc.id for c in ranking), scores[at : at + len(ranking)].tolist(), strict=True))
        at += len(ranking)
        if row := _list(ranking.query, part, collection, draw):
            yield row


def _list(query: Query, scores: dict[str, float], collection: Collection, draw: random.Random) -> dict[str, Any] | None:
    """One list, or None where the query cannot be said to ask for what is known of it."""
    grades = collection.qrels[query.id]
    good = [doc for doc in scores if grades.get(doc, 0) > 0]
    bad = [doc for doc in scores if doc in grades and grades[doc] <= 0]
    if collection.name.startswith(PARTS) and good:  # of a document's parts, the likeliest is taken to hold the answer
        likeliest = max(good, key=scores.__getitem__)
        bad, good = [doc for doc in good if scores[doc] < scores[likeliest] - FALSE], [likeliest]
    others = sorted((doc for doc in scores if doc not in grades), key=lambda doc: -scores[doc])
    # The teacher reads words, and two languages share few: there the label alone is believed.
    doubt, false = (math.inf, math.inf) if collection.name.endswith(".cross") else (DOUBTFUL, FALSE)
    if not good or (others and max(scores[d] for d in good) < scores[others[0]] - doubt):
        return None
    best = max(scores[doc] for doc in good)
    texts = {doc: collection.documents[doc].full_text for doc in scores}
    others = [d for d in others if scores[d] < best + false and not any(_copies(texts[d], texts[g]) for g in good)]
    top, deep, last = others[:10], others[10:DEPTH], others[DEPTH:] or others[-RANDOM:]
    chosen = [
        d for part, many in ((top, TOP), (deep, DEEP), (last, RANDOM)) for d in draw.sample(part, min(many, len(part)))
    ]
    negatives = list(dict.fromkeys([*bad[:TOP], *chosen]))
    positives = draw.sample(good, min(3, len(good)))
    if len(negatives) < 3:
        return None
    floor = max(scores[d] for d in negatives) + LEAD
    given = {d: max(scores[d], floor) for d in positives} | {d: scores[d] for d in negatives}
    return {
        "query": query.text,
        "documents": [texts[d] for d in given],
        "labels": [1] * len(positives) + [0] * len(negatives),
        "scores": [round(s, 3) for s in given.values()],
    }


def _copies(a: str, b: str) -> bool:
    """Whether one text is a copy of the other, or a part of it."""
    return a == b or overlap(sketch(a), sketch(b)) > 0.6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sets", nargs="+", type=Path)
    options.add_argument("-o", "--output", type=Path, required=True)
    options.add_argument("--queries", type=int, default=8000, help="most of one set")
    asked = options.parse_args()
    with atomic_write(asked.output) as out:
        for folder in asked.sets:
            count = 0
            for row in lists(Collection.open(folder), asked.queries, SEED):
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
            print(f"{folder.name}: {count} lists", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
