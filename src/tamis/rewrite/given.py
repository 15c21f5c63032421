"""Rewrites that somebody else wrote: people, another system, a language model asked beforehand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tamis.core import Query
from tamis.data import read_queries
from tamis.rewrite.base import Change, Variant, variant


@dataclass(frozen=True, slots=True)
class Given:
    """Rewrites by query id; a query without one stays as it is.

    Attributes:
        texts: query id -> what it means by itself.
        name: what the rewrites are called in tables.

    >>> Given({"q": "is throat cancer treatable?"}).rewrite(Query("is it treatable?", "q"))[0].text
    'is throat cancer treatable?'
    """

    texts: Mapping[str, str]
    name: str = "given"

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The rewrites of a file in the form of a set's queries: ``{"id": ..., "text": ...}`` a line.

        Raises:
            DataError: the file cannot be read, a text is blank, or an id stands twice.
        """
        return cls({query.id: query.text for query in read_queries(path)}, Path(path).stem)

    @property
    def fingerprint(self) -> str:
        """A digest of all of them."""
        content = json.dumps(sorted(self.texts.items()), ensure_ascii=False)
        return f"given:{hashlib.sha256(content.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"

    def rewrite(self, query: Query) -> list[Variant]:
        """What the query means by itself, as it was written down."""
        text = self.texts.get(query.id, query.text)
        if text == query.text:
            return [variant(query, text)]
        return [variant(query, text, [Change("form", query.text, text, f"so it stands in {self.name}")])]
