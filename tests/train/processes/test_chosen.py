"""What is refused, and what one process answers to what training asks of all."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from tamis.data import Example  # noqa: E402
from tamis.errors import InputError, MissingExtraError, TamisError  # noqa: E402
from tamis.train.processes.base import Alone  # noqa: E402
from tamis.train.processes.chosen import STRATEGIES, processes, running, started  # noqa: E402
from tamis.train.processes.group import Group  # noqa: E402

LISTS = [Example(str(at), ("a", "b"), (1.0, 0.0)) for at in range(3)]


class Third(Group):
    """The third of four processes, without a group to talk in."""

    def __init__(self) -> None:
        self.rank, self.world, self._place, self._places = 2, 4, 2, 4


@pytest.mark.parametrize("strategy", ["fsdp", "zero2"])
def test_sharing_memory_with_nobody_is_refused(strategy, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(InputError, match=f"--strategy {strategy} shares memory .* give --nproc 2"):
        processes(strategy)


def test_an_unknown_strategy_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="strategy='ddb': expected ddp, fsdp, zero2"):
        processes("ddb")


def test_one_process_is_alone_and_errors_pass():
    assert not started()
    with running() as found:
        assert (found.name, found.rank, found.world) == ("alone", 0, 1)
    with pytest.raises(MissingExtraError), running():
        raise MissingExtraError("no torch")


def test_lists_are_shared_out_and_nobody_goes_without():
    third = Third()
    assert third.share(LISTS) == [LISTS[2]]
    assert third.share(LISTS[:2]) == [dataclasses.replace(LISTS[0], weights=(0.0, 0.0))]
    assert Alone().share(LISTS) == LISTS


@pytest.mark.parametrize("wanted", ["cuda:1", "mps"])
def test_a_device_that_cannot_be_shared_out_is_refused(wanted):
    with pytest.raises(InputError, match="4 processes need 4 CUDA devices of their own"):
        Third().device(wanted)
    assert Third().device("cpu").type == "cpu"


def test_strategies_have_their_words():
    from importlib import import_module

    for word, (module, kind) in STRATEGIES.items():
        assert getattr(import_module(f"tamis.train.processes.{module}"), kind).name == word


def test_errors_of_the_first_process_are_those_of_the_run():
    def fails() -> None:
        raise TamisError("the disk")

    with pytest.raises(TamisError, match="the disk"):
        Alone().first(fails)
