"""Which queries and documents a step sees: decided by seed and step alone, so that any step can be made again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tamis.data import Example
from tamis.errors import InputError
from tamis.train.options import Batches

EPOCHS = 3.0  # where nobody says how many


class Sampler:
    """Draws each step's lists.

    Every epoch sees every query once, in an order of its own. A query with more documents than a step takes shows
    others in other epochs, positives at most half of them where negatives fill the rest. A query without a negative
    gets documents of other queries, which are not its own.

    Args:
        examples: one a query.
        batches: how much a step sees.
        seed: decides what is drawn.

    Raises:
        InputError: there is no example.

    >>> examples = [Example(f"q{at}", ("a", "b", "c"), (1.0, 0.0, 0.0)) for at in range(4)]
    >>> sampler = Sampler(examples, Batches(queries=3, documents=2, epochs=1), seed=0)
    >>> sampler.steps, [len(sampler.at(step)) for step in range(sampler.steps)]
    (2, [3, 1])
    """

    def __init__(self, examples: Sequence[Example], batches: Batches, seed: int) -> None:
        if not examples:
            raise InputError("there is no query to learn from")
        self._examples, self._batches, self._seed = examples, batches, seed
        self.an_epoch = math.ceil(len(examples) / batches.queries)
        epochs = batches.epochs or (EPOCHS if batches.max_steps is None else math.inf)
        whole = self.an_epoch * epochs
        self.steps = math.ceil(min(whole, batches.max_steps or whole))
        self._pool = [(at, text) for at, example in enumerate(examples) for text in example.documents]
        self._order = lru_cache(2)(self._shuffled)

    def at(self, step: int) -> list[Example]:
        """The lists of a step, counted from 0."""
        epoch, place = divmod(step, self.an_epoch)
        chosen = self._order(epoch)[place * self._batches.queries : (place + 1) * self._batches.queries]
        return [self._drawn(int(at), epoch) for at in chosen]

    def epoch(self, step: int) -> float:
        """How many epochs are done before a step."""
        return step / self.an_epoch

    def _shuffled(self, epoch: int) -> NDArray[np.intp]:
        return np.random.default_rng((self._seed, epoch)).permutation(len(self._examples))

    def _drawn(self, at: int, epoch: int) -> Example:
        """The documents of a query that an epoch shows."""
        example, most = self._examples[at], self._batches.documents
        random = np.random.default_rng((self._seed, epoch, at))
        grades = np.array(example.labels or (1.0,) + (0.0,) * (len(example.documents) - 1))
        best, rest = np.flatnonzero(grades > 0), np.flatnonzero(grades <= 0)
        if not example.labels:  # a teacher's scores alone: any documents
            chosen = random.permutation(len(example.documents))[:most]
            return _part(example, chosen)
        few = max(1, most // 2, most - len(rest))
        good = random.permutation(best)[:few]
        chosen = np.concatenate([good, random.permutation(rest)[: most - len(good)]])
        found = _part(example, chosen)
        return found if len(rest) else self._with_others(found, at, most - len(good), random)

    def _with_others(self, example: Example, at: int, count: int, random: np.random.Generator) -> Example:
        """A list without negatives, and documents of other queries in their place."""
        own = set(self._examples[at].documents)
        texts: list[str] = []
        for place in random.integers(len(self._pool), size=4 * max(count, 1)):
            owner, text = self._pool[place]
            if owner != at and text not in own and len(texts) < max(count, 1):
                texts.append(text)
                own.add(text)
        return Example(
            example.query,
            (*example.documents, *texts),
            (*example.labels, *(0.0,) * len(texts)),
            example.instruction,
            (),
            (*example.weights, *(1.0,) * len(texts)) if example.weights else (),
        )


def _part(example: Example, chosen: NDArray[np.intp]) -> Example:
    """The example with some of its documents."""
    texts, labels, scores, weights = (
        tuple(column[at] for at in chosen) if column else ()
        for column in (example.documents, example.labels, example.scores, example.weights)
    )
    return Example(example.query, texts, labels, example.instruction, scores, weights)
