"""An evaluation set: a folder with a corpus, queries, qrels and perhaps candidates."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from tamis.core import Document, Query
from tamis.data.read import read_documents, read_queries
from tamis.data.trec import Qrels, read_candidates, read_first_stage, read_qrels
from tamis.errors import DataError, InputError

ENDINGS = (".jsonl", ".jsonl.gz", ".tsv", ".csv", ".tsv.gz", ".csv.gz")
SPLITS = ("test", "dev", "train")  # BEIR keeps qrels/<split>.tsv; the first that is there is read


@dataclass(frozen=True, slots=True)
class Collection:
    """An evaluation set in memory.

    Attributes:
        name: the folder's name.
        documents: the corpus by document id, in the file's order.
        queries: in the file's order, judged or not.
        qrels: grades by query and document; may name documents that are not in the corpus, whose text nobody has.
        candidates: document ids to rerank, by query; empty where the whole corpus is to be ranked.
        first_stage: scores that the candidates came with; empty where they came with none.
    """

    name: str
    documents: Mapping[str, Document]
    queries: Sequence[Query]
    qrels: Qrels
    candidates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first_stage: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """The set in a folder: corpus, queries, ``qrels.tsv`` or ``qrels/test.tsv``, perhaps ``candidates.tsv``.

        Raises:
            DataError: a file is missing or malformed, or candidates name documents that the corpus does not have.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise DataError("expected a folder with corpus.jsonl, queries.jsonl and qrels.tsv", path=folder)
        documents = {doc.id: doc for doc in read_documents(_file(folder, "corpus", ENDINGS))}
        queries = read_queries(_file(folder, "queries", ENDINGS))
        qrels = read_qrels(_qrels(folder))
        listed = folder / "candidates.tsv"
        if not listed.exists():
            return cls(folder.name, documents, queries, qrels)
        candidates = read_candidates(listed)
        _check_known(candidates, documents, listed)
        return cls(folder.name, documents, queries, qrels, candidates, read_first_stage(listed))

    @property
    def judged(self) -> list[Query]:
        """The queries that have at least one grade, in order."""
        return [query for query in self.queries if self.qrels.get(query.id)]

    def sampled(self, queries: int, seed: int = 0) -> Self:
        """The same set with this many of its judged queries, drawn at random and kept in order; all where it has fewer.

        Raises:
            InputError: fewer than one is asked for.
        """
        if queries < 1:
            raise InputError(f"a sample takes at least one query, got {queries}")
        judged = self.judged
        kept = set(random.Random(seed).sample(range(len(judged)), min(queries, len(judged))))
        chosen = [query for at, query in enumerate(judged) if at in kept]
        return replace(self, queries=chosen, qrels={query.id: self.qrels[query.id] for query in chosen})


def _file(folder: Path, stem: str, endings: Sequence[str]) -> Path:
    for ending in endings:
        if (path := folder / f"{stem}{ending}").exists():
            return path
    there = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
    raise DataError(
        f"no {stem}{endings[0]} here (also read: {', '.join(endings[1:])}); found {there:.200}", path=folder
    )


def _qrels(folder: Path) -> Path:
    split = (path for name in SPLITS if (path := folder / "qrels" / f"{name}.tsv").exists())
    return next(split, None) or _file(folder, "qrels", (".tsv", ".txt", ".tsv.gz"))


def _check_known(candidates: Mapping[str, Sequence[str]], documents: Mapping[str, Document], path: Path) -> None:
    unknown = [(query, doc) for query, listed in candidates.items() for doc in listed if doc not in documents]
    if unknown:
        query, doc = unknown[0]
        raise DataError(
            f"{len(unknown)} candidates are not in the corpus, the first is document {doc!r} of query {query!r}",
            path=path,
        )
