"""A pool of documents, from which lists without judgments get candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tamis.core import Query
from tamis.data import Example, read_documents
from tamis.recall import Index
from tamis.train.sources.candidates import Ranked

SEARCHED = 256  # queries searched together


@dataclass(frozen=True, slots=True)
class Pool:
    """Documents from which lists get candidates.

    Attributes:
        corpus: a file of documents, which BM25 searches, or an index folder, which is searched as it can be.
        candidates: how many of a query's best are added to its list.
    """

    corpus: Path
    candidates: int = 30

    def added(self, examples: Sequence[Example]) -> list[Example]:
        """The lists with candidates behind their own documents, and without labels, which candidates lack.

        Raises:
            DataError: the corpus cannot be read.
            IndexStoreError: the folder is no index.
        """
        index = (
            Index.open(self.corpus) if self.corpus.is_dir() else Index.build(read_documents(self.corpus), encoder=None)
        )
        search = Ranked(index.retriever(), 1, self.candidates)
        found = list[Example]()
        for start in range(0, len(examples), SEARCHED):
            part = examples[start : start + SEARCHED]
            proposed = search.propose([Query(one.query, instruction=one.instruction) for one in part])
            for one, documents in zip(part, proposed, strict=True):
                texts = dict.fromkeys((*one.documents, *(document.full_text for document in documents)))
                found.append(Example(one.query, tuple(texts), instruction=one.instruction))
        return found
