"""What a Chinese conversation is about: stretches of earlier turns, weighed by rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tamis.rewrite.context.chinese.words import ASKING, CLASSES, FUNCTION, INTRODUCING, PEOPLE, RELATIONAL
from tamis.rewrite.context.rule import Rule, weighed
from tamis.text import simplified, tagged
from tamis.text.words import between

LONGEST = 16  # characters of a topic
MOST_WORDS = 8
TURNS = 6  # earlier turns that are looked at
FADING = 0.5  # what each turn further back than the last two costs

Words = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Need:
    """What the query lacks.

    Attributes:
        query: its text, in simplified characters.
        person: whether a person is meant (他, 她); None where nothing tells.
        place: whether a place is meant (那里).
    """

    query: str
    person: bool | None = None
    place: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some words of a turn, in their place.

    Attributes:
        words: the turn's words with their tags.
        turn: the words as one text.
        starts: where each word begins in it, and where the last one ends.
        start: the first word of the stretch.
        end: the word after it.
        other: the neighbouring turn's text.
        need: what the query lacks.
    """

    words: Words
    turn: str
    starts: Sequence[int]
    start: int
    end: int
    other: str
    need: Need

    @property
    def place(self) -> slice:
        """Where it stands in its turn."""
        return slice(self.starts[self.start], self.starts[self.end])

    @property
    def text(self) -> str:
        return self.turn[self.place]

    @property
    def inside(self) -> Words:
        return self.words[self.start : self.end]

    @property
    def before(self) -> str:
        return self.turn[: self.starts[self.start]]

    @property
    def after(self) -> str:
        return self.turn[self.starts[self.end] :]


def noun(word: tuple[str, str]) -> bool:
    """Whether a word can be or begin a name."""
    return word[0] not in FUNCTION and (word[1][0] in "nbijlsxqg" or word[1] in ("eng", "vn", "f"))


def proper(word: tuple[str, str]) -> bool:
    """Whether a word is a name."""
    return word[0] not in FUNCTION and word[1] in ("nr", "nrt", "nrfg", "ns", "nt", "nz", "eng")


def person(word: tuple[str, str]) -> bool:
    """Whether a word stands for somebody."""
    return word[1] in ("nr", "nrt", "nrfg") or word[0] in PEOPLE


def _content(word: tuple[str, str]) -> bool:
    return word[0] not in FUNCTION and word[1] not in ("x", "w")


def _shared(at: Stretch) -> float:
    text = at.text
    return sum(character in at.need.query for character in set(text)) / len(set(text))


def _cut(at: Stretch, side: int) -> float:
    """Whether the stretch cuts a phrase in two: a noun goes on before or after it."""
    if not 0 <= side < len(at.words):
        return 0.0
    return 1.0 if noun(at.words[side]) else 0.5 if _content(at.words[side]) else 0.0


def _sentence(at: Stretch) -> bool:
    """Whether a verb stands between a name and what is said of it: 长崎县属于副热带."""
    return noun(at.inside[0]) and any(tag == "v" for _, tag in at.inside[1:-1])


# Whole and half numbers, set by hand with a half of a development set in view (docs/rewriting.md).
RULES: tuple[Rule[Stretch], ...] = (
    Rule("brought up: 你知道…", 1.5, lambda at: at.before.endswith(INTRODUCING)),
    Rule("asked about: …怎么样", 1.0, lambda at: at.after.startswith(ASKING)),
    Rule("said by both", 2.0, lambda at: at.text in at.other),
    Rule("begins its turn", 1.0, lambda at: not at.before.strip()),
    Rule("ends its turn", 0.5, lambda at: not at.after.strip()),
    Rule("stands in the query already", -4.0, _shared),
    Rule("holds a name", 1.0, lambda at: any(map(proper, at.inside))),
    Rule("ends in a noun", 1.0, lambda at: noun(at.inside[-1])),
    Rule("begins with a noun", 1.0, lambda at: noun(at.inside[0])),
    Rule("has no noun", -1.0, lambda at: not any(map(noun, at.inside))),
    Rule("one character", -2.5, lambda at: len(at.text) == 1),
    Rule("three characters or more", 0.5, lambda at: len(at.text) >= 3),
    Rule("words that say nothing", -0.5, lambda at: sum(not _content(word) for word in at.inside)),
    Rule("says something of a name", -1.5, _sentence),
    Rule("a word of a class only", -1.5, lambda at: at.text in CLASSES or at.text in RELATIONAL),
    Rule("cut off on the left", -1.0, lambda at: _cut(at, at.start - 1)),
    Rule("cut off on the right", -1.0, lambda at: _cut(at, at.end)),
    Rule("somebody is meant", 1.5, lambda at: at.need.person is True and any(map(person, at.inside))),
    Rule("nobody is meant", -1.0, lambda at: at.need.person is False and any(word[0] in PEOPLE for word in at.inside)),
    Rule("a place is meant", 1.5, lambda at: at.need.place and any(word[1] in ("ns", "nt") for word in at.inside)),
)


@dataclass(frozen=True, slots=True)
class Topic:
    """What may be meant, and how much speaks for it."""

    text: str
    score: float


def topics(history: Sequence[str], need: Need) -> list[Topic]:
    """The stretches of the last turns, what is most likely meant first."""
    found: dict[str, float] = {}
    recent = list(history[-TURNS:])
    for at, turn in enumerate(recent):
        back = len(recent) - 1 - at
        other = recent[at + 1] if back else recent[at - 1] if at else ""
        for stretch in _stretches(turn, simplified(other), need):
            score = weighed(RULES, stretch) - FADING * max(0, back - 1)
            stands = turn[stretch.place]
            found[stands] = max(found.get(stands, score), score)
    return sorted((Topic(text, score) for text, score in found.items()), key=lambda topic: -topic.score)


def _between(words: Words, at: int) -> bool:
    """Whether a space stands between two Latin words, which may be one name: iPhone 15 Pro."""
    return words[at][0] == " " and 0 < at < len(words) - 1 and bool(between(words[at - 1][0], words[at + 1][0]))


def _stretches(turn: str, other: str, need: Need) -> Iterator[Stretch]:
    words = tagged(turn)
    plain, starts = "".join(word for word, _ in words), [0, *accumulate(len(word) for word, _ in words)]
    for start, first in enumerate(words):
        if not _content(first):
            continue
        size = 0
        for end in range(start + 1, min(start + MOST_WORDS, len(words)) + 1):
            word, tag = words[end - 1]
            size += len(word)
            if size > LONGEST or (tag in ("x", "w") and not _between(words, end - 1)):
                break
            if _content(words[end - 1]):
                yield Stretch(words, plain, starts, start, end, other, need)
