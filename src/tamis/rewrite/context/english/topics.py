"""What an English conversation is about: phrases of earlier turns, weighed by rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from tamis.rewrite.context.english.plurals import pluralised
from tamis.rewrite.context.english.tokens import Phrase, Word, phrases, words
from tamis.rewrite.context.english.words import AUXILIARY, BODIES, CLASSES, LIGHT, MONTHS, RELATIONAL
from tamis.rewrite.context.gap import Gap
from tamis.rewrite.context.rule import Rule, weighed

TURNS = 12  # earlier turns that are looked at, and the first two, which may be titles
LONG = 14  # words from which a turn is an answer rather than a question


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase of an earlier turn.

    Attributes:
        phrase: the words in their place.
        back: turns since, 0 the last one.
        title: whether the turn is that name and nothing else.
        answer: whether the turn tells rather than asks.
        times: in how many turns it stands.
        gap: what it may fill.
        query: the query's words.
        stood: whether the same pronoun stood for it before.
    """

    phrase: Phrase
    back: int
    title: bool
    answer: bool
    times: int
    gap: Gap
    query: frozenset[str]
    stood: bool


def _before(at: Mention) -> str:
    first = at.phrase.first
    if first and at.phrase.words[first - 1].low in ("the", "a", "an"):
        first -= 1
    return at.phrase.words[first - 1].low if first else ""


def _light(at: Mention) -> bool:
    return all(word.low in RELATIONAL | CLASSES | LIGHT for word in at.phrase.inside)


def _shared(at: Mention) -> float:
    share = sum(word.low in at.query for word in at.phrase.inside) / len(at.phrase.inside)
    return share if share == 1 else share / 4


def _somebody(at: Mention) -> bool:
    inside = at.phrase.inside
    return at.phrase.proper and len(inside) <= 3 and all(word.text[0].isupper() for word in inside)


def _body(at: Mention) -> bool:
    return at.phrase.article == "the " or at.phrase.inside[-1].low in BODIES


def number(word: Word) -> bool:
    """Whether a word is a number or a year: 2018, 1990s."""
    return any(character.isdigit() for character in word.text) and word.text[-1] in "0123456789s"


# Whole and half numbers, set by hand with a half of a development set in view (docs/rewriting.md).
RULES: tuple[Rule[Mention], ...] = (
    Rule("turns since", -1.0, lambda at: min(at.back, 4)),
    Rule("asked about: is …, does …", 1.5, lambda at: _before(at) in AUXILIARY),
    Rule("tell me about …", 1.5, lambda at: _before(at) == "about"),
    Rule("the … of …", 1.0, lambda at: _before(at) == "of"),
    Rule("a name", 1.5, lambda at: at.phrase.proper),
    Rule("a title", 3.5, lambda at: at.title),
    Rule("told, not asked", -1.0, lambda at: at.answer),
    Rule("said often", 0.5, lambda at: min(at.times - 1, 3)),
    Rule("names no topic", -3.0, _light),
    Rule("stands in the query already", -4.0, _shared),
    Rule("several are meant", 1.0, lambda at: at.gap.plural is True and at.phrase.plural),
    Rule("one is meant", -1.0, lambda at: at.gap.plural is False and at.phrase.plural),
    Rule("somebody is meant", 2.0, lambda at: at.gap.person is True and _somebody(at)),
    Rule("somebody is meant, and this is nobody", -2.0, lambda at: at.gap.person is True and not at.phrase.proper),
    Rule("somebody is meant, and this is a place or a body", -2.0, lambda at: at.gap.person is True and _body(at)),
    Rule("a time or a number", -4.0, lambda at: all(word.low in MONTHS or number(word) for word in at.phrase.inside)),
    Rule("the same pronoun stood for it", 1.5, lambda at: at.stood),
)


@dataclass(frozen=True, slots=True)
class Topic:
    """What may be meant, and how much speaks for it."""

    text: str
    score: float
    article: str = ""

    def named(self, plural: bool | None) -> str:
        """The topic as it fills a gap: "a virtual machine", or where several are meant "virtual machines"."""
        counted = self.article in ("a ", "an ")
        return pluralised(self.text) if plural and counted else self.article + self.text


@dataclass(slots=True)
class Told:
    """A conversation so far.

    Attributes:
        turns: what was said, with earlier gaps filled.
        stood: what each kind of pronoun stood for last, by whether it is of people and of several.
    """

    turns: list[str] = field(default_factory=list)
    stood: dict[tuple[bool | None, bool | None], str] = field(default_factory=dict)


def topics(told: Told, query: str, gap: Gap) -> list[Topic]:
    """The phrases of earlier turns, what is most likely meant first."""
    turns = told.turns if len(told.turns) <= TURNS else [*told.turns[:2], *told.turns[-TURNS:]]
    stood = told.stood.get((gap.person, gap.plural)) if gap.kind == "pronoun" else None
    lows = [turn.lower() for turn in turns]
    asked = frozenset(word.low for word in words(query))
    found: dict[str, Topic] = {}
    for at, turn in enumerate(turns):
        answer = not turn.rstrip().endswith("?") and len(turn.split()) > LONG
        for phrase in phrases(turn):
            name = phrase.name
            bare = name.lower()
            mention = Mention(
                phrase,
                len(turns) - 1 - at,
                len(phrase.inside) == len(phrase.words) and phrase.inside[0].capital,
                answer,
                sum(bare in low for low in lows),
                gap,
                asked,
                name == stood,
            )
            score = weighed(RULES, mention)
            if bare not in found or found[bare].score < score:
                found[bare] = Topic(name, score, phrase.article)
    return sorted(found.values(), key=lambda topic: -topic.score)
