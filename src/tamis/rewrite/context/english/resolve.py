"""An English query as it can stand alone: its gap filled with what the conversation is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tamis.rewrite.base import Change
from tamis.rewrite.context.english.carried import carried_over
from tamis.rewrite.context.english.gaps import gap
from tamis.rewrite.context.english.topics import LONG, Told, topics

LEAST = 0.0  # topics with less are no guess worth making


def resolved(query: str, history: Sequence[str]) -> tuple[str, tuple[Change, ...]]:
    """The query with its gap filled, and what was filled; the query itself where it lacks nothing.

    Earlier questions are made whole first, so that "it" may stand for what an earlier "it" stood for.

    >>> resolved("Is it treatable?", ["What is throat cancer?"])[0]
    'Is throat cancer treatable?'
    """
    told = Told()
    for turn in history:
        told.turns.append(turn if len(turn.split()) > LONG else _filled(turn, told)[0])
    return _filled(query, told)


def _filled(query: str, told: Told) -> tuple[str, tuple[Change, ...]]:
    if not told.turns:
        return query, ()
    if again := carried_over(query, told.turns):
        return again
    found = gap(query)
    if found is None:
        return query, ()
    likely = topics(told, query, found)
    if not likely or likely[0].score < LEAST:
        return query, ()
    told.stood[found.person, found.plural] = likely[0].text
    topic = likely[0].named(found.plural)
    if found.after == "'s" and topic.endswith("s"):
        found = replace(found, after="'")
    if found.start == 0:
        topic = topic[0].upper() + topic[1:]
    return found.filled(query, topic), (found.change(query, topic),)
