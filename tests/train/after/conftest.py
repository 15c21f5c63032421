"""Figures of a small world, for all tests of this room."""

from __future__ import annotations

import pytest

from tamis.train.after.figures import measure

from .worlds import Noisy, examples


@pytest.fixture(scope="session")
def figures():
    return measure(examples(60), {"before": Noisy("start", 1.0), "after": Noisy("trained", 0.3, 1)})
