"""One raw logit a row, whatever a model's head gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import ModelError
from tamis.score.engine import raw

logits = st.floats(-1e4, 1e4, width=32)


@given(st.lists(logits, max_size=20))
def test_of_one_output_it_is_the_output(values):
    found = raw(np.array(values, dtype=np.float32).reshape(-1, 1))
    assert found.dtype == np.float64
    assert found.tolist() == [float(np.float32(v)) for v in values]


@given(st.lists(st.tuples(logits, logits), min_size=1, max_size=20))
def test_of_two_outputs_it_is_what_softmax_is_the_sigmoid_of(values):
    both = np.array(values, dtype=np.float32)
    found = raw(both)
    assert found.shape == (len(values),)
    wide = both.astype(np.float64)
    softmax = np.exp(wide[:, 1] - np.logaddexp(wide[:, 0], wide[:, 1]))
    np.testing.assert_allclose(np.exp(-np.logaddexp(0, -found)), softmax, rtol=1e-9, atol=1e-300)


def test_differences_are_taken_in_64_bits():
    """In 32 bits 4096.0001 - 4096 would be nothing or twice as much."""
    near = np.array([[4096.0, np.nextafter(np.float32(4096), np.float32(5000))]], dtype=np.float32)
    assert raw(near)[0] == float(near[0, 1]) - 4096.0 > 0


@pytest.mark.parametrize("outputs", [0, 3, 151_669])
def test_any_other_number_of_outputs_is_no_reranker(outputs):
    with pytest.raises(ModelError, match=f"expected a model with one or two labels, got {outputs}: it is no reranker"):
        raw(np.zeros((2, outputs), dtype=np.float32))
