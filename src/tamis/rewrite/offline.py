"""The rewriter that needs no model: rules for Chinese and English, and dictionaries that users extend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from tamis.core import Query
from tamis.errors import InputError
from tamis.rewrite.base import Change, Variant, variant
from tamis.rewrite.context import resolved
from tamis.rewrite.dictionary.terms import Terms
from tamis.rewrite.forms import forms

VARIANTS = 3  # texts to search with, the query's own among them
RULES = "1"  # of conversations and forms; another number for rules that say something else


@dataclass(frozen=True, slots=True)
class Offline:
    r"""Rules for Chinese and English conversations, and dictionaries.

    The first variant has what the conversation tells put in, and the user's own terms made standard. Further ones come
    from both dictionaries and from forms: first an abbreviation spelt out or a standard term, then a question as a
    statement, then whatever else the dictionaries know. A query that needs nothing comes first as it is.

    Attributes:
        terms: the user's own dictionary; it is obeyed in the first variant.
        starter: whether the dictionary that ships gives further variants, too.
        variants: most texts to search with, the query's own among them; at least 1.

    Raises:
        InputError: ``variants`` below 1.

    >>> asked = Query("它的作者是谁", history=("你看过三体吗",))
    >>> [one.text for one in Offline().rewrite(asked)]
    ['三体的作者是谁']
    >>> [one.text for one in Offline().rewrite(Query("小孩拉肚子怎么办"))]
    ['小孩拉肚子怎么办', '小孩腹泻怎么办', '小孩拉肚子的处理办法']
    """

    terms: Terms = field(default_factory=Terms)
    starter: bool = True
    variants: int = VARIANTS
    _both: Terms = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a number of variants that leaves nothing to search with; join the dictionaries once."""
        if self.variants < 1:
            raise InputError(f"variants must be at least 1, got {self.variants}")
        shipped = Terms.starter() if self.starter else Terms()
        object.__setattr__(self, "_both", shipped + self.terms if self.terms else shipped)

    @property
    def name(self) -> str:
        """``"offline"``."""
        return "offline"

    @property
    def fingerprint(self) -> str:
        """What exactly rewrites: rules, dictionaries, number of variants."""
        return f"offline:{RULES}:{self._both.fingerprint}:{self.terms.fingerprint}:{self.variants}"

    def rewrite(self, query: Query) -> list[Variant]:
        """The query as it can stand alone, then further ways to say it, no two alike."""
        whole, filled = resolved(query.text, query.history)
        text, made = self.terms.standardised(whole)
        found = {text: variant(query, text, (*filled, *made))}
        if self.variants > 1:
            for other, changes in self._others(text):
                found.setdefault(other, variant(query, other, (*filled, *made, *changes)))
        return list(islice(found.values(), self.variants))

    def _others(self, text: str) -> Iterator[tuple[str, tuple[Change, ...]]]:
        """Other ways to say a text, what helps most first."""
        known = self._both.alternatives(text)
        first = next((at for at, (_, changes) in enumerate(known) if changes[0].kind != "synonym"), len(known))
        yield from known[first : first + 1]
        yield from ((other, (change,)) for other, change in forms(text))
        yield from known
