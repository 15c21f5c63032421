"""Tiny models to train, and what trains them."""

from __future__ import annotations

import pytest

for package in ("torch", "transformers", "safetensors"):
    pytest.importorskip(package)

from ..score.conftest import tiny_model  # noqa: E402, F401
from ..score.tiny_files import edit  # noqa: E402
from .runs import copied, small_bert  # noqa: E402


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The folder of a BERT reranker of two layers that learns the rule in some dozen steps."""
    return small_bert(tmp_path_factory.mktemp("small") / "bert")


@pytest.fixture(scope="session")
def dropping(small, tmp_path_factory):
    """The same with dropout."""
    folder = copied(small, tmp_path_factory.mktemp("dropping") / "bert")
    return edit(folder / "config.json", hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.2)


@pytest.fixture(scope="session")
def still_model(tiny_model, tmp_path_factory):  # noqa: F811
    """``still_model(family)``: a tiny model that drops nothing out, whichever word its config has for it."""
    root = tmp_path_factory.mktemp("still")

    def made(family):
        folder = root / family
        if not folder.exists():
            copied(tiny_model(family), folder)
            for config in folder.rglob("config.json"):
                if "model_type" in config.read_text("utf-8"):
                    edit(config, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        return folder

    return made
