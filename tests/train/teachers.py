"""A teacher that knows a rule, and lists without labels on which a student can learn it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import numpy as np

from tamis.core import Floats, Pair
from tamis.data import Example

from .rules import TOPICS, said

ANSWERS = tuple(word for _, answers in TOPICS for word in answers)
PRICES = {word: at - 4.0 for at, word in enumerate(Random(1).sample(ANSWERS, len(ANSWERS)))}


class Rule:
    """A document's worth is the sum of its words' prices, and more for each word of the query's topic.

    Attributes:
        scored: pairs scored so far.
        breaks: pairs after which its process ends.
    """

    def __init__(self, name: str = "rule", spread: float = 1.0, breaks: int | None = None) -> None:
        self.name, self.spread, self.breaks, self.scored = name, spread, breaks, 0

    @property
    def fingerprint(self) -> str:
        return f"{self.name}:{self.spread}"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        self.scored += len(pairs)
        if self.breaks is not None and self.scored > self.breaks:
            raise KeyboardInterrupt
        return np.array([self.spread * worth(query.text, document.text) for query, document in pairs])


def worth(query: str, document: str) -> float:
    asked = set(query.split())
    wanted = next((answers for asks, answers in TOPICS if asked & set(asks)), ())
    return sum(PRICES.get(word, 0.0) + 2.0 * (word in wanted) for word in document.split())


def unlabelled(count: int, seed: int, *, documents: int = 8) -> list[Example]:
    """Queries with documents of two words of any topic, each query once."""
    random = Random(seed)
    found: dict[str, Example] = {}
    while len(found) < count:
        query = said(TOPICS[random.randrange(len(TOPICS))][0], random, 4)
        texts = dict.fromkeys(" ".join(random.choice(ANSWERS) for _ in range(2)) for _ in range(documents))
        found[query] = Example(query, tuple(texts))
    return list(found.values())


def lists(examples: Iterable[Example], path: Path) -> Path:
    """The examples as JSONL, a query a row."""
    with path.open("w", encoding="utf-8") as out:
        for one in examples:
            labels = {"labels": one.labels} if one.labels else {}
            out.write(json.dumps({"query": one.query, "documents": one.documents, **labels}) + "\n")
    return path
