"""Tables of word vectors beside the numbers they were made of."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.errors import ModelError
from tamis.score.words import Nibbles, Whole, words_of


def test_four_bits_are_unpacked_block_by_block(tmp_path):
    draw = np.random.default_rng(0)
    integers, scales = draw.integers(-8, 8, (5, 64)), draw.random((5, 2)).astype(np.float32)
    nibbles = (integers & 15).astype(np.uint8)
    (tmp_path / "w").write_bytes((nibbles[:, 0::2] | nibbles[:, 1::2] << 4).tobytes() + scales.tobytes())
    ids = np.array([4, 0, 4, 2])
    wanted = (integers * scales.repeat(32, axis=1)).astype(np.float32)[ids]
    np.testing.assert_array_equal(Nibbles(tmp_path / "w", 5, 64)(ids), wanted)


def test_a_table_of_its_own_is_read_as_it_is(tmp_path):
    rows = np.random.default_rng(1).random((5, 8)).astype(np.float32)
    (tmp_path / "w").write_bytes(rows.tobytes())
    np.testing.assert_array_equal(words_of(tmp_path, "w", 5, 8)(np.array([3, 3, 1])), rows[[3, 3, 1]])


def test_the_table_that_ships_is_the_one_training_begins_with():
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from tamis.score.load import EMBEDDED
    from tamis.train.bases.embedded import Graph, _graph

    graph = _graph(EMBEDDED / "e5-small/model.onnx")
    assert isinstance(graph, Graph)
    table = torch.from_numpy(graph.tensors()["embeddings.word_embeddings.weight"])
    ids = np.array([0, 5, 77_777, len(table) - 1])
    np.testing.assert_array_equal(words_of(EMBEDDED, "e5-small", *table.shape)(ids), table[ids].numpy())


def test_another_size_is_refused_with_both_numbers(tmp_path):
    (tmp_path / "w").write_bytes(b"abc")
    with pytest.raises(ModelError, match="5 x 8 in fp32, 160 bytes, got one of 3 bytes"):
        Whole(tmp_path / "w", 5, 8)
    with pytest.raises(ModelError, match="got no file"):
        words_of(tmp_path, "none", 5, 8)
