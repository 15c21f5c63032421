"""Questions that documents answer, found by rules: those they ask, those their definitions answer, their key words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tamis.core import Document, Progress
from tamis.data import query_key
from tamis.errors import InputError
from tamis.recall.bm25 import Parameters
from tamis.text import segment, sentences
from tamis.text.scripts import HAN
from tamis.train.sources.derive import Derivation, Lengths, boilerplate
from tamis.train.sources.rows import Derived

TERMS = 4  # words of a keyphrase query; people type two to five
K1 = Parameters().k1
COMMON = 0.2  # a word that more than this share of the documents have is no key

_asked = re.compile(r"[?？][”’」』)）\"']*$")
_english = re.compile(
    r"(?P<article>(?:An?|The) )?(?P<subject>[A-Za-z][\w'’/+-]*(?: (?!is\b|are\b|was\b|were\b)[\w'’/()+-]+){0,5}?),? "
    r"(?:(?P<verb>is|are|was|were) (?:an?|the|one of|defined as)|(?P<means>refers to|means|stands for)) "
)
_label = re.compile(r"^[A-Z]{4,}S?:? (?=[A-Z])")  # OBJECTIVE, METHODS: of structured abstracts
_chinese = re.compile(
    r"(?:本(?:法|条例|办法|规定|章|条|通则)(?:所称|中的?)|所谓|所称)?的?[“「《]?"
    rf"(?P<subject>[{HAN}A-Za-z0-9·+-]{{2,16}}?)[”」》]?[，,]?(?:是指|指的是|系指|是一[种个类项门款座家位名部]|就是指)"
)
# What opens a sentence that goes on from the one before, so that its subject means nothing by itself.
_OPENING = """
    it this that these those there here he she they we you i who which what such both each all some many most one
    another if when while although because however but and or so as in for with since not
"""
_VAGUE = frozenset(_OPENING.split())
_POINTING = _VAGUE | {"our", "their", "its", "his", "her", "my"} - {"in", "for", "with", "as", "and", "or"}
_vague = re.compile(
    "[这那此其它他她我你您该各某每也就都还又而但并且或如若因由对从在把被与和以及于]|前款|上述|下列|以下"
)
_word = re.compile(f"[{HAN}]+|[^\\W_{HAN}][^\\W_{HAN}'’-]*(?:['’-][^\\W_{HAN}]+)*")


def asked(text: str) -> Iterator[tuple[str, str]]:
    """The questions of a text, each with the text without it: what stands around a question tends to answer it.

    >>> list(asked("Why sieve twice? It takes out the last lumps."))
    [('Why sieve twice?', 'It takes out the last lumps.')]
    """
    for sentence in sentences(text):
        if _asked.search(sentence):
            before, _, after = text.partition(sentence)
            yield " ".join(sentence.split()), f"{before.rstrip()} {after.lstrip()}".strip()


def defined(text: str) -> Iterator[tuple[str, str]]:
    """What the text defines, as a question, with the whole text: the definition is the answer.

    >>> list(defined("A tamis is a drum sieve."))[0][0], list(defined("要约是指希望与他人订立合同的意思表示。"))[0][0]
    ('what is a tamis', '什么是要约')
    >>> list(defined("This is a drum. 这是一种筛子。"))
    []
    """
    for sentence in sentences(text):
        if (match := _english.match(_label.sub("", sentence))) and _stands_alone(match["subject"]):
            named = (match["article"] or "").lower() + match["subject"]
            yield f"what does {named} mean" if match["means"] else f"what {match['verb']} {named}", text
        elif (match := _chinese.match(sentence)) and _names_something(match["subject"]):
            yield f"什么是{match['subject']}", text


def _stands_alone(subject: str) -> bool:
    """Whether an English subject means something without the sentences before it."""
    words = subject.lower().split()
    return words[0] not in _VAGUE and _POINTING.isdisjoint(words)


def _names_something(subject: str) -> bool:
    """Whether a Chinese subject means something by itself; 不可抗力 does, since the dictionary knows 不可."""
    if subject[0] in "有无非不":
        return any(subject.startswith(word) for word in segment(subject) if len(word) > 1)
    return not _vague.match(subject)


@dataclass(frozen=True, slots=True)
class Keyphrases:
    """The words that tell a document from the others, by BM25's weight of a word, in the order of the text.

    Attributes:
        documents: how many documents were counted.
        held: how many of them have a word, by its search token.

    >>> corpus = ["a drum sieve for purée", "rain on the roof", "rain on the drum"]
    >>> [query for query, _ in Keyphrases.of(corpus)("a drum sieve for purée")]
    ['drum sieve purée']
    """

    documents: int
    held: Counter[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Keyphrases:
        """Counted over texts."""
        return cls(len(texts), Counter(token for text in texts for token in set(segment(text))))

    def __call__(self, text: str) -> Iterator[tuple[str, str]]:
        """One query of at most four words, with the whole text; none where fewer than two words tell anything."""
        surfaces, tokens = surfaces_of(text), Counter(segment(text))
        counts = {
            token: count for token, count in tokens.items() if token in surfaces and not self._glued(token, tokens)
        }
        order = {token: at for at, token in enumerate(surfaces)}
        ranked = sorted(counts, key=lambda token: (-self._weight(token, counts[token]), order[token]))
        chosen: list[str] = []
        for token in ranked:
            if len(chosen) == TERMS:
                break
            if self.held[token] <= self._common and not any(token in other or other in token for other in chosen):
                chosen.append(token)
        if len(chosen) > 1:
            yield " ".join(surfaces[token] for token in sorted(chosen, key=order.__getitem__)), text

    @property
    def _common(self) -> float:
        return max(2.0, COMMON * self.documents)

    def _glued(self, token: str, tokens: Counter[str]) -> bool:
        """Whether two characters only happen to stand side by side, outside of the dictionary's words (人即, 立时)."""
        return len(token) == 2 and any(char in tokens and self.held[char] > self._common / 4 for char in token)

    def _weight(self, token: str, count: int) -> float:
        # The index's BM25 for a document of mean length; the length is one for all words of a document.
        held = self.held[token]
        return math.log(1 + (self.documents - held + 0.5) / (held + 0.5)) * count / (count + K1)


