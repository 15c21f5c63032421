"""From a set of texts to candidates of its queries, with what the encoder and the collection say of each.

    PYTHONPATH=benchmarks python recipes/tamis-mini/candidates.py TEXTS -o FOLDER [--share 1] [--only SET ...]

TEXTS is the folder that ``texts/build.py`` made. Each set of ``MIX`` becomes one file of lists: a query, documents that
are known to answer it, and others that lie near it by words or by meaning, none of them a copy of an answer.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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
DEPTH = 30  # candidates that are recalled
# Of a list: known answers, known non-answers, others among the first ranks, among the later ones, and from anywhere.
ANSWERS, REFUSED, FIRST, LATER, ANYWHERE = 2, 2, (6, 4), 3, 1
PARTS, PART_ANSWERS = "parts_", 4  # sets in which all parts of a document stand for what one of them answers


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a set is used: at most so many queries, among so many documents."""

    name: str
    queries: int
    documents: int


MIX = (
    Share("parts_drcd.zh", 900, 3000),
    Share("parts_cmrc.zh", 900, 3000),
    Share("statutes.zh", 500, 2500),
    Share("docs_sections.zh", 400, 2000),
    Share("facts_cmrc.zh", 300, 2000),
    Share("facts_drcd.zh", 300, 2000),
    Share("libreoffice.zh", 300, 1500),
    Share("pawsx.zh", 300, 1500),
    Share("packages.zh", 250, 415),
    Share("faq.zh", 150, 146),
    Share("gnome.zh", 150, 189),
    Share("handbook.zh", 150, 306),
    Share("parts_pubmed.en", 400, 2000),
    Share("docs_sections.en", 400, 2000),
    Share("packages.en", 350, 2000),
    Share("pubmedqa.en", 300, 998),
    Share("wordnet.en", 300, 1500),
    Share("wordnet_names.en", 300, 1500),
    Share("foldoc.en", 300, 1500),
    Share("facts_names.en", 300, 2000),
    Share("facts_pubmed.en", 250, 1500),
    Share("facts_foldoc.en", 250, 1500),
    Share("libreoffice.en", 250, 1500),
    Share("python.en", 250, 1500),
    Share("gnome.en", 200, 451),
    Share("faq.en", 150, 149),
    Share("postgresql.en", 150, 1200),
    Share("gimp.en", 150, 1000),
    Share("jargon.en", 150, 1500),
    Share("libreoffice.cross", 150, 1000),
    Share("packages.cross", 150, 1000),
    Share("cedict.cross", 150, 800),
    Share("gnome.cross", 100, 327),
)


def lists(collection: Collection, share: Share) -> Iterator[dict[str, Any]]:
    """The lists of one set, drawn by the seed: query, documents, labels, BM25 and the blend's features of each."""
    draw = random.Random(f"{SEED}:{share.name}")
    asked = drawn(collection, share.queries, draw)
    scorer = tamis.load_scorer("tamis-blend")
    scorer.encoder = Remembering(scorer.encoder, whole=True)
    pool = pooled(collection, asked, share.documents, draw)
    index = Index.build([collection.documents[doc] for doc in pool], encoder=scorer.encoder)
    chosen = [(query, _candidates(query, index, collection, pool, draw)) for query in asked]
    chosen = [(query, documents) for query, documents in chosen if len(documents) > REFUSED + ANSWERS]
    features = scorer.features([(q, collection.documents[doc]) for q, documents in chosen for doc in documents])
    parts = np.split(features, np.cumsum([len(documents) for _, documents in chosen])[:-1])
    for (query, documents), part in zip(chosen, parts, strict=True):
        grades = collection.qrels[query.id]
        known = {c.doc.id: c.score for c in index.rank(query, documents, mode="bm25")}
        yield {
            "query": query.text,
            "documents": [collection.documents[doc].full_text for doc in documents],
            "labels": [int(grades.get(doc, 0) > 0) for doc in documents],
            "bm25": [round(known[doc], 3) for doc in documents],
            "features": np.round(part, 5).tolist(),
        }


def drawn(collection: Collection, queries: int, draw: random.Random) -> list[Query]:
    """At most so many of the judged queries."""
    asked = sorted(collection.judged, key=lambda query: query.id)
    return draw.sample(asked, min(queries, len(asked)))


def asked_of(texts: Path) -> set[str]:
    """Ids of all queries that a full run draws: they are digests of the text, and so the same in every set."""
    return {
        query.id
        for share in MIX
        if (texts / share.name).is_dir()
        for query in drawn(Collection.open(texts / share.name), share.queries, random.Random(f"{SEED}:{share.name}"))
    }


def pooled(collection: Collection, asked: list[Query], documents: int, draw: random.Random) -> list[str]:
    """Every document that is judged for one of the queries, and others up to the number."""
    judged = {doc for query in asked for doc in collection.qrels[query.id]} & collection.documents.keys()
    others = sorted(collection.documents.keys() - judged)
    return sorted(judged | set(draw.sample(others, max(0, min(documents - len(judged), len(others))))))


def _candidates(query: Query, index: Index, collection: Collection, pool: list[str], draw: random.Random) -> list[str]:
    """The documents of one list, answers first."""
    grades = collection.qrels[query.id]
    found = [c.doc.id for c in index.search(query, DEPTH, mode="hybrid")]
    rank = {doc: at for at, doc in enumerate(found)}
    known = [doc for doc in sorted(grades) if grades[doc] > 0 and doc in collection.documents]
    most = PART_ANSWERS if collection.name.startswith(PARTS) else ANSWERS
    answers = sorted(known, key=lambda doc: rank.get(doc, DEPTH))[:most]
    refused = [doc for doc in sorted(grades) if grades[doc] <= 0 and doc in collection.documents][:REFUSED]
    texts = [collection.documents[doc].full_text for doc in answers]
    others = [
        doc
        for doc in found
        if doc not in grades and not any(_copies(collection.documents[doc].full_text, text) for text in texts)
    ]
    among, many = FIRST
    first, later = others[:among], others[among:]
    others = [*draw.sample(first, min(many, len(first))), *draw.sample(later, min(LATER, len(later)))]
    anywhere = [doc for doc in draw.sample(pool, ANYWHERE) if grades.get(doc, 0) <= 0]
    return list(dict.fromkeys([*answers, *refused, *others, *anywhere])) if answers else []


def _copies(a: str, b: str) -> bool:
    """Whether one text is a copy of the other, or a part of it."""
    return a == b or overlap(sketch(a), sketch(b)) > 0.6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("texts", type=Path)
    options.add_argument("-o", "--output", type=Path, required=True)
    options.add_argument("--share", type=float, default=1.0, help="of the queries and documents, for a quick run")
    options.add_argument("--only", nargs="*", metavar="SET", choices=[share.name for share in MIX])
    asked = options.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    for share in MIX:
        if asked.only and share.name not in asked.only:
            continue
        part = Share(share.name, round(share.queries * asked.share), round(share.documents * asked.share))
        rows = list(lists(Collection.open(asked.texts / share.name), part))
        with atomic_write(asked.output / f"{share.name}.jsonl") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        print(f"{share.name}: {len(rows)} lists", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
