"""What rewriters give: variants of a query, each with what was changed and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from tamis.core import Query

Kind: TypeAlias = Literal["pronoun", "ellipsis", "entity", "abbreviation", "term", "synonym", "form", "model"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done to a query.

    Attributes:
        kind: what kind of thing: a pronoun or an omission filled from the conversation, an entity completed, an
            abbreviation spelt out, a term made standard, a synonym, a question made a statement (``"form"``), or what
            a language model did (``"model"``).
        before: what stood there; empty where something was put in.
        after: what stands there now.
        why: one sentence for the person who looks at it, in English.
    """

    kind: Kind
    before: str
    after: str
    why: str

    def as_json(self) -> dict[str, str]:
        """The change as JSON values."""
        return {"kind": self.kind, "before": self.before, "after": self.after, "why": self.why}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to ask what was asked.

    Attributes:
        query: the query to search with; its ``source`` is what the user typed where its text is another.
        changes: what was changed, in order; none where the text is what the user typed.

    >>> variant(Query("is it treatable?"), "is throat cancer treatable?").query.source
    'is it treatable?'
    """

    query: Query
    changes: tuple[Change, ...] = ()

    @property
    def text(self) -> str:
        """The text to search with."""
        return self.query.text

    @property
    def changed(self) -> bool:
        """Whether this is another text than the user typed."""
        return bool(self.query.source) and self.query.source != self.query.text

    def as_json(self) -> dict[str, Any]:
        """The variant as JSON values."""
        return {"text": self.text, "changes": [change.as_json() for change in self.changes]}


@runtime_checkable
class Rewriter(Protocol):
    """Says a query in other words: at least one variant, the first of which is the query as it can stand alone.

    The first variant takes the query's place: it is what the conversation means, and the query itself where that needs
    nothing. Further ones say the same in other words; they widen what is recalled, and no two texts are alike.
    """

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    def rewrite(self, query: Query) -> list[Variant]: ...


def variant(query: Query, text: str, changes: Sequence[Change] = ()) -> Variant:
    """The query with another text, which remembers what the user typed."""
    if text == query.text:
        return Variant(query, tuple(changes))
    return Variant(replace(query, text=text, source=query.source or query.text), tuple(changes))


def told(query: str, variants: Sequence[Variant]) -> dict[str, Any]:
    """The variants of a query as JSON values.

    >>> told("is it?", [variant(Query("is it?"), "is it treatable?")])["rewrite"]
    'is it treatable?'
    """
    return {
        "query": query,
        "rewrite": variants[0].text,
        "changed": variants[0].changed,
        "variants": [one.as_json() for one in variants],
    }
