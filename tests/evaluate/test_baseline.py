"""The closed forms of random order against every order, counted, and against seeded shuffles."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate import AP, RR, P, R, evaluate, nDCG, random_order

MEASURES = [nDCG, AP, RR, R, *(m @ k for m in (nDCG, AP, RR, P, R) for k in (1, 3, 10))]
IDS = ["a", "b", "c", "d", "e", "f"]


@settings(max_examples=60)
@given(
    candidates=st.lists(st.sampled_from(IDS), unique=True, max_size=5),
    grades=st.dictionaries(st.sampled_from(IDS), st.integers(-1, 3), min_size=1),
)
def test_equals_the_mean_over_all_orders(candidates, grades):
    orders = [{d: -at for at, d in enumerate(order)} for order in permutations(candidates)]
    names = [f"q{at}" for at in range(len(orders))]
    every = evaluate(dict(zip(names, orders, strict=True)), dict.fromkeys(names, grades), MEASURES)
    assert random_order({"q": candidates}, {"q": grades}, MEASURES).means == pytest.approx(every.means, abs=1e-12)


def test_agrees_with_shuffles_of_a_long_list():
    rng = np.random.default_rng(7)
    docs = [f"d{at}" for at in range(80)]
    grades = {doc: int(grade) for doc, grade in zip(docs, rng.integers(0, 3, 80), strict=True) if rng.random() < 0.3}
    grades["elsewhere"] = 3
    runs = {f"q{at}": dict(zip(docs, rng.permutation(80).tolist(), strict=True)) for at in range(3000)}
    shuffled = evaluate(runs, dict.fromkeys(runs, grades), MEASURES)
    exact = random_order({"q": docs}, {"q": grades}, MEASURES)
    for asked in MEASURES:
        error = shuffled[asked].std() / np.sqrt(3000)
        assert abs(exact[asked][0] - shuffled[asked].mean()) < 5 * error + 1e-12, str(asked)


def test_a_run_serves_as_candidates_and_missing_queries_are_named():
    found = random_order({"q": {"a": 1.0, "b": 2.0}}, {"q": {"a": 1}, "z": {"a": 1}}, [RR])
    assert found[RR].tolist() == [0.75, 0.0]
    assert found.missing == ("z",)


def test_a_candidate_named_twice_stands_once():
    assert random_order({"q": ["a", "b", "b"]}, {"q": {"a": 1}}, [P @ 1]).means == {"p@1": 0.5}


def test_nothing_judged_is_refused():
    with pytest.raises(InputError, match="no judged query"):
        random_order({"q": ["a"]}, {})
