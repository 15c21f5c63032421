"""Licence-clean training sets for the blend: questions and headings, each with the text that answers it."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

from tamis.core import Document, Query
from tamis.data import read_documents, read_qrels

SEED = 20261121
QUESTIONS = {"cmrc2018": "zh", "drcd": "zh", "pubmedqa": "en"}  # CC BY-SA, CC BY-SA, MIT
HEADINGS = ("zh", "en")  # docs_sections: Apache-2.0 and CC documentation


@dataclass(frozen=True)
class Training:
    """Queries of one language with their documents and the ids of those that answer."""

    name: str
    language: str
    queries: list[Query]
    documents: list[Document]
    relevant: dict[str, set[str]]

    @property
    def digest(self) -> str:
        """SHA-256 of what is in it."""
        answers = sorted((query, sorted(ids)) for query, ids in self.relevant.items())
        parts = (self.name, self.queries, self.documents, answers)
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def training_sets(folder: Path, queries: int, documents: int) -> list[Training]:
    """Every set, cut to at most so many queries and documents by a seeded draw."""
    questions = [_questions(folder / name, language, queries, documents) for name, language in QUESTIONS.items()]
    return questions + [_headings(folder / "docs_sections", language, queries, documents) for language in HEADINGS]


def _questions(folder: Path, language: str, queries: int, documents: int) -> Training:
    kept = _draw(list(read_documents(folder / "corpus.jsonl.gz")), documents)
    ids = {document.id for document in kept}
    qrels = read_qrels(folder / "qrels.tsv")
    relevant = {q: {d for d, grade in grades.items() if grade > 0} & ids for q, grades in qrels.items()}
    rows = map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines())
    # One question of cmrc2018 is blank, which read_queries would refuse.
    asked = [Query(row["text"], row["id"]) for row in rows if row["text"].strip() and relevant.get(row["id"])]
    asked = _draw(asked, queries)
    return Training(folder.name, language, asked, kept, relevant)


def _headings(folder: Path, language: str, queries: int, documents: int) -> Training:
    """Section headings as queries: the last heading alone, or with the one above it."""
    rows = [
        row
        for path in sorted(folder.glob(f"*.{language}.jsonl.gz"))
        for row in map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines())
        if len(row["t"]) > 80
    ]
    kept = _draw(rows, documents)
    made = [Document(str(at), row["t"][:1500]) for at, row in enumerate(kept)]
    texts: dict[str, set[str]] = {}
    for at, row in enumerate(kept):
        path = [part.strip() for part in row["h"].split(" > ")]
        texts.setdefault(path[-1] if at % 2 else " ".join(path[-2:]), set()).add(str(at))
    asked = _draw([Query(text, id=text) for text in texts if len(text) > 3], queries)
    return Training(f"docs_sections.{language}", language, asked, made, texts)


def _draw(items: list, size: int) -> list:
    return random.Random(SEED).sample(items, min(size, len(items)))
