"""McNemar's exact test against scipy's binomial test and the figures of the founding claim."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate import mcnemar, paired


def hits(won, lost, both=0, neither=0):
    return [1] * won + [0] * lost + [1] * both + [0] * neither, [0] * won + [1] * lost + [1] * both + [0] * neither


@given(st.integers(0, 400), st.integers(0, 400))
def test_p_is_that_of_a_fair_coin(won, lost):
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(won, won + lost, 0.5).pvalue if won + lost else 1.0
    assert mcnemar(*hits(won, lost, 1)).p_value == pytest.approx(expected, rel=1e-9)


@settings(max_examples=40)
@given(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5))
def test_few_queries_get_the_randomisation_tests_p(won, lost, both):
    """On hits and misses the two tests are one."""
    one, two = hits(won, lost, both)
    assert mcnemar(one, two).p_value == pytest.approx(paired(one, two, rounds=50).p_value, abs=1e-12)
    assert mcnemar(two, one).p_value == mcnemar(one, two).p_value


@pytest.mark.parametrize(("won", "lost", "p"), [(8, 0, 0.008), (10, 2, 0.039), (11, 3, 0.057)])
def test_nineteen_to_twenty_seven_of_thirty_may_or_may_not_be_a_difference(won, lost, p):
    found = mcnemar(*hits(won, lost, 27 - won, 30 - 27 - lost))
    assert found.queries == 30 and found.difference == pytest.approx(8 / 30)
    assert (found.wins, found.losses) == (won, lost)
    assert round(found.p_value, 3) == p


def test_other_values_than_hits_are_refused():
    with pytest.raises(InputError, match="must be 0 or 1"):
        mcnemar([0.5, 1.0], [0.0, 1.0])
