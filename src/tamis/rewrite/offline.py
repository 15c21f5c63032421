"""The rewriter that needs no model: rules for Chinese and English, and dictionaries that users extend."""

from __future__ import annotations

from dataclasses import dataclass

from tamis.core import Query
from tamis.rewrite.base import Variant, variant
from tamis.rewrite.context import resolved

VARIANTS = 3  # texts to search with, the query's own among them


@dataclass(frozen=True, slots=True)
class Offline:
    """Rules for Chinese and English.

    Attributes:
        variants: most texts to search with, the query's own among them.
    """

    variants: int = VARIANTS

    @property
    def name(self) -> str:
        """``"offline"``."""
        return "offline"

    @property
    def fingerprint(self) -> str:
        """What exactly rewrites."""
        return "offline"

    def rewrite(self, query: Query) -> list[Variant]:
        """The query as it can stand alone, then further ways to say it."""
        text, changes = resolved(query.text, query.history)
        return [variant(query, text, changes)]
