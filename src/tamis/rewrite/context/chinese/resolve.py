"""A Chinese query as it can stand alone: its gap filled with what the conversation is about."""

from __future__ import annotations

from collections.abc import Sequence

from tamis.rewrite.base import Change
from tamis.rewrite.context.chinese.carried import carried_over
from tamis.rewrite.context.chinese.gaps import gap
from tamis.rewrite.context.chinese.topics import Need, topics
from tamis.text import simplified

LEAST = 0.0  # topics with less are no guess worth making


def resolved(query: str, history: Sequence[str]) -> tuple[str, tuple[Change, ...]]:
    """The query with its gap filled, and what was filled; the query itself where it lacks nothing.

    >>> resolved("作者是谁", ["你看过三体吗", "看过，很震撼"])[0]
    '三体的作者是谁'
    """
    if again := carried_over(query, history):
        return again
    found = gap(query)
    if found is None:
        return query, ()
    likely = topics(history, Need(simplified(query), found.person, found.place))
    if not likely or likely[0].score < LEAST:
        return query, ()
    topic = likely[0].text
    return found.filled(query, topic), (found.change(query, topic),)
