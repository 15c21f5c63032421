"""Tiny models without dropout, labels, and what runs the worker under torchrun."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WORKER = Path(__file__).with_name("worker.py")
WORDS = "river mountain tea stone glass paper cloud engine violin harbor".split()
CASE = {
    "base": "cross",
    "kind": "cross-encoder",
    "queries": 5,
    "tokens": 150,
    "tune": "full",
    "precision": None,
    "recompute": False,
    "measure": False,
    "stop": 0,
}


def case(name: str, **changes: Any) -> dict[str, Any]:
    """One training, told apart by its name."""
    return {**CASE, "name": name, **changes}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cross-encoder, a bi-encoder and labels."""
    pytest.importorskip("transformers")
    from ...score.tiny_files import edit
    from ...score.wide import small_bert, small_bert_body

    root = tmp_path_factory.mktemp("made")
    return root


Worker = Callable[..., None]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return {**kept, "OMP_NUM_THREADS": "1", "TAMIS_THREADS": "1", **more}
