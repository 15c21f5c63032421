"""Merging rows that ask the same into one example, and finding where they contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from tamis.data.forms import Example
from tamis.data.split import query_key
from tamis.errors import DataError

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
    return merged_from(examples, conflicts, "")


def said_of(example: Example) -> Iterator[Said]:
    """What an example says of each of its documents, in order."""
    many = len(example.documents)
    labels = example.labels or (None,) * many
    scores = example.scores or (None,) * many
    return map(Said._make, zip(labels, scores, example.weights or (1.0,) * many, strict=True))


def merged_from(examples: Iterable[Example], conflicts: Conflicts, path: str) -> list[Example]:
    """As ``merged``; errors name the path."""
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
        for document, said in zip(example.documents, said_of(example), strict=True):
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
        "conflicts 'drop' (--conflicts drop) leaves such documents out, 'mean' averages",
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
