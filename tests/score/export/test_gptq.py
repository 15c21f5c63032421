"""GPTQ through llmcompressor: for real where it is installed, and what is said where it cannot be."""

import json

import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import InputError, MissingExtraError, ModelError
from tamis.extras import available
from tamis.score.export.gptq import gptq

for package in ("torch", "transformers", "safetensors"):
    pytest.importorskip(package)

PAIRS = [(Query(f"what is number {at}?"), Document("d", f"number {at} is a sieve " * (1 + at % 5))) for at in range(40)]


@pytest.mark.parametrize("family", ["bert", "bi_bert"])
def test_only_models_that_answer_in_words(family, tiny_model, tmp_path):
    with pytest.raises(ModelError, match=r"for language models that answer in words.*--format onnx-int4"):
        gptq(tiny_model(family), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_what_is_there_already_is_left_alone(tmp_path):
    with pytest.raises(InputError, match="is there already"):
        gptq(tmp_path / "no-such-model", tmp_path)


@pytest.mark.skipif(available("llmcompressor"), reason="llmcompressor is installed here")
def test_without_its_extra_the_command_that_installs_it_is_told(tiny_model, tmp_path):
    with pytest.raises(MissingExtraError, match=r'environment of its own.*pip install "tamis\[gptq\]"'):
        gptq(tiny_model("qwen3"), tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(
    not available("llmcompressor"),
    reason='llmcompressor is not installed; in an environment of its own: pip install "tamis[gptq]"',
)
def test_a_tiny_qwen3_for_real(tiny_model, tmp_path):
    source = tiny_model("wide_qwen3")
    found = gptq(source, tmp_path / "made")
    assert found.parity.rank_correlation >= 0.97
    assert found.parity.largest_difference > 1e-3, "in four bits indeed"
    config = json.loads((tmp_path / "made" / "config.json").read_text())
    assert config["quantization_config"]["quant_method"] == "compressed-tensors"
    assert (tmp_path / "made" / "tokenizer.json").read_bytes() == (source / "tokenizer.json").read_bytes()
    with pytest.raises(ModelError, match="its weights are quantised"):
        load_scorer(tmp_path / "made")
    with pytest.raises(ModelError, match=r"cannot quantise it|rank correlation"):
        gptq(tiny_model("qwen3"), tmp_path / "narrow", PAIRS)  # its sides are no multiples of 128
    assert not (tmp_path / "narrow").exists()
