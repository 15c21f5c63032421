"""Training data: one example a query, read from files of any form; split by query, digested."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, cast

from tamis.data.artefacts import canonical
from tamis.data.examples import Unjudged, read_placed
from tamis.data.forms import Example
from tamis.data.open import Source, name_of
from tamis.data.split import SplitBy, query_key, split
from tamis.errors import DataError

__all__ = [
    "Conflicts",
    "Counts",
    "SplitBy",
    "contradicts",
    "counts",
    "digest",
    "gathered",
    "merged",
    "query_key",
    "read_training",
    "split",
]

Conflicts: TypeAlias = Literal["refuse", "drop", "mean"]

SHOWN = 3  # contradictions that an error quotes
TEACHER_NOISE = 0.05  # two scores of one teacher for one pair differ by less than this, whatever the batch and device


class Said(NamedTuple):
    """What one row says of a document."""

    label: float | None
    score: float | None
    weight: float


@dataclass(slots=True)
class Asked:
    """All that is said of one query's documents, by text, in the order of their first mention."""

    query: str
    instruction: str
    documents: dict[str, tuple[Said, ...]] = field(default_factory=dict)


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
    examples = _merged((row for one in sources for row in _rows(one, unjudged)), conflicts, names)
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


def merged(examples: Iterable[Example], *, conflicts: Conflicts = "refuse") -> list[Example]:
    """One example a query and instruction, in the order of their first mention; documents are told apart by text.

    Queries are the same where ``query_key`` is; the first spelling stays. What several rows say of a document is put
    together: labels from one, a teacher's scores from another; weights and scores of repeated rows are averaged.
    Contradictions are labels that differ, or scores further apart than ``TEACHER_NOISE``.

    Args:
        examples: as files give them.
        conflicts: ``"refuse"`` raises where rows contradict each other; ``"drop"`` leaves such documents out, and
            queries that have no other; ``"mean"`` averages labels (by weight) and scores.

    Raises:
        DataError: rows contradict each other, or a query has labels (or scores) for some of its documents only.

    >>> merged([Example("q", ("a",), (1.0,)), Example("Q", ("b", "a"), (0.0, 1.0))])[0].labels
    (1.0, 0.0)
    """
    return _merged(examples, conflicts, "")


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
    rows = sorted(zip(example.documents, _said(example), strict=True), key=repr)
    return [example.query, example.instruction, [[document, *said] for document, said in rows]]


def _said(example: Example) -> Iterator[Said]:
    """What an example says of each of its documents, in order."""
    many = len(example.documents)
    labels = example.labels or (None,) * many
    scores = example.scores or (None,) * many
    return map(Said._make, zip(labels, scores, example.weights or (1.0,) * many, strict=True))


def _merged(examples: Iterable[Example], conflicts: Conflicts, path: str) -> list[Example]:
    found: list[Example] = []
    contradictory: list[tuple[Asked, str]] = []
    for asked in gathered(examples):
        torn = [document for document, said in asked.documents.items() if contradicts(said)]
        if conflicts == "refuse":
            contradictory += [(asked, document) for document in torn]
        elif conflicts == "drop":
            for document in torn:
                del asked.documents[document]
        if not contradictory and (asked.documents or not torn):
            found.append(_example(asked, path))
    if contradictory:
        raise _refused(contradictory, path)
    return found


def gathered(examples: Iterable[Example]) -> Iterable[Asked]:
    """What rows say of each query's documents, put together but not yet merged."""
    asked: dict[tuple[str, str], Asked] = {}
    keys: dict[str, str] = {}
    for example in examples:
        if (key := keys.get(example.query)) is None:
            key = keys[example.query] = query_key(example.query)
        if (one := asked.get((key, example.instruction))) is None:
            one = asked[key, example.instruction] = Asked(example.query, example.instruction)
        for document, said in zip(example.documents, _said(example), strict=True):
            one.documents[document] = (*one.documents.get(document, ()), said)
    return asked.values()


def contradicts(said: Sequence[Said]) -> bool:
    """Whether rows disagree about one document: labels that differ, or a teacher's scores by more than noise.

    >>> contradicts([Said(1.0, None, 1.0), Said(None, 2.5, 1.0)]), contradicts([Said(1.0, None, 1), Said(0.0, None, 1)])
    (False, True)
    """
    if len(said) == 1:
        return False
    scores = [one.score for one in said if one.score is not None]
    labels = {one.label for one in said if one.label is not None}
    return len(labels) > 1 or (bool(scores) and max(scores) - min(scores) > TEACHER_NOISE)


def _refused(contradictory: Sequence[tuple[Asked, str]], path: str) -> DataError:
    shown = "; ".join(
        f"query {asked.query!r:.50}, document {document!r:.50}: {_versions(asked.documents[document])}"
        for asked, document in contradictory[:SHOWN]
    )
    more = f"; and {len(contradictory) - SHOWN} more" if len(contradictory) > SHOWN else ""
    return DataError(
        f"{len(contradictory)} {'document has' if len(contradictory) == 1 else 'documents have'} contradictory labels: "
        f"{shown}{more}. `tamis data check` lists all with their lines; correct them, or choose what becomes of them: "
        "conflicts 'drop' leaves such documents out, 'mean' averages",
        path=path,
    )


def _versions(said: Sequence[Said]) -> str:
    labels = sorted({one.label for one in said if one.label is not None})
    scores = sorted({one.score for one in said if one.score is not None})
    kind, values = ("labelled", labels) if len(labels) > 1 else ("scored", scores)
    return f"{kind} {' and '.join(f'{value:g}' for value in values)}"


def _example(asked: Asked, path: str) -> Example:
    said = [rows[0] if len(rows) == 1 else _together(rows) for rows in asked.documents.values()]
    return Example(
        asked.query,
        tuple(asked.documents),
        _all_or_none([one.label for one in said], "labels", asked, path),
        asked.instruction,
        _all_or_none([one.score for one in said], "a teacher's scores", asked, path),
        () if all(one.weight == 1 for one in said) else tuple(one.weight for one in said),
    )


def _together(said: Sequence[Said]) -> Said:
    """What several rows say of one document, as one."""
    label, score = _mean(said, [one.label for one in said]), _mean(said, [one.score for one in said])
    return Said(label, score, sum(one.weight for one in said) / len(said))


def _mean(said: Sequence[Said], values: Sequence[float | None]) -> float | None:
    there = [(value, one.weight) for value, one in zip(values, said, strict=True) if value is not None]
    if len({value for value, _ in there}) < 2:  # exactly the value, and no division where all weights are 0
        return there[0][0] if there else None
    total = sum(weight for _, weight in there)
    return sum(v * w for v, w in there) / total if total else sum(v for v, _ in there) / len(there)


def _all_or_none(values: Sequence[float | None], what: str, asked: Asked, path: str) -> tuple[float, ...]:
    there = tuple(value for value in values if value is not None)
    if there and len(there) < len(values):
        raise DataError(
            f"query {asked.query!r:.60} has {what} for {len(there)} of its {len(values)} documents: give them for all "
            "of its documents, or for none",
            path=path,
        )
    return there


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
