"""The scripted HTTP server of the remote scorers, a scorer that counts shared words, and the demo's statutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tamis.core import Floats, Pair
from tamis.data import Collection
from tamis.text import segment

from ...score.remote.conftest import serve  # noqa: F401

DEMO = Path(__file__).resolve().parents[3] / "demo"


class SharedWords:
    """Share of the query's words that a document has, spread over the range of logits; counts what it scores."""

    name = "shared-words"
    fingerprint = "shared-words"

    def __init__(self) -> None:
        self.scored = 0

    def score(self, pairs: Sequence[Pair]) -> Floats:
        self.scored += len(pairs)
        return np.array([self._one(*pair) for pair in pairs], dtype=np.float64)

    def _one(self, query, document) -> float:
        asked, said = set(segment(query.text)), set(segment(document.full_text))
        return 10.0 * len(asked & said) / len(asked) - 5.0


@pytest.fixture
def shared_words() -> SharedWords:
    return SharedWords()


@pytest.fixture(scope="session")
def statutes() -> Collection:
    if not (DEMO / "statutes").is_dir():
        pytest.skip("the demo's statutes are not here")
    return Collection.open(DEMO / "statutes")


@pytest.fixture(scope="session")
def demo() -> Path:
    return DEMO
