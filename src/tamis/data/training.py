"""Training data: one example a query, read from files of any form; split by query, digested."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tamis.data.artefacts import canonical
from tamis.data.examples import Unjudged, read_placed
from tamis.data.forms import Example
from tamis.data.merge import Conflicts, merged, merged_from, said_of
from tamis.data.open import Source, name_of
from tamis.data.split import SplitBy, query_key, split
from tamis.errors import DataError

__all__ = [
    "Conflicts",
    "Counts",
    "SplitBy",
    "counts",
    "digest",
    "merged",
    "query_key",
    "read_training",
    "split",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is to learn from.

    Attributes:
        queries, documents, pairs: different queries and document texts, and pairs of the two.
        positives, negatives: pairs whose label is above 0, and those whose label is 0 or below.
        scored: pairs with a teacher's score.
        without_positive, without_negative: labelled queries that have none.
    """

    queries: int
    documents: int
    pairs: int
    positives: int
    negatives: int
    scored: int
    without_positive: int
    without_negative: int


def read_training(
    source: Source | Sequence[Source],
    *,
    conflicts: Conflicts = "refuse",
    unjudged: Unjudged = "ignore",
    labelled: bool = True,
) -> list[Example]:
    r"""The training examples of one or several sources in any form, merged so that there is one a query.

    Args:
        source: a file or stream in any form of ``FORMS``, an evaluation set's folder, or several of these.
        conflicts: what becomes of a document with contradictory labels; see ``merged``.
        unjudged: ``"negative"`` labels a folder's candidates that nobody judged 0; ``"ignore"`` leaves them out.
        labelled: whether examples with neither labels nor a teacher's scores are an error.

    Raises:
        DataError: a row cannot be read, or its query is blank; there is no row, nothing to learn from, or no query with
            a positive document; labels are contradictory (``conflicts="refuse"``), or given for some documents of a
            query only; a folder holds judgments of test and none of train.

    >>> import io
    >>> [found] = read_training(io.StringIO("query,document,label\nWhy sieve?,a,1\nwhy  sieve?,b,0\n"))
    >>> found.query, found.documents, found.labels
    ('Why sieve?', ('a', 'b'), (1.0, 0.0))
    """
    sources = _each(source)
    names = ", ".join(map(name_of, sources))
    examples = merged_from((row for one in sources for row in _rows(one, unjudged)), conflicts, names)
    if not examples:
        raise DataError("no rows: expected queries with documents and labels", path=names)
    if labelled:
        _check_learnable(examples, names)
    return examples


def _rows(source: Source, unjudged: Unjudged) -> Iterator[Example]:
    if isinstance(source, (str, Path)) and (qrels := Path(source) / "qrels").is_dir():
        parts = sorted(path.stem for path in qrels.glob("*.tsv"))
        if parts and "train" not in parts:
            raise DataError(
                f"holds judgments of {' and '.join(parts)}, none of train: learning from them would spoil every "
                "measurement on this set; to do so all the same, copy the file to qrels.tsv in a folder of its own",
                path=source,
            )
    for placed in read_placed(source, unjudged=unjudged):
        if not placed.example.query.strip():
            raise DataError("the query is blank", path=placed.path, line=placed.line)
        yield placed.example


def _each(source: Source | Sequence[Source]) -> list[Source]:
    several = isinstance(source, Sequence) and not isinstance(source, str)
    return list(cast("Sequence[Source]", source)) if several else [cast(Source, source)]


def counts(examples: Iterable[Example]) -> Counts:
    """How much there is to learn from, of merged examples.

    >>> found = counts([Example("q", ("a", "b"), (2.0, 0.0)), Example("p", ("a",), (1.0,))])
    >>> found.documents, found.positives, found.without_negative
    (2, 2, 1)
    """
    examples = list(examples)
    positives = [sum(label > 0 for label in e.labels) for e in examples]
    negatives = [len(e.labels) - good for e, good in zip(examples, positives, strict=True)]
    told = [bool(e.labels) for e in examples]
    return Counts(
        queries=len(examples),
        documents=len({document for e in examples for document in e.documents}),
        pairs=sum(len(e.documents) for e in examples),
        positives=sum(positives),
        negatives=sum(negatives),
        scored=sum(len(e.scores) for e in examples),
        without_positive=sum(there and not good for there, good in zip(told, positives, strict=True)),
        without_negative=sum(there and not bad for there, bad in zip(told, negatives, strict=True)),
    )


def digest(examples: Iterable[Example]) -> str:
    """SHA-256 (64 hex digits) of what examples say, whatever the order of the examples and of their documents.

    >>> one, two = Example("q", ("a", "b"), (1.0, 0.0)), Example("q", ("b", "a"), (0.0, 1.0))
    >>> digest([one]) == digest([two]) != digest([one, one])
    True
    """
    said = sorted(hashlib.sha256(canonical(_content(example)).encode()).digest() for example in examples)
    return hashlib.sha256(b"".join(said)).hexdigest()


def _content(example: Example) -> list[object]:
    rows = sorted(zip(example.documents, said_of(example), strict=True), key=repr)
    return [example.query, example.instruction, [[document, *said] for document, said in rows]]


def _check_learnable(examples: Sequence[Example], path: str) -> None:
    silent = [example for example in examples if not example.labels and not example.scores]
    if silent:
        raise DataError(
            f"{len(silent)} of {len(examples)} queries have neither labels nor a teacher's scores, the first is "
            f"{silent[0].query!r:.60}: add a label (0 is irrelevant) or a score for each document",
            path=path,
        )
    if not any(example.scores or any(label > 0 for label in example.labels) for example in examples):
        raise DataError(
            f"no query has a positive document: all labels of {len(examples)} queries are 0 or below; a relevant "
            "document's label is above 0",
            path=path,
        )
