"""Figures of a small world, and a browser, for all tests of this room."""

from __future__ import annotations

import pytest

from tamis.train.after.figures import measure

from ...browser import Browser, found
from .worlds import Noisy, examples


@pytest.fixture(scope="session")
def figures():
    return measure(examples(60), {"before": Noisy("start", 1.0), "after": Noisy("trained", 0.3, 1)})


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    binary = found()
    if binary is None:
        pytest.skip("no browser: install chromium, or set TAMIS_BROWSER to one, to see the page work")
    with Browser(binary, tmp_path_factory.mktemp("profile")) as started:
        yield started
