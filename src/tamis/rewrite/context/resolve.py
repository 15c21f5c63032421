"""A query as it can stand alone, by the rules of its language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from tamis.rewrite.base import Change
from tamis.rewrite.context import chinese, english
from tamis.text import Language, detect

Resolver: TypeAlias = Callable[[str, Sequence[str]], tuple[str, tuple[Change, ...]]]

READ = 2000  # characters of a turn that are looked at: of a longer one, what it begins with
ASKED = 400  # characters of a query; a longer one says itself what it means

RESOLVERS: dict[Language, Resolver] = {"zh": chinese.resolved, "mixed": chinese.resolved, "en": english.resolved}


def resolved(query: str, history: Sequence[str]) -> tuple[str, tuple[Change, ...]]:
    """The query with what it leaves to the conversation put in, and what was put in.

    A query that lacks nothing, has no history, is as long as a text, or has no rules for its language, comes back.

    Args:
        query: what was asked.
        history: earlier turns, questions and answers alike, oldest first.

    >>> resolved("What are its symptoms?", ["Tell me about lung cancer."])[0]
    "What are lung cancer's symptoms?"
    >>> resolved("作者是谁", ["你看过三体吗", "看过，很震撼"])[0]
    '三体的作者是谁'
    >>> resolved("What are its symptoms?", [])
    ('What are its symptoms?', ())
    """
    turns = [turn[:READ] for turn in history if turn.strip()]
    resolver = RESOLVERS.get(detect(query)) if len(query) <= ASKED else None
    return resolver(query, turns) if turns and resolver else (query, ())
