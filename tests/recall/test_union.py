"""Unions of lists: everything once, best first, and what each way to join them promises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.recall.union import Fused, Leading, Union

names = st.lists(st.text("abcdefghij", min_size=1, max_size=2), unique=True, max_size=15)
lists = st.lists(names, min_size=1, max_size=4)
leading = st.builds(Leading, st.integers(0, 6), st.integers(1, 4))
unions = leading | st.builds(Fused, st.floats(0, 1))


@given(unions, lists)
def test_everything_stands_once_best_first(union, lists):
    found = union.join(lists)
    assert isinstance(union, Union)
    assert sorted(name for name, _ in found) == sorted({name for own in lists for name in own})
    assert [(-score, name) for name, score in found] == sorted((-score, name) for name, score in found)


@given(unions, names)
def test_one_list_keeps_its_order(union, only):
    assert [name for name, _ in union.join([only])] == only
    assert [name for name, _ in union.join([only, only, []])] == only


@given(leading, lists)
def test_the_first_list_leads(union, lists):
    found = [name for name, _ in union.join(lists)]
    assert found[: min(union.head, len(lists[0]))] == lists[0][: union.head]
    for size in range(union.head, len(found)):  # of any beginning, the others have at most one place of so many
        others = [name for name in found[:size] if name not in lists[0]]
        places = (size - union.head) // union.every
        if len(lists[0]) >= size:
            assert len(others) <= places


@given(lists, st.integers(1, 15))
def test_fused_is_reciprocal_rank_fusion(lists, others):
    found = dict(Fused(1 / others).join(lists))
    for name, score in found.items():
        parts = [(1 if at == 0 else 1 / others) / (61 + own.index(name)) for at, own in enumerate(lists) if name in own]
        assert score == pytest.approx(sum(parts))


@pytest.mark.parametrize(
    ("make", "arguments"),
    [(Leading, (-1, 3)), (Leading, (0, 0)), (Fused, (-0.1,)), (Fused, (1.1,)), (Fused, (float("nan"),))],
)
def test_wrong_use_is_said(make, arguments):
    with pytest.raises(InputError, match=f"{make.__name__} needs"):
        make(*arguments)
