"""Bi-encoders as ONNX folders: their source's vectors without PyTorch, in every format."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tamis import load_encoder, load_scorer
from tamis.errors import InputError
from tamis.score.export import export, rank_correlation

from ..texts import pairs

onnx = pytest.importorskip("onnx")
pytest.importorskip("torch")

TEXTS = [text for query, document in pairs()[:60] for text in (query.text, document.text)]
DTYPES = ("float32", "int8", "int4")


def cosines(encoder):
    return (encoder.encode(TEXTS[::2], "query") @ encoder.encode(TEXTS[1::2], "document").T).ravel()


def test_vectors_are_those_of_the_source(tiny_model, exported_bi):
    source, graph = load_encoder(tiny_model("wide_bi_bert")), load_encoder(exported_bi)
    for kind in ("query", "document"):
        np.testing.assert_allclose(graph.encode(TEXTS, kind), source.encode(TEXTS, kind), atol=1e-5)
    assert graph.dimension == source.dimension == 64
    assert graph.fingerprint.endswith(":float32") and graph.fingerprint != source.fingerprint


@pytest.mark.parametrize(("dtype", "least"), [("int8", 0.99), ("int4", 0.95)])
def test_few_bits_rank_alike(dtype, least, tiny_model, exported_bi):
    expected = cosines(load_encoder(tiny_model("wide_bi_bert")))
    few = load_encoder(exported_bi, dtype=dtype)
    assert few.fingerprint.endswith(f":{dtype}")
    found = cosines(few)
    assert rank_correlation(expected, found) > least
    assert np.abs(expected - found).max() > 1e-4, "in few bits indeed"


@pytest.mark.parametrize("dtype", DTYPES)
def test_companions_change_no_vector(dtype, exported_bi):
    encoder = load_encoder(exported_bi, dtype=dtype)
    together = encoder.encode(TEXTS, "document")
    alone = np.concatenate([encoder.encode([text], "document") for text in TEXTS[:40]])
    np.testing.assert_allclose(together[:40], alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_the_report_says_how_near_each_is(exported_bi):
    rows = json.loads((exported_bi / "tamis_export.json").read_text())["graphs"]
    assert list(rows) == ["model.onnx", "model_int8.onnx", "model_int4.onnx"]
    assert rows["model.onnx"]["largest_difference"] < 1e-5
    assert 0.99 <= rows["model_int8.onnx"]["rank_correlation"] < 1
    assert 0.97 <= rows["model_int4.onnx"]["rank_correlation"] < 1
    assert rows["model_int8.onnx"]["megabytes"] < 0.4 * rows["model.onnx"]["megabytes"]
    sizes = [(exported_bi / name).stat().st_size for name in rows]
    assert sizes == sorted(sizes, reverse=True)


ALONE = """
import sys
for package in ("torch", "transformers", "onnx", "safetensors"):
    sys.modules[package] = None
from tamis import Index, load_encoder
import numpy as np
np.save(sys.argv[2], load_encoder(sys.argv[1]).encode(["a sieve", "筛子"], "query"))
index = Index.build([{"id": "a", "text": "a sieve"}, {"id": "b", "text": "rain"}], encoder=sys.argv[1])
print([c.doc.id for c in index.search("passage", mode="dense")])
"""


def test_without_pytorch_it_encodes_and_makes_an_index(exported_bi, tmp_path):
    command = [sys.executable, "-c", ALONE, str(exported_bi), str(tmp_path / "v.npy")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(done.stdout.strip()) == sorted("['a', 'b']")
    expected = load_encoder(exported_bi).encode(["a sieve", "筛子"], "query")
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), expected, atol=1e-6)


def test_as_a_scorer_it_is_the_cosine(exported_bi, tiny_model):
    made, source = load_scorer(exported_bi), load_scorer(tiny_model("wide_bi_bert"))
    np.testing.assert_allclose(made.score(pairs()[:20]), source.score(pairs()[:20]), atol=1e-5)


def test_another_device_is_refused(exported_bi):
    with pytest.raises(InputError, match="an ONNX graph can only take 'auto', 'cpu'"):
        load_encoder(exported_bi, engine="onnx", device="cuda")


@pytest.mark.slow
@pytest.mark.parametrize(
    "family",
    ["bi_bert", "bi_bert_plain", "bi_roberta", "bi_modernbert", "bi_modernbert_last", "bi_qwen3", "bi_electra"],
)
def test_every_body_and_pooling(family, tiny_model, tmp_path):
    made = tmp_path / family
    export(tiny_model(family), made, ("onnx",))
    expected = load_encoder(tiny_model(family)).encode(TEXTS, "query")
    np.testing.assert_allclose(load_encoder(made).encode(TEXTS, "query"), expected, atol=1e-5)
