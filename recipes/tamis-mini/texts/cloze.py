"""Questions for a when, how many, who or where, made of sentences that say it; what answers them is then cut out again.

A passage with all of a question's words and no answer is what no measure of nearness tells from the answer. Making
questions of statements is Lewis et al.'s way (2019, "Unsupervised question answering by cloze translation").
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import rjieba
from opencc import OpenCC

from tamis.text import sentences

_simplified = OpenCC("t2s").convert
UNITS = "人 名 位 个 座 所 家 米 公里 平方公里 元 美元 英镑 岁 公斤 吨 倍 次 部 集 场 层 艘 架 辆 颗 种 万人 亿元 万元"
WHEN_ZH = re.compile(r"(?:于|在)?(?:公元前?)?\d{3,4}年(?:\d{1,2}月)?(?:\d{1,2}[日号])?")
MANY_ZH = re.compile(r"(?<![\w.])\d[\d,.]*[多余万亿]*(" + "|".join(sorted(UNITS.split(), key=len, reverse=True)) + ")")
WHEN_EN = re.compile(
    r"(?: (?:in|on|since|around|about|by))?(?: (?:early|late))?(?: (?:January|February|March|April|May|June|July|"
    r"August|September|October|November|December))?(?: \d{1,2},)? (?:1[0-9]{3}|20[0-2]\d)\b"
)
MANY_EN = re.compile(
    r" (?:\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousands) ([a-z]{3,}s)\b"
)
PLACE_EN = re.compile(r" (?:in|at|near) ((?:[A-Z][a-z]+ ?){1,3})\b")
ASKED_ZH = {"when": ("什么时候", "何时", "哪一年", "哪年"), "who": ("谁",), "where": ("哪里", "什么地方", "哪儿")}
CUTS = re.compile(r"[，。；：！？,;:!?]")
DULL = {"d", "u", "uj", "ul", "c", "p", "x", "m", "q", "r"}  # tags whose words a searcher may leave out


@dataclass(frozen=True, slots=True)
class Cloze:
    """A question, and the passage without what answers it."""

    question: str
    emptied: str


def clozes(passage: str, title: str, language: str, rng: random.Random) -> Iterator[Cloze]:
    """At most one question of each sort that a passage answers.

    Args:
        passage: some sentences.
        title: what they are about, for clauses that do not say it; may be empty.
        language: ``"zh"`` or ``"en"``.
        rng: chooses sentences and words.
    """
    said = sentences(passage)
    rng.shuffle(said)
    sorts = _chinese(said, title, rng) if language == "zh" else _english(said, title, rng)
    for question, sentence, span in sorts:
        emptied = passage.replace(sentence, sentence.replace(span, "", 1), 1)
        if 6 <= len(question) <= 120 and emptied != passage:
            yield Cloze(question, re.sub(r"\s+|^[，,]", lambda m: " " if m[0].isspace() else "", emptied).strip())


def _chinese(said: list[str], title: str, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    for pattern, sort in ((WHEN_ZH, "when"), (MANY_ZH, "many")):
        for sentence in said:
            if found := pattern.search(sentence):
                asked = f"多少{found[1]}" if sort == "many" else rng.choice(ASKED_ZH[sort])
                if question := _clause(sentence, found[0], asked, title, rng):
                    yield question, sentence, found[0]
                    break
    for tag, sort in (("nr", "who"), ("ns", "where")):
        for sentence in said:
            names = [word for word, kind in tagged(sentence) if kind == tag and len(word) > 1 and word not in title]
            if names and (question := _clause(sentence, names[-1], rng.choice(ASKED_ZH[sort]), title, rng)):
                yield question, sentence, names[-1]
                break


def _clause(sentence: str, span: str, asked: str, title: str, rng: random.Random) -> str:
    """The clause around a span with what is asked in its place, shortened; empty where little else is said."""
    at = sentence.index(span)
    begins = max((m.end() for m in CUTS.finditer(sentence, 0, at)), default=0)
    ends = next((m.start() for m in CUTS.finditer(sentence, at + len(span))), len(sentence))
    before, after = sentence[begins:at], sentence[at + len(span) : ends]
    if len(after) < 4 and _goes_on(sentence, ends):
        after += CUTS.split(sentence[ends + 1 :])[0]
    shortened = ["".join(_kept(part, rng)) for part in (before, after)]
    if len("".join(shortened)) < 5:
        return ""
    topic = title if title and title not in sentence[begins:ends] and len(title) <= 16 else ""
    return f"{topic}{shortened[0]}{asked}{shortened[1]}" + rng.choice(("", "？"))


def _goes_on(sentence: str, ends: int) -> bool:
    """Whether a clause ends in a comma, behind which the sentence goes on."""
    return sentence[ends : ends + 1] in ("，", ",")


def _kept(part: str, rng: random.Random) -> Iterator[str]:
    short = rng.random() < 0.5
    for word, tag in tagged(part):
        if not (short and tag in DULL and rng.random() < 0.6):
            yield word


def tagged(text: str) -> list[tuple[str, str]]:
    """The words of a text with their parts of speech, which the tagger knows in simplified characters alone.

    >>> tagged("東吳大學")
    [('東吳大學', 'nt')]
    """
    simplified = _simplified(text)
    known = rjieba.tag(simplified if len(simplified) == len(text) else text)
    ends = list(accumulate(len(word) for word, _ in known))
    return [(text[end - len(word) : end], tag) for end, (word, tag) in zip(ends, known, strict=True)]


def _english(said: list[str], title: str, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    for pattern, asked in ((WHEN_EN, ("when", "what year", "when was", "when did")), (PLACE_EN, ("where", "where is"))):
        for sentence in said:
            if (found := pattern.search(sentence)) and (rest := _words(sentence.replace(found[0], " ", 1), title, rng)):
                yield f"{rng.choice(asked)} {rest}", sentence, found[0]
                break
    for sentence in said:
        if (found := MANY_EN.search(sentence)) and (rest := _words(sentence.replace(found[0], " ", 1), title, rng)):
            yield f"how many {found[1]} {rest}", sentence, found[0].removesuffix(f" {found[1]}")
            break


def _words(sentence: str, title: str, rng: random.Random) -> str:
    """Four to eight neighbouring words, in lower case; empty where there are fewer."""
    words = re.findall(r"[A-Za-z][\w'-]*", re.sub(r"\([^)]*\)", " ", sentence))
    if len(words) < 5:
        return ""
    size = min(len(words), rng.randint(4, 8))
    at = rng.randint(0, len(words) - size)
    topic = f"{title} " if title and title.lower() not in sentence.lower() else ""
    return (topic + " ".join(words[at : at + size])).lower()
