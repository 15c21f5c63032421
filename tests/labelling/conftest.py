"""Small projects: pools of scored pairs whose right labels are known, and folders that hold them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tamis.decide import PrecisionAtLeast
from tamis.labelling import Guide, Project

TARGET = PrecisionAtLeast(0.9)


def write_pool(path: Path, size: int, seed: int = 0) -> dict[str, int]:
    """A pool file of pairs that each have their own query; returns what is true of each, by its name."""
    rng = np.random.default_rng(seed)
    true = rng.random(size) < 0.3
    scores = np.where(true, 3.0, -2.0) + rng.normal(size=size)
    rows = (
        {"id": f"p{at}", "query": f"question {at}", "document": f"answer {at}", "score": score}
        for at, score in enumerate(scores.tolist())
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {f"p{at}": int(one) for at, one in enumerate(true)}


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """A file of 400 scored pairs."""
    write_pool(tmp_path / "pairs.jsonl", 400)
    return tmp_path / "pairs.jsonl"


@pytest.fixture
def made(tmp_path: Path, pool: Path) -> Callable[..., Project]:
    """A project over the pool; options are those of the guide, and the budget."""

    def project(budget: int = 40, name: str = "project", **options: object) -> Project:
        return Project.create(tmp_path / name, pool, target=TARGET, budget=budget, guide=Guide(**options))

    return project
