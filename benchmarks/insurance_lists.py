"""Questions about insurance as training lists, in two languages: each with its right answers and some wrong ones."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tamis import load_encoder
from tamis.core import Kind, Vectors
from tamis.data import Collection, Example, write_examples
from tamis.text import sentences

DATA = Path(os.environ.get("TAMIS_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
WORK = Path(os.environ.get("TAMIS_BENCH", "/tmp")) / "tamis-train-insurance"
LANGUAGES = ("en", "zh")
LENGTH = 96  # tokens of a pair
DEV_EVERY = 200  # every so many questions one stands aside to choose the checkpoint


def opened(language: str) -> Collection:
    """A development set that the trained model is measured on."""
    return Collection.open(DATA / f"eval/insuranceqa_{language}_dev")


def known() -> set[str]:
    """The texts of the questions that the model is measured on."""
    return {query.text for language in LANGUAGES for query in opened(language).queries}


class Question(NamedTuple):
    """A training question: its text in each language, and rows of its right and of the listed wrong answers."""

    number: int
    text: Mapping[str, str]
    right: list[int]
    wrong: np.ndarray

    @property
    def stands_aside(self) -> bool:
        return self.number % DEV_EVERY == 0


def read(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / f"train/insuranceqa/{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [*map(json.loads, file)]


class Lists:
    """Questions with some of their wrong answers, written as training data: 12 of the listed 200 at random."""

    name, seed = "random", 0

    def __init__(self) -> None:
        self.answers, asked = read("answers"), read("train")
        rows = {answer["id"]: row for row, answer in enumerate(self.answers)}
        self.questions = [
            Question(
                at, one, [rows[a] for a in one["pos"]], np.array([rows[a] for a in one["neg"] if a not in one["pos"]])
            )
            for at, one in enumerate(asked)
        ]

    def drawn(self, question: Question, rng: np.random.Generator) -> np.ndarray:
        """Rows of the wrong answers that a question is given."""
        return rng.permutation(question.wrong)[:12]

    def examples(self) -> Iterator[tuple[Question, Example]]:
        """Every question in both languages, save where its text stands in a set that the model is measured on."""
        measured, rng = known(), np.random.default_rng(self.seed)
        for question in self.questions:
            chosen = [*question.right, *self.drawn(question, rng)]
            for language in LANGUAGES:
                if question.text[language] not in measured:
                    texts = [self.answers[row][language] for row in chosen]
                    yield question, listed(question.text[language], texts, len(question.right))

    @classmethod
    def written(cls) -> dict[str, object]:
        """Options of ``tamis train`` that name the files: to learn from, and to choose the checkpoint by."""
        learn, dev = WORK / f"learn-{cls.name}.jsonl", WORK / f"dev-{cls.name}.jsonl"
        if not dev.exists():
            WORK.mkdir(parents=True, exist_ok=True)
            found = [*cls().examples()]
            write_examples(learn, [example for question, example in found if not question.stands_aside])
            write_examples(dev, [example for question, example in found if question.stands_aside])
        return {"--data": learn, "--dev": dev}


class HarderLists(Lists):
    """Half of the wrong answers are among the 32 nearest by e5-small's cosine of the Chinese texts, for both languages.

    Answers that are right for no training question stay out of what is learnt: the model would learn that they are
    always wrong, and the sets it is measured on are where they are right.
    """

    name, seed = "harder", 1

    def __init__(self) -> None:
        super().__init__()
        self.good = np.zeros(len(self.answers), bool)
        self.good[[row for question in self.questions for row in question.right]] = True
        self.documents = vectors("a-zh", [answer["zh"] for answer in self.answers], "document")
        self.queries = vectors("q-zh", [question.text["zh"] for question in self.questions], "query")

    def drawn(self, question: Question, rng: np.random.Generator) -> np.ndarray:
        count, wrong = (20, question.wrong) if question.stands_aside else (8, question.wrong[self.good[question.wrong]])
        nearest = wrong[np.argsort(-(self.documents[wrong] @ self.queries[question.number]), kind="stable")]
        return np.concatenate([rng.permutation(part)[:count] for part in (nearest[:32], nearest[32:])])


class FreshLists(HarderLists):
    """Pairs that the parts before did not see: other languages, other places of an answer, questions made of sentences.

    Each question is asked once of answers in each language, and once in one language of answers in the other; half of
    the answers begin at a sentence drawn at random. Of every second answer one of the first three sentences becomes a
    question, which the rest of the answer answers better than the rest of the answers that are nearest to it. What is
    right only for a question that stands aside is not learnt as wrong. No checkpoint is chosen: the last step stays.
    """

    name, seed = "fresh", 2

    def __init__(self) -> None:
        super().__init__()
        self.good[:] = False
        self.good[[row for question in self.questions if not question.stands_aside for row in question.right]] = True

    def asked(self) -> Iterator[Example]:
        """The questions of the training set, save where a text stands in a set that the model is measured on."""
        measured, rng = known(), np.random.default_rng(self.seed)
        for question in self.questions:
            if question.stands_aside or measured & {question.text[language] for language in LANGUAGES}:
                continue
            one = int(rng.integers(2))
            for asked, answered in (*zip(LANGUAGES, LANGUAGES, strict=True), (LANGUAGES[one], LANGUAGES[1 - one])):
                chosen = [*question.right, *self.drawn(question, rng)]
                texts = (self.answers[row][answered] for row in chosen)
                cut = [from_a_sentence(text, rng) if rng.random() < 0.5 else text for text in texts]
                yield listed(question.text[asked], cut, len(question.right))

    def made(self) -> Iterator[Example]:
        """Questions that are sentences of answers (inverse cloze: Lee et al. 2019, section 4)."""
        rng = np.random.default_rng(self.seed + 1)
        for row in rng.permutation(len(self.answers))[: len(self.answers) // 2]:
            language = LANGUAGES[rng.integers(2)]
            query, rest = without_a_sentence(self.answers[row][language], rng)
            if rest and 15 <= len(query.encode()) <= 250:
                nearest = np.argsort(-(self.documents @ self.documents[row]))[1:33]
                wrong = [*rng.permutation(nearest)[:6], *rng.integers(len(self.answers), size=2)]
                others = (without_a_sentence(self.answers[other][language], rng)[1] for other in wrong)
                yield listed(query, [rest, *filter(None, others)], 1)

    @classmethod
    def written(cls) -> dict[str, object]:
        learn = WORK / f"learn-{cls.name}.jsonl"
        if not learn.exists():
            lists = cls()
            WORK.mkdir(parents=True, exist_ok=True)
            write_examples(learn, [*lists.asked(), *lists.made()])
        return {"--data": learn, "--dev": 0}


def listed(query: str, texts: Sequence[str], right: int) -> Example:
    """A question with so many right answers, which come first, and the others wrong."""
    return Example(query, tuple(texts), (1.0,) * right + (0.0,) * (len(texts) - right))


def from_a_sentence(text: str, rng: np.random.Generator) -> str:
    """A text from one of its sentences on."""
    parts = sentences(text)
    return text[text.index(parts[rng.integers(len(parts))]) :]


def without_a_sentence(text: str, rng: np.random.Generator) -> tuple[str, str]:
    """One of a text's first three sentences, and the text without it; nothing of a shorter text."""
    parts = sentences(text)
    if len(parts) < 3:
        return "", ""
    part = parts[rng.integers(3)]
    return part, text.replace(part, "", 1).strip()


def vectors(name: str, texts: Sequence[str], kind: Kind) -> Vectors:
    """e5-small's vectors of texts, kept in a file."""
    path = WORK / f"e5-{name}.npy"
    if not path.exists():
        np.save(path, load_encoder("e5-small").shortened(LENGTH).encode(texts, kind))
    found: Vectors = np.load(path)
    return found
