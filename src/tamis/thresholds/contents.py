"""What a file with labels holds, looked at before anything is scored or chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tamis.data import read_examples, read_rows
from tamis.errors import DataError
from tamis.labels import is_scored, scored_pairs

T = TypeVar("T")

# Scores that tamis-mini gave to the twelve articles of Chinese statutes which BM25 recalls for each of 430 laymen's
# questions, with the set's judgements (``demo/statutes``); rounded to four decimals.
EXAMPLE = Path(__file__).with_name("example.csv")
MOST = 1_000_000  # pairs
SHOWN = 20  # distinct grades that are told


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file with labels holds.

    Attributes:
        scored: whether it holds scores; else queries with documents, which a model has to score.
        pairs: labelled pairs.
        queries: how many queries they belong to; 0 where that is not known.
        grades: the distinct labels, rising; the first ``SHOWN``.
        segments: names of its segments, rising; the first ``SHOWN``.
        unit: whether all scores lie between 0 and 1.
        scorer: fingerprint of what gave the scores, where the file says it.
    """

    scored: bool
    pairs: int
    queries: int
    grades: tuple[float, ...]
    segments: tuple[str, ...] = ()
    unit: bool = False
    scorer: str = ""

    @property
    def graded(self) -> bool:
        """Whether labels are grades, so that somebody has to say from which one on a pair is relevant."""
        return not set(self.grades) <= {0.0, 1.0}

    @property
    def proposed(self) -> float | None:
        """The grade that people most often mean by relevant: the first above the middle; none for plain labels."""
        if not self.graded:
            return None
        middle = (self.grades[0] + self.grades[-1]) / 2
        return next((grade for grade in self.grades if grade > middle), self.grades[-1])


def contents(source: str | Path, *, most: int = MOST) -> Contents:
    """Look at a file of scores with labels, or of queries with labelled documents.

    Args:
        source: the file, in any form that ``open_labelled`` reads.
        most: rows and pairs that it may hold.

    Raises:
        DataError: a row cannot be used, with file, line and field; or the file holds more.
    """
    if is_scored(source):
        return _scored(source, most)
    return _unscored(source, most)


def _scored(source: str | Path, most: int) -> Contents:
    found = scored_pairs(_few(read_rows(source), most, source), source)
    assert found is not None
    if len(found.scores) > most:  # rows may hold lists
        raise _too_many(most, source)
    return Contents(
        scored=True,
        pairs=len(found.scores),
        queries=len({name for name in found.queries if name}),
        grades=tuple(islice(sorted(set(found.grades)), SHOWN)),
        segments=tuple(islice(sorted({name for name in found.segments if name}), SHOWN)),
        unit=bool(found.scores) and min(found.scores) >= 0 and max(found.scores) <= 1,
        scorer=next((scorer for _, scorer in found.whose if scorer), ""),
    )


def _unscored(source: str | Path, most: int) -> Contents:
    queries, grades, pairs = set[str](), set[float](), 0
    for example in _few(read_examples(source), most, source):
        queries.add(example.query)
        grades.update(example.labels)
        if (pairs := pairs + len(example.documents)) > most:
            raise _too_many(most, source)
    return Contents(False, pairs, len(queries), tuple(islice(sorted(grades), SHOWN)))


def _few(rows: Iterator[T], most: int, source: str | Path) -> Iterator[T]:
    """The rows, as long as they are not too many."""
    for at, row in enumerate(rows):
        if at >= most:
            raise _too_many(most, source)
        yield row


def _too_many(most: int, source: str | Path) -> DataError:
    return DataError(f"holds more than {most:,} labelled pairs: give a part of them", path=Path(source).name)
