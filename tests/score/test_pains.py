"""What users of other rerankers complain of, by its number in docs/limits.md, where no other test shows its absence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tamis import Document, Query, load_scorer

pytest.importorskip("torch")

QUERY = Query("What is the capital of France?")
LIMITS = Path(__file__).parents[2] / "docs" / "limits.md"
OFFLINE = """
import socket, sys
def refused(*a, **k): raise OSError("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refused
from tamis import Document, Query, load_scorer
print(load_scorer(sys.argv[1]).score([(Query("q"), Document("d", "text"))])[0])
"""


@pytest.mark.parametrize("family", ["bert", "qwen3_sentence_transformers"])
def test_19_no_forward_pass_is_larger_than_its_budget(family, tiny_model, monkeypatch):
    scorer = load_scorer(tiny_model(family), engine="torch")
    passed = []
    run = scorer.engine.logits

    def spied(batch):
        passed.append(sum(map(len, batch.ids)))
        return run(batch)

    monkeypatch.setattr(scorer.engine, "logits", spied)
    pairs = [(QUERY, Document(str(at), "Paris lies on the Seine. " * (1 + at % 30))) for at in range(300)]
    scorer.score(pairs)
    assert len(passed) > 10
    assert max(passed) <= scorer.engine.budget


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("family", ["bert", "xlm_roberta", "modernbert", "deberta", "qwen3"])
def test_25_half_precision_runs_on_a_cpu(family, dtype, tiny_model):
    pairs = [(QUERY, Document(str(at), "Paris lies on the Seine. " * at)) for at in range(1, 9)]
    scorer = load_scorer(tiny_model(family), engine="torch", dtype=dtype)
    scores = scorer.score(pairs)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores, load_scorer(tiny_model(family), engine="torch").score(pairs), atol=0.25)


@pytest.mark.parametrize(
    "family", ["bert", pytest.param("ettin", marks=pytest.mark.slow), pytest.param("qwen3", marks=pytest.mark.slow)]
)
def test_27_a_folder_never_asks_the_network(family, tiny_model):
    ran = subprocess.run([sys.executable, "-c", OFFLINE, str(tiny_model(family))], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert np.isfinite(float(ran.stdout))


def test_every_test_that_the_page_of_limits_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", LIMITS.read_text(encoding="utf-8"))
    assert len(named) > 40
    for path, function in named:
        source = (LIMITS.parents[1] / path).read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", source, re.MULTILINE), f"{path}::{function}"


def test_the_page_of_limits_leaves_no_number_out():
    text = LIMITS.read_text(encoding="utf-8")
    mistakes, pains = text.split("## Pains")
    for part, count in ((mistakes, 19), (pains, 35)):
        assert [int(n) for n in re.findall(r"^\| (\d+) \|", part, re.MULTILINE)] == list(range(1, count + 1))
