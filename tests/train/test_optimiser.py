"""Rates: who learns how fast, who decays, and how rates rise and fall."""

from __future__ import annotations

import pytest
import torch

from tamis.errors import InputError
from tamis.train.optimiser import optimiser, share_of_rate
from tamis.train.options import Learning


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.LayerNorm(3))
        self.head = torch.nn.Linear(3, 1)


def rates(new=(), **learning):
    network = Network()
    learner = optimiser(network, new, Learning(**learning), 1e-3)
    names = {parameter: name for name, parameter in network.named_parameters()}
    return {names[p]: (group["lr"], group["weight_decay"]) for group in learner.param_groups for p in group["params"]}


def test_matrices_decay_and_others_do_not():
    found = rates(decay=0.1)
    assert found == {name: (1e-3, 0.1 if name in ("body.0.weight", "head.weight") else 0.0) for name in found}
    assert len(found) == 6


def test_new_parameters_learn_faster():
    found = rates(new=("head.weight", "head.bias"))
    assert found["head.weight"][0] == found["head.bias"][0] == 2e-2 and found["body.0.weight"][0] == 4e-3
    assert rates(new=("head.weight",), rate=1e-4, head_rate=7e-4)["head.weight"][0] == 7e-4
    assert rates(rate=1e-4)["body.0.weight"][0] == 1e-4


def test_frozen_parameters_are_left_out():
    network = Network().requires_grad_(False)
    with pytest.raises(InputError, match="nothing is left to learn"):
        optimiser(network, (), Learning(), 1e-3)
    network.head.requires_grad_(True)
    assert len([p for g in optimiser(network, (), Learning(), 1e-3).param_groups for p in g["params"]]) == 2


@pytest.mark.parametrize("falling", ["linear", "cosine", "constant"])
@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.0), (1, 1.0), (10, 0.0), (10, 0.3), (7, 1.0), (100, 0.1)])
def test_rates_rise_then_fall(falling, steps, warmup):
    shares = [share_of_rate(step, steps, warmup, falling) for step in range(steps)]
    assert all(0 < share <= 1 for share in shares), "no step is for nothing"
    assert max(shares) == pytest.approx(1)
    top = shares.index(max(shares))
    assert shares[: top + 1] == sorted(shares[: top + 1])
    assert shares[top:] == sorted(shares[top:], reverse=True)
    assert top <= max(0, round(warmup * steps) + 1)
