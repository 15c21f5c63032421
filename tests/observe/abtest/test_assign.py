"""Arms: the same unit in the same arm everywhere, shares kept, growth that moves nobody out."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate.tails import chi_square_above
from tamis.observe.abtest import Arms

UNITS = [f"user-{n}" for n in range(4000)]


def test_a_unit_gets_the_same_arm_in_another_process():
    program = (
        "from tamis.observe.abtest import Arms; arms = Arms('floor', {'a': .5, 'b': .3, 'c': .2}, 'x');"
        "print(''.join(arms.arm(f'user-{n}') for n in range(200)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    arms = Arms("floor", {"c": 0.2, "a": 0.5, "b": 0.3}, "x")  # nor does the order of the arms matter
    assert told.stdout.strip() == "".join(arms.arm(unit) for unit in UNITS[:200])


def test_arms_are_as_they_were_when_this_was_written():
    arms = Arms("floor-7", {"active": 0.5, "canary": 0.5}, "salt")
    assert (
        "".join(arms.arm(name)[0] for name in ("ann", "bo", "cem", "dee", "eve", "数", "\ud800", "r-1")) == "cccaaaca"
    )


@settings(max_examples=30)
@given(
    first=st.floats(0.01, 0.9),
    growth=st.floats(1.0, 5.0),
    third=st.floats(0.0, 0.5),
)
def test_a_share_that_grows_keeps_all_its_units(first, growth, third):
    rest = (1 - first) * (1 - third)
    before = Arms("x", {"active": rest, "canary": first, "other": 1 - first - rest})
    after = before.grown("canary", min(1.0, first * growth))
    for unit in UNITS[:300]:
        was, now = before.arm(unit), after.arm(unit)
        assert now in (was, "canary")  # nobody leaves the canary, nobody moves between the others


@pytest.mark.parametrize("shares", [{"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.1}, {"a": 0.6, "b": 0.25, "c": 0.15}])
def test_shares_are_kept(shares):
    arms = [Arms("shares", shares).arm(unit) for unit in UNITS]
    distance = sum((arms.count(a) - s * len(UNITS)) ** 2 / (s * len(UNITS)) for a, s in shares.items())
    assert chi_square_above(distance, len(shares) - 1) > 0.001


def test_experiments_and_salts_draw_independently():
    half = {"a": 0.5, "b": 0.5}
    one = [Arms("one", half).arm(u) for u in UNITS]
    for other in (Arms("two", half), Arms("one", half, "salt"), Arms("on", half, "e")):
        same = sum(other.arm(u) == arm for u, arm in zip(UNITS, one, strict=True))
        assert abs(same - 2000) < 4 * 32


def test_an_arm_without_a_share_gets_nobody_and_one_with_all_gets_everybody():
    arms = Arms("x", {"active": 1.0, "canary": 0.0})
    assert {arms.arm(unit) for unit in UNITS[:500]} == {"active"}


@pytest.mark.parametrize(
    "arguments", [("", {"a": 1.0}), ("x", {}), ("x", {"a": 0.5}), ("x", {"a": 1.5, "b": -0.5}), ("x", {"": 1.0})]
)
def test_shares_that_are_no_distribution_are_refused(arguments):
    with pytest.raises(InputError):
        Arms(*arguments)


def test_a_unit_without_a_name_and_growth_from_nothing_are_refused():
    with pytest.raises(InputError, match="needs a name"):
        Arms("x", {"a": 1.0}).arm("")
    with pytest.raises(InputError, match="no arm has the name 'c'"):
        Arms("x", {"a": 1.0}).grown("c", 0.5)
    with pytest.raises(InputError, match="no share to divide"):
        Arms("x", {"a": 1.0, "b": 0.0}).grown("a", 0.5)
