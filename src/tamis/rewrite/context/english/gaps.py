"""Where an English query lacks something: its pronouns, and nouns that are of something it does not say."""

from __future__ import annotations

from tamis.rewrite.context.english.tokens import Phrase, Word, phrases, words
from tamis.rewrite.context.english.words import (
    AUXILIARY,
    CLASSES,
    CLAUSES,
    EMPTY_IT,
    FUNCTION,
    LIGHT,
    PERSONAL,
    PLURAL,
    POSSESSIVE,
    PREPOSITIONS,
    RELATIONAL,
    VERBS,
)
from tamis.rewrite.context.gap import Gap

SENTENCES = (". ", "? ", "! ", "; ")
_ASKING = """
what which who how are is any were was tell describe explain list name and do does
"""
ASKING = frozenset(_ASKING.split())
SHORT = 9  # words up to which a query without a name is taken to leave something out


def gap(query: str) -> Gap | None:
    """The gap of a query, or None where it says all it means.

    >>> found = gap("Is it treatable?")
    >>> found.start, found.end, found.person
    (3, 5, False)
    >>> gap("Is it possible to treat throat cancer?") is None
    True
    """
    said = words(query)
    for kind in (_personal, _demonstrative):
        for at in range(len(said)):
            if found := kind(said, at):
                return None if _answered(query, said, at) else found
    return _omission(query, said)


def _personal(said: tuple[Word, ...], at: int) -> Gap | None:
    word, after = said[at], said[at + 1].low if at + 1 < len(said) else ""
    if word.low not in PERSONAL or (word.low == "it" and (_empty(said, at) or _technology(said, at))):
        return None
    owns = word.low in POSSESSIVE and (word.low != "her" or (after != "" and after not in FUNCTION))
    end = word.end
    if word.owns and word.low == "it" and at > 0 and after not in FUNCTION:
        owns, end = True, word.end + 2  # "it's growth", which should be "its"
    mark = "'s" if owns else ""
    return Gap(word.start, end, "pronoun", after=mark, person=PERSONAL[word.low], plural=word.low in PLURAL)


def _demonstrative(said: tuple[Word, ...], at: int) -> Gap | None:
    word = said[at]
    if word.low not in ("this", "that", "these", "those"):
        return None
    after = said[at + 1].low if at + 1 < len(said) else ""
    before = said[at - 1].low if at else ""
    plural = word.low in PLURAL
    if before in ("all", "both"):
        return None  # of several topics, not of one
    if after in CLASSES or (plural and after.removesuffix("s") in CLASSES):
        return Gap(word.start, said[at + 1].end, "pronoun", plural=plural)
    alone = after == "" or after in AUXILIARY or after in PREPOSITIONS or (after in VERBS and before in AUXILIARY)
    # "that" also joins clauses: it stands for something at the beginning and after an auxiliary or a preposition.
    if alone and (word.low != "that" or before in AUXILIARY or before in PREPOSITIONS or at == 0):
        return Gap(word.start, word.end, "pronoun", plural=plural)
    return None


def _empty(said: tuple[Word, ...], at: int) -> bool:
    """Whether "it" stands for what follows: is it true that, how long does it take to."""
    near = [word.low for word in said[at + 1 : at + 4]]
    later = {word.low for word in said[at + 1 :]}
    return any(word in EMPTY_IT for word in near[:2]) and bool(later & {"to", "that", "if", "when"})


def _technology(said: tuple[Word, ...], at: int) -> bool:
    """Whether IT is in capitals though not all is: what does IT support?"""
    return said[at].text == "IT" and not all(word.text.isupper() for word in said)


def _answered(query: str, said: tuple[Word, ...], at: int) -> bool:
    """Whether what a pronoun stands for is named before it: in another clause, another sentence, or as whose it is."""
    clause = next((place for place in range(at - 1, 0, -1) if _clause(said, place)), 0)
    if any(mark in query[: said[at].start] for mark in SENTENCES):
        return True
    own = at if said[at].low in POSSESSIVE else clause
    return any(phrase.last <= own and not light(phrase) for phrase in phrases(query))


def light(phrase: Phrase) -> bool:
    """Whether a phrase names nothing by itself: the main symptoms."""
    return all(word.low in RELATIONAL or word.low in LIGHT for word in phrase.inside)


def _clause(said: tuple[Word, ...], at: int) -> bool:
    """Whether a clause begins here; "and" also joins nouns."""
    if said[at].low in ("and", "or", "but", "so"):
        return said[at + 1].low in AUXILIARY | CLAUSES | PERSONAL.keys() | {"what", "how", "why"}
    return said[at].low in CLAUSES


def _omission(query: str, said: tuple[Word, ...]) -> Gap | None:
    """The end of a short question whose nouns are of something that is not said."""
    if not said or len(said) > SHORT:
        return None
    named = list(phrases(query))
    if any(phrase.proper for phrase in named):
        return None
    heads = [phrase.inside[-1] for phrase in named]
    if not any(head.low in RELATIONAL for head in heads) or said[-1].low in PREPOSITIONS:
        return None
    last = heads[-1]
    following = [word.low for word in said[said.index(last) + 1 :]]
    if last.low not in RELATIONAL or any(word not in ("are", "is", "there", "exist") for word in following):
        return None
    if not all(map(light, named)) or said[0].low not in ASKING:
        return None
    return Gap(last.end, last.end, "ellipsis", before=" of ")
