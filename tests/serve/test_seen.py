"""Numbers of decisions: by model and policy, and never a text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tamis.core import Candidate, Decision, Document, Query, Ranking
from tamis.serve.seen import Seen, histogram


def decision(scores, accepted, policy="", probabilities=None):
    candidates = tuple(Candidate(Document(f"secret-{at}", "secret"), s) for at, s in enumerate(scores))
    ranking = Ranking(Query("secret"), candidates)
    if probabilities is not None:
        ranking = ranking.calibrated(probabilities)
    out = tuple((c, "threshold: low") for c in ranking.items[accepted:])
    return Decision(ranking[:accepted], out, policy)


def test_numbers_by_model_and_policy():
    seen = Seen()
    seen.add(decision([3.0, 1.0, 0.0], 2, "p", [0.9, 0.5, 0.1]), "mini")
    seen.add(decision([0.5], 0, "p", [0.2]), "mini")
    seen.add(decision([2.0], 1), "mini")
    decided, plain = seen.described()
    assert (decided["decisions"], decided["accepted"], decided["candidates"], decided["empty"]) == (2, 2, 4, 1)
    assert np.isclose(decided["expected_precision"], 0.7) and decided["calibrated"]
    assert plain["expected_precision"] is None and not plain["calibrated"]
    assert "secret" not in repr([*seen]) + repr(seen.described())


def test_nothing_found_is_counted():
    seen = Seen()
    seen.add(decision([], 0), "mini")
    assert seen.described()[0]["empty"] == 1 and seen.described()[0]["best"] == ([], [])


def test_only_the_last_are_remembered():
    seen = Seen(most=3)
    for _ in range(5):
        seen.add(decision([1.0], 1), "mini")
    assert len(seen) == 3


@given(st.lists(st.floats(-50, 50), max_size=50))
def test_a_histogram_counts_every_value(values):
    edges, counts = histogram(values)
    assert sum(counts) == len(values)
    assert not values or (edges[0] <= min(values) and edges[-1] >= max(values) and len(edges) == len(counts) + 1)
