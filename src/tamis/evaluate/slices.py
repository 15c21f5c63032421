"""Parts of the queries that may fare differently, declared here before any result is seen: a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Document, Query
from tamis.evaluate.evaluation import Qrels
from tamis.text import abbreviations, detect, pronouns

FEWEST = 5  # queries that a part must have to be shown: below, a mean says nothing
SHORT_QUERY = 8  # characters; seed figures claim that rewriting gains most below
SHORT_DOCUMENT = 200  # characters

Masks: TypeAlias = Mapping[tuple[str, str], NDArray[np.bool_]]  # (kind, part) -> which queries belong to it


@dataclass(frozen=True, slots=True)
class Asked:
    """What slices look at: what was typed, and the documents that answer it, as far as their texts are known."""

    query: Query
    relevant: tuple[Document, ...] = ()

    @property
    def text(self) -> str:
        """What the user typed."""
        return self.query.source or self.query.text


@dataclass(frozen=True, slots=True)
class Slicing:
    """One way to tell queries apart.

    Attributes:
        kind: its name, such as ``"pronoun"``.
        part_of: the part of a query; empty where it cannot be told.
        parts: the parts in the order in which they are shown.
    """

    kind: str
    part_of: Callable[[Asked], str]
    parts: tuple[str, ...]


def _yes(found: bool) -> str:
    return "yes" if found else "no"


def _length(asked: Asked) -> str:
    return "short" if len("".join(asked.text.split())) < SHORT_QUERY else "long"


def _document(asked: Asked) -> str:
    """The longest relevant document: nothing but a title, a short text or a long one."""
    if not asked.relevant:
        return ""
    longest = max(map(_body, asked.relevant))
    return "title" if not longest else "short" if longest < SHORT_DOCUMENT else "long"


def _body(document: Document) -> int:
    """Characters of a document beside its title."""
    text = document.text.strip()
    return 0 if text == document.title.strip() else len(text)


SLICES: tuple[Slicing, ...] = (
    Slicing("length", _length, ("short", "long")),
    Slicing("pronoun", lambda asked: _yes(bool(pronouns(asked.text))), ("yes", "no")),
    Slicing("abbreviation", lambda asked: _yes(bool(abbreviations(asked.text))), ("yes", "no")),
    Slicing("language", lambda asked: detect(asked.text), ("zh", "en", "mixed", "other")),
    Slicing("conversation", lambda asked: _yes(bool(asked.query.history)), ("yes", "no")),
    Slicing("document", _document, ("title", "short", "long")),
)


def sliced(asked: Sequence[Asked], slicings: Iterable[Slicing] = SLICES) -> Masks:
    """Which queries belong to which part; parts of fewer than five queries, and kinds of one part, are left out.

    >>> asked = [Asked(Query(text)) for text in ("is it safe?", "drum sieves for soups") for _ in range(5)]
    >>> {key: int(mask.sum()) for key, mask in sliced(asked).items()}
    {('pronoun', 'yes'): 5, ('pronoun', 'no'): 5}
    """
    return masks({one.kind: ([one.part_of(each) for each in asked], one.parts) for one in slicings})


def masks(columns: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> Masks:
    """The masks of queries that are told apart already.

    Args:
        columns: by kind: the part of each query, and the parts that are looked at.
    """
    found = {}
    for kind, (names, parts) in columns.items():
        told = np.array(names, dtype=object)
        for part in parts if len(set(names)) > 1 else ():
            if (mask := np.asarray(told == part, dtype=np.bool_)).sum() >= FEWEST:
                found[kind, part] = mask
    return found


def asked_of(queries: Iterable[Query], qrels: Qrels, documents: Mapping[str, Document] | None = None) -> list[Asked]:
    """What slices look at, for queries with their judgements; documents whose text nobody has are left out."""
    known = documents or {}
    return [
        Asked(query, tuple(known[doc] for doc, grade in qrels.get(query.id, {}).items() if grade > 0 and doc in known))
        for query in queries
    ]
