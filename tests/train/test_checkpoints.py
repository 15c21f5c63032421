"""Checkpoints: whole or not at all, the last few and the best; one of another run or network is refused."""

from __future__ import annotations

import json
import resource
from contextlib import contextmanager

import pytest
import torch

from tamis.errors import InputError, StorageError
from tamis.train.checkpoints import Checkpoints, load_trainable
from tamis.train.optimiser import optimiser
from tamis.train.options import Learning
from tamis.train.processes.base import Alone

ALONE = Alone()


class Network(torch.nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.head = torch.nn.Linear(width, 2)
        self.frozen = torch.nn.Linear(3, 3).requires_grad_(False)


def made(width=4):
    torch.manual_seed(0)
    network = Network(width)
    return network, optimiser(network, (), Learning(), 1e-2)


def step(network, learner):
    learner.zero_grad()
    network.head(torch.ones(1, 4)).square().sum().backward()
    learner.step()


def numbers(network):
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


def test_going_on_is_as_never_having_stopped(tmp_path):
    network, learner = made()
    step(network, learner)
    Checkpoints(tmp_path, {"data": "a"}).save(1, network, learner, {"best": 0.5}, ALONE)
    step(network, learner)
    other, again = made()
    state = Checkpoints(tmp_path, {"data": "a"}).restore(other, again, ALONE)
    assert (state["step"], state["best"]) == (1, 0.5)
    step(other, again)
    assert torch.equal(numbers(other), numbers(network))


def test_nothing_to_restore(tmp_path):
    assert Checkpoints(tmp_path / "none", {}).restore(*made(), ALONE) == {}


def test_the_oldest_are_dropped_and_the_best_is_kept(tmp_path):
    network, learner = made()
    checkpoints = Checkpoints(tmp_path, {}, keep=2)
    assert checkpoints.best is None
    for at in (1, 2, 3, 12):
        step(network, learner)
        if at in (1, 2):
            checkpoints.save_best(at, network, ALONE)
            best = numbers(network)
        checkpoints.save(at, network, learner, {}, ALONE)
    assert checkpoints.steps() == [3, 12]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-00000002", "step-00000003", "step-00000012"]
    load_trainable(network, checkpoints.best, ALONE)
    assert torch.equal(numbers(network), best)


def test_what_is_frozen_is_not_written(tmp_path):
    from safetensors.torch import load_file

    Checkpoints(tmp_path, {}).save(1, *made(), {}, ALONE)
    assert set(load_file(tmp_path / "step-00000001/trained.safetensors")) == {"head.weight", "head.bias"}


@pytest.mark.parametrize("changed", [{"data": "b"}, {"options": {"seed": 2}}, {"data": "b", "options": {"seed": 3}}])
def test_a_checkpoint_of_another_run(changed, tmp_path):
    run = {"data": "a", "options": {"seed": 1}}
    Checkpoints(tmp_path, run).save(1, *made(), {}, ALONE)
    with pytest.raises(InputError, match=f"of a run with other {', '.join(changed)}: go on with the same, or train"):
        Checkpoints(tmp_path, run | changed).restore(*made(), ALONE)


def test_numbers_of_another_network(tmp_path):
    network, learner = made()
    Checkpoints(tmp_path, {}).save(1, network, learner, {}, ALONE)
    network.frozen.requires_grad_(True)
    with pytest.raises(InputError, match="of another network, or of another tuning"):
        Checkpoints(tmp_path, {}).restore(network, learner, ALONE)


def test_what_a_killed_process_was_writing_is_cleared_away(tmp_path):
    torn = tmp_path / ".new-abc" / "step-00000009"
    torn.mkdir(parents=True)
    (torn / "trained.safetensors").write_bytes(b"half")
    Checkpoints(tmp_path, {}).save(1, *made(), {}, ALONE)
    state = Checkpoints(tmp_path, {}).restore(*made(), ALONE)
    assert state["step"] == 1 and not torn.exists()


@contextmanager
def full_disk(most):
    """No file grows beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more_leaves_the_last_checkpoint_whole(tmp_path):
    network, learner = made(20_000)
    checkpoints = Checkpoints(tmp_path, {})
    checkpoints.save(1, network, learner, {}, ALONE)
    checkpoints.save_best(1, network, ALONE)
    for save in (
        lambda: checkpoints.save(2, network, learner, {}, ALONE),
        lambda: checkpoints.save_best(2, network, ALONE),
    ):
        with full_disk(50_000), pytest.raises(StorageError, match="a checkpoint was not written") as caught:
            save()
        assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-00000001", "step-00000001"]
    assert Checkpoints(tmp_path, {}).restore(*made(20_000), ALONE)["step"] == 1


def test_the_state_is_json(tmp_path):
    Checkpoints(tmp_path, {"base": "x"}).save(3, *made(), {"best": None}, ALONE)
    found = json.loads((tmp_path / "step-00000003/state.json").read_text("utf-8"))
    assert found == {"step": 3, "best": None, "run": {"base": "x"}}
