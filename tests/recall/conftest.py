"""A small deterministic encoder and corpus for the recall tests."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tamis import Document
from tamis.core import Kind, Vectors


class HashingEncoder:
    """Bags of characters and words, hashed to unit vectors; ``seed`` makes another encoder."""

    def __init__(self, dimension: int = 32, seed: int = 0) -> None:
        self.dimension, self.seed = dimension, seed
        self.texts: list[str] = []  # every document text that was encoded

    @property
    def fingerprint(self) -> str:
        return f"hashing-{self.dimension}-{self.seed}"

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        if kind == "document":
            self.texts += texts
        made = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            for token in [*text[:5000].lower().split(), *text[:200]]:
                row[zlib.crc32(f"{self.seed}{token}".encode()) % self.dimension] += 1
            row /= max(float(np.linalg.norm(row)), 1e-6)
        return made


WORDS = [
    *("sieve", "drum", "tamis", "soup", "court", "contract", "statute", "appeal", "wing", "flow"),
    *("合同", "法院", "筛子", "发烧", "感冒"),
]


def make_documents(count: int, seed: int = 0, start: int = 0) -> list[Document]:
    random = np.random.default_rng(seed)
    return [
        Document(
            f"d{at:05d}", " ".join(random.choice(WORDS, random.integers(1, 12))), title=f"No {at}" if at % 3 else ""
        )
        for at in range(start, start + count)
    ]


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def other_encoder() -> HashingEncoder:
    return HashingEncoder(seed=1)


@pytest.fixture(scope="session")
def documents() -> Callable[..., list[Document]]:
    return make_documents
