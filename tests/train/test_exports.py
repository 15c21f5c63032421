"""A trained model's exports: ONNX within 1e-4 of the network that was trained, with LoRA too, and int8 in its order."""

from __future__ import annotations

import numpy as np
import pytest

for package in ("onnx", "onnxscript", "peft"):
    pytest.importorskip(package)

from scipy.stats import spearmanr  # noqa: E402

from tamis import load_scorer  # noqa: E402
from tamis.score.export import export  # noqa: E402
from tamis.train.adapters import merged  # noqa: E402
from tamis.train.loop import fit  # noqa: E402
from tamis.train.options import Learning  # noqa: E402
from tamis.train.tune import Lora  # noqa: E402

from .rules import learnable, pairs  # noqa: E402
from .runs import quick, reranker, run_of  # noqa: E402

PAIRS = pairs(learnable(40, 1))


@pytest.mark.slow
def test_lora_merged_and_exported(tiny_model, tmp_path):
    start = reranker(tiny_model("wide_bert"))
    fit(run_of(start, learnable(100, 2), quick(25, tune=Lora(8), learning=Learning(rate=2e-3)), tmp_path / "run"))
    adapted = start.scorer(start.network, "cpu").score(PAIRS)
    assert np.std(adapted) > 0.1
    start.write(merged(start.network), tmp_path / "model")
    np.testing.assert_allclose(load_scorer(tmp_path / "model", engine="torch").score(PAIRS), adapted, atol=1e-4)
    export(tmp_path / "model", tmp_path / "exported", ("onnx", "onnx-int8"))
    graph = load_scorer(tmp_path / "exported", engine="onnx", dtype="float32").score(PAIRS)
    np.testing.assert_allclose(graph, adapted, atol=1e-4)
    small = load_scorer(tmp_path / "exported", engine="onnx", dtype="int8").score(PAIRS)
    assert np.abs(small - adapted).max() > 1e-6, "else it is not int8"
    assert spearmanr(small, adapted).statistic >= 0.99
