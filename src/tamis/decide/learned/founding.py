"""The founding rule for difficulty, by name: hand-made numbers, learned from nothing, there for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from tamis.core import Ranking
from tamis.errors import InputError

Complexity: TypeAlias = Literal["low", "medium", "high"]

ASKING = ("如何", "为什么", "步骤", "方法", "解决")  # one point each
TECHNICAL = ("API", "框架", "架构", "并发", "异步")  # two points each
MOVES: dict[Complexity, float] = {"low": 0.02, "medium": 0.0, "high": -0.04}
LOWEST, HIGHEST = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Heuristic:
    """A threshold on scores in [0, 1] that falls with the query's length and the technical words in it.

    Under 10 characters +.05, over 50 characters -.03; complexity high -.04, low +.02; the result stays within
    [.1, .9]. Nothing of it is learned or tested: ``Difficulty`` is what to use where there are labels.

    Attributes:
        base: the threshold that is moved.

    >>> [round(Heuristic().threshold(text), 2) for text in ("Python是什么", "如何在多线程环境下使用Python的GIL")]
    [0.77, 0.7]
    """

    base: float = 0.7

    def complexity(self, query: str) -> Complexity:
        """ "high" from 3 points, "medium" from 1, else "low"."""
        points = sum(word in query for word in ASKING) + 2 * sum(word in query for word in TECHNICAL)
        return "high" if points >= 3 else "medium" if points >= 1 else "low"

    def threshold(self, query: str) -> float:
        """The threshold for a query's text, in [.1, .9]."""
        length = 0.05 if len(query) < 10 else -0.03 if len(query) > 50 else 0.0
        return max(LOWEST, min(HIGHEST, self.base + length + MOVES[self.complexity(query)]))

    def offset(self, ranking: Ranking) -> float:
        """What to add to ``base`` for this query.

        Raises:
            InputError: the current scores do not lie in [0, 1], where alone the rule means anything.
        """
        scores = ranking.scores
        if scores.size and (scores.min() < 0 or scores.max() > 1):
            raise InputError(f"the founding rule is for scores in [0, 1], got {scores.min():g} to {scores.max():g}: "
                             "calibrate first, or learn offsets with Difficulty.fit")  # fmt: skip
        return self.threshold(ranking.query.text) - self.base

    def as_json(self) -> dict[str, float]:
        """Its base."""
        return {"base": self.base}

    @classmethod
    def from_json(cls, content: dict[str, float]) -> Heuristic:
        """What ``as_json`` gave."""
        return cls(content["base"])
