"""Guards against false negatives: documents that are, or very likely are, positives of the query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from tamis.core import Query
from tamis.data import Example, query_key
from tamis.train.sources.units import units

SHINGLE = 4  # words or Chinese characters in a row
LEAST = 6  # shingles of a text below which only identity is tested: short texts share theirs by chance
REMEMBERED = 1 << 12  # documents whose sketches are kept; one of 300 words takes about 20 KB


class Sketch(NamedTuple):
    """What texts are compared by: all words, and the set of every few words in a row, both as hashes."""

    whole: int
    shingles: frozenset[int]


@lru_cache(REMEMBERED)
def sketch(text: str) -> Sketch:
    """The sketch of a text; case, width, punctuation and white space do not count.

    Hashes are those of this process: sketches are compared, never kept.

    >>> sketch("A tamis: a drum-sieve!") == sketch("a TAMIS - a drum sieve")
    True
    """
    words = units(text)
    parts = range(max(1, len(words) - SHINGLE + 1))
    return Sketch(hash(tuple(words)), frozenset(hash(tuple(words[at : at + SHINGLE])) for at in parts))


def overlap(a: Sketch, b: Sketch) -> float:
    """Share of the shorter text's shingles that the other has too, in [0, 1]; 0 where the shorter has too few to tell.

    A part of a document counts as much as a copy of it: a passage cut from a positive answers, too.

    Source: Broder, On the resemblance and containment of documents (1997), containment in either direction.

    >>> long = "a tamis is a drum sieve that cooks press soup through until it is smooth"
    >>> round(overlap(sketch(long), sketch(long + " and fine")), 2), overlap(sketch(long), sketch("rain " * 20))
    (1.0, 0.0)
    """
    shorter = min(len(a.shingles), len(b.shingles))
    return len(a.shingles & b.shingles) / shorter if shorter >= LEAST else 0.0


@dataclass(slots=True)
class Known:
    """What is known of one query's documents, and what was taken for it so far.

    Attributes:
        example: the query with its labelled documents.
        elsewhere: positives of the same query where it stands with another instruction.
        near: share of shingles from which a document counts as a copy of a positive; None does not look.
        taken: sketches of the texts that were offered as negatives.
    """

    example: Example
    elsewhere: frozenset[str]
    near: float | None
    taken: set[int] = field(default_factory=set)

    @property
    def query(self) -> Query:
        """The query, as scorers and retrievers read it."""
        return Query(self.example.query, instruction=self.example.instruction)

    @property
    def positives(self) -> list[str]:
        """Texts whose label is above 0."""
        return [text for text, label in zip(self.example.documents, self.example.labels, strict=True) if label > 0]

    def why_not(self, text: str) -> str:
        """The name of the first guard that a text runs into; empty where it may be a negative."""
        return next((name for name, meets in GUARDS.items() if meets(self, text)), "")

    def remember(self, text: str) -> None:
        """Offer a text, so that its copies are not."""
        self.taken.add(sketch(text).whole)


def _blank(known: Known, text: str) -> bool:
    return not text.strip()


def _known(known: Known, text: str) -> bool:
    return text in known.positives


def _judged(known: Known, text: str) -> bool:
    return text in known.example.documents


def _identical(known: Known, text: str) -> bool:
    whole = sketch(text).whole
    return any(sketch(positive).whole == whole for positive in known.positives)


def _elsewhere(known: Known, text: str) -> bool:
    whole = sketch(text).whole
    return any(sketch(positive).whole == whole for positive in known.elsewhere)


def _near(known: Known, text: str) -> bool:
    if known.near is None:
        return False
    found = sketch(text)
    good = (*known.positives, *known.elsewhere)
    return any(overlap(found, sketch(positive)) >= known.near for positive in good)


def _taken(known: Known, text: str) -> bool:
    return sketch(text).whole in known.taken


# In this order, so that a report counts a document under the plainest reason.
GUARDS: Mapping[str, Callable[[Known, str], bool]] = {
    "blank": _blank,
    "known positive": _known,
    "labelled already": _judged,
    "identical to a positive": _identical,
    "positive of the same query elsewhere": _elsewhere,
    "near duplicate of a positive": _near,
    "identical to another candidate": _taken,
}


def knowledge(examples: Iterable[Example], near: float | None) -> list[Known]:
    """What is known of each example's query, the positives of equal queries included.

    >>> both = [Example("Q", ("a",), (1.0,), "law"), Example("q", ("b",), (1.0,), "news")]
    >>> [sorted(known.elsewhere) for known in knowledge(both, None)]
    [['b'], ['a']]
    """
    listed = [Known(example, frozenset(), near) for example in examples]
    good: dict[str, set[str]] = {}
    for known in listed:
        good.setdefault(query_key(known.example.query), set()).update(known.positives)
    for known in listed:
        known.elsewhere = frozenset(good[query_key(known.example.query)].difference(known.positives))
    return listed
