"""Graphs: the usual inputs, the source's scores, and padding that counts for nothing wherever it stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tamis import load_scorer
from tamis.score.folder import ModelFolder
from tamis.score.load_cross import Options, load_cross

pytest.importorskip("onnx")

QUICK = ("wide_bert", "qwen3", "ettin")
SLOW = (
    "bert",
    "modernbert",
    "modernbert_cls",
    "xlm_roberta",
    "roberta",
    "electra",
    "deberta",
    "gemma",
    "mxbai_v2",
    "qwen3_sentence_transformers",
)
EVERY = [*QUICK, *(pytest.param(family, marks=pytest.mark.slow) for family in SLOW)]


@pytest.fixture(params=EVERY)
def family(request) -> str:
    return request.param


def plainly(path: Path) -> onnxruntime.InferenceSession:
    """A session as anybody would open it."""
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def feeds(encoded, pad_id: int, left: bool = False):
    """Ids, mask and types of encoded pairs, padded by hand."""
    width = max(len(e.ids) for e in encoded)
    made = {name: np.zeros((len(encoded), width), np.int64) for name in ("attention_mask", "token_type_ids")}
    made["input_ids"] = np.full((len(encoded), width), pad_id, np.int64)
    for row, e in enumerate(encoded):
        start = width - len(e.ids) if left else 0
        there = slice(start, start + len(e.ids))
        made["input_ids"][row, there] = e.ids
        made["attention_mask"][row, there] = 1
        made["token_type_ids"][row, there] = np.arange(len(e.ids)) >= e.second
    return made


def test_a_graph_gives_the_scores_of_its_source(family, tiny_model, exported, pairs_in_many_languages):
    source = load_scorer(tiny_model(family), engine="torch").score(pairs_in_many_languages)
    graph = load_scorer(exported(family), engine="onnx", dtype="float32").score(pairs_in_many_languages)
    np.testing.assert_allclose(graph, source, atol=1e-5, rtol=1e-5)


def test_the_inputs_are_the_usual_ones_and_the_output_is_logits(family, exported):
    session = plainly(exported(family) / "model.onnx")
    assert [node.name for node in session.get_inputs()] == ["input_ids", "attention_mask", "token_type_ids"]
    assert [node.name for node in session.get_outputs()] == ["logits"]
    for node in session.get_inputs():
        assert node.type == "tensor(int64)"
        assert len(node.shape) == 2 and not any(isinstance(size, int) for size in node.shape), "batch, length are free"


@pytest.mark.parametrize(("left", "pad_id"), [(False, 0), (False, 7), (True, 0), (True, 7)])
def test_padding_on_either_side_with_any_id_changes_nothing(
    family, left, pad_id, tiny_model, exported, pairs_in_many_languages
):
    """Run by onnxruntime alone, as code that knows nothing of tamis would."""
    pairs = pairs_in_many_languages[:24]
    encoded = load_cross(ModelFolder(exported(family)), Options("onnx")).template.encode(pairs)
    logits = plainly(exported(family) / "model.onnx").run(None, feeds(encoded, pad_id, left))[0]
    found = logits[:, -1] - (logits[:, 0] if logits.shape[1] == 2 else 0)
    np.testing.assert_allclose(
        found, load_scorer(tiny_model(family), engine="torch").score(pairs), atol=1e-5, rtol=1e-5
    )


def test_one_pair_and_one_length_are_batches_like_any_other(exported, pairs_in_many_languages):
    """Sizes of 1, which exporters like to take for constants."""
    scorer = load_cross(ModelFolder(exported("wide_bert")), Options("onnx"))
    session = plainly(exported("wide_bert") / "model.onnx")
    encoded = scorer.template.encode(pairs_in_many_languages[:3])
    together = session.run(None, feeds(encoded, 0))[0]
    for row, one in enumerate(encoded):
        np.testing.assert_allclose(session.run(None, feeds([one], 0))[0], together[row : row + 1], atol=1e-5)
    same = [encoded[0], encoded[0]]
    np.testing.assert_allclose(session.run(None, feeds(same, 0))[0], together[[0, 0]], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "modernbert_cls", "deberta", "qwen3"])
def test_tracing_says_nothing(family, tiny_model, capfd):
    """The exporter's own talk is none of the user's business; a graph dumped on the screen is a bug here."""
    from tamis.score.export.graph import traced

    source = load_cross(ModelFolder(tiny_model(family)), Options("torch"))
    capfd.readouterr()
    traced(source.engine.network, 1000)
    assert capfd.readouterr() == ("", "")
