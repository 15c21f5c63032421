"""Venn-Abers against two isotonic regressions a score, and against the package of that name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from tamis.calibrate import VennAbers
from tamis.calibrate.maps.base import evidence
from tamis.errors import InputError

from .. import worlds

PAIRS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 1), st.sampled_from([0.5, 1.0, 4.0])), min_size=2, max_size=20
).filter(lambda rows: len({label for _, label, _ in rows}) == 2)
GRID = np.arange(-1, 8, 0.5)


def refitted(scores, labels, weights, score, label):
    """The isotonic regression's value of one pair more."""
    whole = IsotonicRegression().fit(np.append(scores, score), np.append(labels, label), np.append(weights, 1.0))
    return whole.predict([score])[0]


@settings(max_examples=25)
@given(PAIRS)
def test_ends_are_those_of_a_regression_with_the_score_added(rows):
    scores, labels, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    low, high = VennAbers().fit(scores, labels, None, weights).interval(GRID)
    counts = evidence(weights)
    np.testing.assert_allclose(low, [refitted(scores, labels, counts, score, 0) for score in GRID], atol=1e-12)
    np.testing.assert_allclose(high, [refitted(scores, labels, counts, score, 1) for score in GRID], atol=1e-12)


def test_agrees_with_the_package_of_that_name():
    package = pytest.importorskip("venn_abers", reason="the reference is not installed")
    drawn, grid = worlds.independent(400, 0), np.linspace(-8, 9, 301)
    scores = np.round(drawn.scores, 1)  # ties
    theirs = package.VennAbers()
    theirs.fit(np.column_stack([-scores, scores]), drawn.labels)
    merged, ends = theirs.predict_proba(np.column_stack([-grid, grid]))
    ours = VennAbers().fit(scores, drawn.labels)
    low, high = ours.interval(grid)
    np.testing.assert_allclose(low, ends[:, 0], atol=1e-9)
    np.testing.assert_allclose(high, ends[:, 1], atol=1e-9)
    np.testing.assert_allclose(ours(grid), merged[:, 1], atol=1e-9)


def test_intervals_are_wide_where_little_is_known_and_hold_the_probability():
    drawn = worlds.independent(2000, 0)
    found = VennAbers().fit(drawn.scores, drawn.labels)
    low, high = found.interval(np.sort(drawn.scores))
    assert (low <= found(np.sort(drawn.scores))).all() and (found(np.sort(drawn.scores)) <= high).all()
    assert (np.diff(low) >= 0).all() and (np.diff(high) >= 0).all()
    few = VennAbers().fit(drawn.scores[:50], drawn.labels[:50]).interval(drawn.scores)
    assert (few[1] - few[0]).mean() > 5 * (high - low).mean()


def test_ends_that_cross_are_not_read():
    with pytest.raises(InputError, match="lower ends may not lie above upper ends"):
        VennAbers.from_parameters({"scores": [0.0], "lower": [0.5, 0.6], "upper": [0.4, 1.0]})
    with pytest.raises(InputError, match="expected 2 lower and upper ends, got 1 and 2"):
        VennAbers.from_parameters({"scores": [0.0], "lower": [0.5], "upper": [0.4, 1.0]})
    with pytest.raises(InputError, match="may not fall"):
        VennAbers.from_parameters({"scores": [0.0], "lower": [0.5, 0.1], "upper": [0.6, 1.0]})
