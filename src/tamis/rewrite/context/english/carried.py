"""A question carried over to something else: "how about goulash?" after "is chilli a stew?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tamis.rewrite.base import Change
from tamis.rewrite.context.english.gaps import light
from tamis.rewrite.context.english.tokens import Phrase, phrases, words
from tamis.rewrite.context.english.topics import number
from tamis.rewrite.context.english.words import PREPOSITIONS

_asked = re.compile(r"(?:and |but |so )?(?:what|how) about (?P<thing>[^?.!]{2,60})[?.!]*", re.IGNORECASE)
LOOK_BACK = 2  # turns in which the question is looked for: the user's own stands before an answer


def carried_over(query: str, history: Sequence[str]) -> tuple[str, tuple[Change, ...]] | None:
    """The earlier question with the new thing in the old one's place; None where this is no such query.

    >>> carried_over("How about goulash?", ["Is chilli a stew?"])[0]
    'Is goulash a stew?'
    >>> carried_over("What about in the UK?", ["What is the largest mammal on land?"])[0]
    'What is the largest mammal on land in the UK?'
    """
    found = _asked.fullmatch(query.strip())
    asked = next((turn for turn in reversed(history[-LOOK_BACK:]) if turn.rstrip().endswith("?")), "")
    if found is None or not asked:
        return None
    thing = found["thing"].strip()
    if words(thing)[:1] and words(thing)[0].low in PREPOSITIONS:
        made = f"{asked.rstrip().rstrip('?').rstrip()} {thing}?"
        return made, (Change("ellipsis", query, made, f"the question before is asked again {thing}"),)
    named = list(phrases(thing))
    if len(named) != 1 or light(named[0]):
        return None
    old = _alike(asked, named[0])
    if old is None:
        return None
    made = asked[: old.inside[0].start] + named[0].name + asked[old.inside[-1].end :]
    why = f"the question asked of {old.name!r} is asked again of {named[0].name!r}"
    return made, (Change("ellipsis", query, made, why),)


def _alike(asked: str, thing: Phrase) -> Phrase | None:
    """The phrase of the question that the new thing takes the place of: one with its head word, or of its kind."""
    said = [phrase for phrase in phrases(asked) if not light(phrase)]
    heads = [phrase for phrase in said if phrase.inside[-1].low == thing.inside[-1].low]
    kind = [phrase for phrase in said if (phrase.proper, _counts(phrase)) == (thing.proper, _counts(thing))]
    if heads or len(kind) == 1:
        return (heads or kind)[0]
    return kind[0] if kind and kind[0].asked else None


def _counts(phrase: Phrase) -> bool:
    """Whether a phrase is a number and nothing else: a year takes no name's place."""
    return all(map(number, phrase.inside))
