"""Two processes learn what one does: the same losses and weights, from scratch and from each other's checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tamis.score.load import EMBEDDED

from .conftest import case, losses

pytestmark = pytest.mark.slow  # a minute of processes that start

# No score, or no difference between scores, depends on these: their gradients are rounding, which Adam makes steps of.
IDLE = ("self.key.bias", "classifier.bias")
BI = {"base": "bi", "kind": "bi-encoder"}
LATE = {"base": str(EMBEDDED / "tamis-mini")}  # only a blend's weights learn: no layers to cut up
SOON = {
    "parts": {"measure": True},
    "bi": BI,
    "late": LATE,
    "odd": {"queries": 39},  # every other step has one list, so that one process has none of its own
}
LATER = {
    "whole": {"tokens": 5000},
    "bi-whole": BI | {"tokens": 5000},
    "frozen": {"tune": "head"},
    "lora": {"tune": "lora", "measure": True},
    "recomputed": {"recompute": True},
    "half": {"precision": "bfloat16", "measure": True},
}
STRATEGIES = ("ddp", "fsdp")


def compared(root: Path, ours: str, theirs: str) -> None:
    """The same twelve losses and weights, to 1e-5; to what rounding makes of it where products are in bfloat16."""
    tolerance = 1e-2 if ours.endswith("half") else 1e-5
    assert len(losses(root / ours)) == 12
    np.testing.assert_allclose(losses(root / ours), losses(root / theirs), rtol=0, atol=tolerance)
    weights, expected = (load_file(root / name / "weights.safetensors") for name in (ours, theirs))
    assert weights.keys() == expected.keys()
    moved = {n: np.abs(weights[n] - expected[n]).max() for n in expected if not n.endswith(IDLE)}
    assert {name: size for name, size in moved.items() if size > tolerance} == {}


@pytest.fixture(scope="module")
def soon(work) -> None:
    """In two processes, also a run that is stopped after five steps and gone on with; then in one."""
    for strategy in STRATEGIES:
        broken = [case(f"{strategy}-broken-{count}", measure=True, stop=5) for count in (1, 2)]
        again = case(f"{strategy}-broken-2", measure=True)
        work(2, *(case(f"{strategy}-{n}", **c) for n, c in SOON.items()), *broken, again, strategy=strategy)
    again = [case(f"{strategy}-broken-1", measure=True) for strategy in STRATEGIES]
    work(1, *(case(f"alone-{name}", **changes) for name, changes in SOON.items()), *again)


@pytest.fixture(scope="module")
def later(work) -> None:
    for strategy, count in (("alone", 1), ("ddp", 2), ("fsdp", 2)):
        cases = (case(f"{strategy}-{name}", **changes) for name, changes in LATER.items())
        work(count, *cases, strategy=strategy.replace("alone", "ddp"))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", SOON)
def test_two_processes_learn_what_one_does(root, soon, strategy, name):
    compared(root, f"{strategy}-{name}", f"alone-{name}")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("count", [2, 1])
def test_going_on_in_as_many_processes_or_in_one_changes_nothing(root, soon, strategy, count):
    compared(root, f"{strategy}-broken-{count}", "alone-parts")


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", LATER)
def test_two_processes_learn_what_one_does_however_it_is_tuned(root, later, strategy, name):
    compared(root, f"{strategy}-{name}", f"alone-{name}")