def surfaces_of(text: str) -> dict[str, str]:
    """How each search token of a text is written there, in the order of their first mention; numbers are left out.

    >>> surfaces_of("Sieves sift. 合同无效")
    {'siev': 'Sieves', 'sift': 'sift', '合同': '合同', '无效': '无效'}
    """
    found: dict[str, str] = {}
    for word in _word.findall(text):
        tokens = _tokens(word)
        if "一" <= word[0] <= "鿿":
            found.update((token, token) for token in tokens if token not in found and len(token) > 1)
        elif tokens and not word[0].isdigit() and len(word) > 2:
            found.setdefault(tokens[0], word)
    return found


@lru_cache(1 << 16)
def _tokens(word: str) -> tuple[str, ...]:
    return tuple(segment(word))


@dataclass(frozen=True, slots=True)
class Questions:
    """Queries by rules, Chinese and English: the document's own questions, its definitions, its key words.

    Rules see the form of a sentence, not its sense; ``RoundTrip`` takes out what leads nowhere.

    Attributes:
        lengths: of queries and documents.
        most: queries a document, at most; questions first, then definitions, then key words.
        repeats: how many documents may give one query; more, and it is boilerplate.

    Raises:
        InputError: ``most`` or ``repeats`` is below 1.
    """

    lengths: Lengths = field(default_factory=Lengths)
    most: int = 3
    repeats: int = 2

    def __post_init__(self) -> None:
        if self.most < 1 or self.repeats < 1:
            raise InputError(f"most and repeats must be at least 1, got {self.most} and {self.repeats}")

    def derive(self, documents: Sequence[Document], progress: Progress | None = None) -> Derivation:
        """Pairs in the order of the documents, and how many queries were left out for which reason."""
        rules: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
            "question": asked,
            "definition": defined,
            "key words": Keyphrases.of([document.text for document in documents]),
        }
        pairs: list[Derived] = []
        removed: Counter[str] = Counter()
        for at, document in enumerate(documents, 1):
            kept: dict[str, Derived] = {}
            for origin, rule in rules.items():
                for query, body in rule(document.text):
                    pair = Derived(query, body, document.id, origin)
                    if why := self.lengths.why_not(pair):
                        removed[why] += 1
                    elif len(kept) < self.most:
                        kept.setdefault(query_key(query), pair)
                    else:
                        removed["more than wanted"] += 1
            pairs += kept.values()
            if progress:
                progress(at, len(documents))
        common = boilerplate(pairs, self.repeats)
        told = [pair for pair in pairs if query_key(pair.query) not in common]
        if len(told) < len(pairs):
            removed["query of many documents"] = len(pairs) - len(told)
        return Derivation(told, dict(removed))
