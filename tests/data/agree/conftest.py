"""Label tables for tests: from rows of letters, and by annotators whose mistakes are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from tamis.data import Annotation
from tamis.data.agree import LabelTable


@dataclass(frozen=True)
class Crowd:
    """Simulated labels: what is true, and what was said by annotators with these confusion matrices."""

    truth: NDArray[np.int64]
    table: LabelTable


@pytest.fixture
def spoken() -> Callable[..., LabelTable]:
    """A table from one row of labels an annotator, an item a column; ``*`` and ``None`` are missing."""

    def made(*rows: Sequence[object]) -> LabelTable:
        return LabelTable.of(
            Annotation(str(item), f"a{who}", str(label))
            for who, row in enumerate(rows)
            for item, label in enumerate(row)
            if label not in ("*", None)
        )

    return made


@pytest.fixture
def simulated() -> Callable[..., Crowd]:
    """A table by annotators of known confusion matrices, of whose labels a share is missing at random."""

    def made(
        prior: Sequence[float], confusion: NDArray[np.float64], items: int, missing: float = 0.0, seed: int = 0
    ) -> Crowd:
        rng = np.random.default_rng(seed)
        truth = rng.choice(len(prior), items, p=prior)
        draw = rng.random((items, len(confusion), 1))
        said = (draw > np.cumsum(confusion[:, truth].transpose(1, 0, 2), axis=2)).sum(axis=2)
        item, annotator = np.nonzero(rng.random(said.shape) >= missing)
        there, place = np.unique(item, return_inverse=True)
        numbers = np.arange(len(prior), dtype=np.float64)
        table = LabelTable(
            items=tuple(map(str, there)),
            annotators=tuple(f"a{at}" for at in range(len(confusion))),
            labels=tuple(map(str, range(len(prior)))),
            item=place,
            annotator=annotator,
            label=np.minimum(said, len(prior) - 1)[item, annotator],
            numbers=numbers,
        )
        return Crowd(truth[there], table)

    return made


@pytest.fixture
def noisy() -> Callable[[Sequence[float], int], NDArray[np.float64]]:
    """Confusion matrices of annotators who know the answer with these probabilities, and else guess."""

    def made(knowing: Sequence[float], labels: int) -> NDArray[np.float64]:
        known = np.array(knowing)[:, None, None]
        return known * np.eye(labels) + (1 - known) / labels

    return made
