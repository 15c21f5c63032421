"""Small worlds of labelled queries, and scorers whose faults are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tamis.core import Floats, Pair
from tamis.data import Example

FISH = ("carp", "perch", "pike", "trout", "eel", "bream", "roach", "tench", "zander", "chub", "dace", "bleak")


def examples(queries: int, seed: int = 0, listed: int = 12, relevant: int = 2) -> list[Example]:
    """Queries of two words; relevant documents hold both, others one or none. Relevant ones stand first."""
    rng = np.random.default_rng(seed)
    made = []
    for at in range(queries):
        one, other = rng.choice(FISH, 2, replace=False)
        good = [f"{one} and {other} of pond {at}.{i} in spring" for i in range(relevant)]
        bad = [f"{rng.choice(FISH)} of pond {at}.{i} in autumn" for i in range(relevant, listed)]
        made.append(Example(f"{one} {other}", (*good, *bad), (1.0,) * len(good) + (0.0,) * len(bad)))
    return made


class Noisy:
    """Share of the query's words in the document, and noise that is the same for the same pair."""

    def __init__(self, name: str, noise: float, seed: int = 0, window: int = 10_000) -> None:
        self.name, self.noise, self.seed, self.window = name, noise, seed, window

    @property
    def fingerprint(self) -> str:
        return f"{self.name}:{self.noise}:{self.seed}"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        return np.array([self._one(query.text, document.text) for query, document in pairs])

    def notes(self, pairs):
        cut = [len(document.text.split()) - self.window for _, document in pairs]
        return [{"truncated_tokens": words} if words > 0 else {} for words in cut]

    def _one(self, query: str, text: str) -> float:
        words = set(text.split()[: self.window])
        rng = np.random.default_rng([self.seed, *query.encode(), *text.encode()])
        return float(np.mean([word in words for word in query.split()]) + self.noise * rng.normal())


class Constant:
    """Says the same of every pair."""

    name = fingerprint = "constant"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        return np.zeros(len(pairs))
