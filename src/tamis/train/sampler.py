"""Which queries and documents a step sees: decided by seed and step alone, so that any step can be made again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tamis.data import Example
from tamis.errors import InputError
from tamis.train.options import Batches

Item = TypeVar("Item")
EPOCHS = 3.0  # where nobody says how many


class Sampler:
    """Draws each step's lists, whatever the order of the examples and of their documents.

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
        self._examples = sorted(map(_in_order, examples), key=lambda one: (one.query, one.instruction))
        self._batches, self._seed = batches, seed
        self.an_epoch = math.ceil(len(examples) / batches.queries)
        epochs = batches.epochs or (EPOCHS if batches.max_steps is None else math.inf)
        whole = self.an_epoch * epochs
        self.steps = math.ceil(min(whole, batches.max_steps or whole))
        self._pool = [(at, text) for at, example in enumerate(self._examples) for text in example.documents]
        self._order = lru_cache(2)(self._shuffled)
        self._places = {(one.query, one.instruction): at for at, one in enumerate(self._examples)}

    def at(self, step: int) -> list[Example]:
        """The lists of a step, counted from 0."""
        epoch, place = divmod(step, self.an_epoch)
        chosen = self._order(epoch)[place * self._batches.queries : (place + 1) * self._batches.queries]
        return [self._drawn(int(at), epoch) for at in chosen]

    def positives(self, drawn: Example) -> list[str]:
        """All positive documents of a list's query, also those that a step does not show."""
        at = self._places.get((drawn.query, drawn.instruction))
        whole = drawn if at is None else self._examples[at]
        return [text for text, label in zip(whole.documents, whole.labels, strict=False) if label > 0]

    def epoch(self, step: int) -> float:
        """How many epochs are done before a step."""
        return step / self.an_epoch

    def _shuffled(self, epoch: int) -> NDArray[np.intp]:
        return np.random.default_rng((self._seed, epoch)).permutation(len(self._examples))

    def _drawn(self, at: int, epoch: int) -> Example:
        """The documents of a query that an epoch shows."""
        example, most = self._examples[at], self._batches.documents
        random = np.random.default_rng((self._seed, epoch, at))
        if not example.labels:  # a teacher's scores alone: any documents
            return _part(example, random.permutation(len(example.documents))[:most])
        grades = np.array(example.labels)
        best, rest = np.flatnonzero(grades > 0), np.flatnonzero(grades <= 0)
        few = max(1, most // 2, most - (len(rest) or most))
        good = random.permutation(best)[:few]
        chosen = np.concatenate([good, random.permutation(rest)[: most - len(good)]])
        found = _part(example, chosen)
        return found if len(rest) else self._with_others(found, at, most - len(good), random)

    def _with_others(self, example: Example, at: int, count: int, random: np.random.Generator) -> Example:
        """A list without negatives, and documents of other queries in their place."""
        own = set(self._examples[at].documents)
        texts: list[str] = []
        for place in random.integers(len(self._pool), size=4 * count):
            owner, text = self._pool[place]
            if owner != at and text not in own and len(texts) < count:
                texts.append(text)
                own.add(text)
        return Example(
            example.query,
            (*example.documents, *texts),
            (*example.labels, *(0.0,) * len(texts)),
            example.instruction,
            (*example.scores, *(math.nan,) * len(texts)) if example.scores else (),  # nobody scored these
            (*example.weights, *(1.0,) * len(texts)) if example.weights else (),
        )


def _in_order(example: Example) -> Example:
    """The example with its documents in the order of their texts."""
    return _part(example, sorted(range(len(example.documents)), key=example.documents.__getitem__))


def _part(example: Example, chosen: Iterable[int]) -> Example:
    """The example with some of its documents."""
    places = list(chosen)

    def taken(column: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(column[at] for at in places) if column else ()

    return Example(
        example.query,
        taken(example.documents),
        taken(example.labels),
        example.instruction,
        taken(example.scores),
        taken(example.weights),
    )
