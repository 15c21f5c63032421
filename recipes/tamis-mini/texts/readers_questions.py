"""Question sets and sentence pairs of the data folder: their own queries, none derived."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from entries import Ask, Entry, digest

from tamis.data import read_documents, read_qrels


def questions(folder: Path) -> Iterator[Entry]:
    """A folder of corpus, queries and qrels; blank questions are left out."""
    rows = map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines())
    asked = {row["id"]: row["text"].strip() for row in rows}
    answering: dict[str, list[Ask]] = defaultdict(list)
    for query, grades in read_qrels(folder / "qrels.tsv").items():
        for answer, grade in grades.items():
            if asked.get(query) and grade > 0:
                answering[answer].append(Ask(asked[query], "question"))
    for document in read_documents(folder / "corpus.jsonl.gz"):
        yield Entry(document.title, document.text, tuple(answering[document.id]), shown=True)


def paraphrases(path: Path, most: int = 3000) -> Iterator[Entry]:
    """Pairs of sentences: those of one meaning, and as grade 0 those that only share their words."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    pairs = [fields for line in lines if len(fields := line.split("\t")) == 3 and min(map(len, fields[:2])) > 9]
    telling = {first for first, second, label in pairs if label == "1" and first != second}
    drawn = set(sorted(telling, key=digest)[:most])
    for first, second, label in pairs:
        if first in drawn and first != second:
            yield Entry("", second, (Ask(first, "sentence", int(label)),))
