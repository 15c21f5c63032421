"""Terms, meaning and topic read off token vectors, against the formulas written out."""

import math

import numpy as np
import pytest

from tamis.score.heads import GRAPH, TABLE, Heads

HIDDEN, DIMENSION, TERMS = 6, 4, 300
DRAW = np.random.default_rng(5)
TABLE_OF = DRAW.standard_normal((TERMS, DIMENSION)).astype(np.float32)
BIASES = DRAW.standard_normal(TERMS).astype(np.float32)
LAYER = DRAW.standard_normal((HIDDEN, DIMENSION)).astype(np.float32)
QUERY, DOCUMENT = (DRAW.standard_normal((tokens, HIDDEN)).astype(np.float32) for tokens in (3, 40))


@pytest.fixture
def folder(tmp_path):
    onnx = pytest.importorskip("onnx")
    kind, helper = onnx.TensorProto.FLOAT, onnx.helper
    made = helper.make_graph(
        [
            helper.make_node("MatMul", ["vectors", "layer"], ["states"]),
            helper.make_node("ReduceMean", ["vectors", "tokens"], ["mean"], keepdims=0),
            helper.make_node("LpNormalization", ["mean"], ["meaning"], axis=0),
            helper.make_node("Mul", ["mean", "mean"], ["square"]),
            helper.make_node("LpNormalization", ["square"], ["topic"], axis=0),
        ],
        "heads",
        [helper.make_tensor_value_info("vectors", kind, ["tokens", HIDDEN])],
        [
            helper.make_tensor_value_info("states", kind, ["tokens", DIMENSION]),
            helper.make_tensor_value_info("meaning", kind, [HIDDEN]),
            helper.make_tensor_value_info("topic", kind, [HIDDEN]),
        ],
        [onnx.numpy_helper.from_array(LAYER, "layer"), onnx.numpy_helper.from_array(np.array([0]), "tokens")],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), tmp_path / GRAPH)
    scales = np.abs(TABLE_OF).max(axis=1) / 127
    eighths = np.rint(TABLE_OF / scales[:, None]).astype(np.int8)
    np.savez(tmp_path / TABLE, vectors=eighths, scales=scales, biases=BIASES)
    return tmp_path


def about(vectors, table):
    """Weights of all terms, one by one."""
    return [
        math.log1p(max(0.0, *(float(table[term] @ (vector @ LAYER)) + float(BIASES[term]) for vector in vectors)))
        for term in range(TERMS)
    ]


@pytest.mark.parametrize("tokens", [1, 3, 600])
def test_terms_are_splades_and_vectors_meet_in_their_cosine(folder, tokens):
    """A long query meets the vocabulary block by block."""
    heads, query = Heads.load(folder), np.random.default_rng(tokens).standard_normal((tokens, HIDDEN), np.float32)
    with np.load(folder / TABLE) as stored:
        table = stored["vectors"] * stored["scales"].astype(np.float32)[:, None]
    wanted = np.array(about(query, table))
    sought = heads.sought(query)
    assert 0 < len(sought.weights) <= TERMS
    np.testing.assert_allclose(sought.weights, wanted[wanted > 0] / wanted.sum(), rtol=1e-4, atol=1e-6)
    terms, meaning, topic = sought.found_in(heads.sense(DOCUMENT))
    assert terms == pytest.approx(wanted @ about(DOCUMENT, table) / wanted.sum(), rel=1e-4)
    means = [vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0)) for vectors in (query, DOCUMENT)]
    assert meaning == pytest.approx(means[0] @ means[1], abs=1e-6)
    squares = [mean**2 / np.linalg.norm(mean**2) for mean in means]
    assert topic == pytest.approx(squares[0] @ squares[1], abs=1e-6)


def test_eight_bits_are_enough(folder):
    heads, wanted = Heads.load(folder), np.array(about(QUERY, TABLE_OF))
    terms, *_ = heads.sought(QUERY).found_in(heads.sense(DOCUMENT))
    assert terms == pytest.approx(wanted @ about(DOCUMENT, TABLE_OF) / wanted.sum(), rel=0.02)


def test_a_query_about_nothing_has_nothing_in_a_document(folder):
    with np.load(folder / TABLE) as stored:
        np.savez(folder / TABLE, **{**stored, "biases": np.full(TERMS, -99.0)})
    heads = Heads.load(folder)
    nothing = heads.sought(QUERY)
    assert len(nothing.weights) == 0
    assert nothing.found_in(heads.sense(DOCUMENT))[0] == 0


def test_a_document_counts_whatever_its_length(folder):
    heads = Heads.load(folder)
    sought, long = heads.sought(QUERY), np.tile(DOCUMENT, (50, 1))
    assert sought.found_in(heads.sense(long)) == pytest.approx(sought.found_in(heads.sense(DOCUMENT)), rel=1e-5)


def test_most_models_have_no_heads(tmp_path):
    assert Heads.load(tmp_path) is None
