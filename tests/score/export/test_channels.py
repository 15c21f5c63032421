"""Channels evened out: exact products, and what is watched while a network runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tamis.score.export.channels import even, key, watched

sizes = arrays(np.float64, 6, elements=st.floats(0, 1e4))


@given(sizes, sizes)
def test_factors_keep_the_product_and_have_a_mean_of_one(reached, largest):
    divisors = even(reached, largest)
    assert (divisors > 0).all() and np.isfinite(divisors).all()
    assert np.log(divisors.astype(float)).mean() == pytest.approx(0, abs=1e-5)
    x, weights = np.linspace(-1, 1, 6), np.linspace(2, -3, 6)
    np.testing.assert_allclose((x / divisors) @ (weights * divisors), x @ weights, rtol=1e-9)


def test_channels_and_their_weights_meet_half_way():
    reached, largest = np.array([100.0, 1.0, 7.0]), np.array([1.0, 2.0, 0.1])
    divisors = even(reached, largest)
    ratio = (reached / divisors) / (largest * divisors)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)


def test_what_linear_layers_read_is_seen_and_nothing_is_left_behind():
    torch = pytest.importorskip("torch")
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    x = torch.tensor([[1.0, -5.0, 0.0], [2.0, 1.0, 0.5]])
    with watched(network) as reached, torch.inference_mode():
        network(x[:1])
        network(x[1:])
    first, second = (key(network[at].weight.detach().numpy()) for at in (0, 2))
    np.testing.assert_array_equal(reached[first], [2, 5, 0.5])
    assert reached[second].max() <= 1
    before = {name: value.copy() for name, value in reached.items()}
    network(100 * x)
    assert all((reached[name] == value).all() for name, value in before.items())
