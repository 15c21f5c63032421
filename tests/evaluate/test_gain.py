"""The 2x2: each difference of its two systems, the interaction by its definition, one family over all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.errors import InputError
from tamis.evaluate import Evaluation, P, gain, holm, mcnemar, nDCG, paired
from tamis.evaluate.gain import GAINS, MEASURES, SYSTEMS

MAIN = nDCG @ 10


def evaluation(values):
    column = np.asarray(values, dtype=np.float64)
    hits = (column > 0.5).astype(np.float64)
    return Evaluation(
        tuple(f"q{at}" for at in range(column.size)),
        {measure: hits if measure == P @ 1 else column for measure in MEASURES},
    )


def systems(columns):
    return {name: evaluation(column) for name, column in zip(SYSTEMS, columns, strict=True)}


@pytest.fixture(scope="module")
def four():
    rng = np.random.default_rng(0)
    base = rng.random(60) * 0.5
    rewritten, reranked = base + 0.1 * rng.random(60), base + 0.2 * rng.random(60)
    return systems([base, rewritten, reranked, np.minimum(rewritten + reranked - base + 0.1 * rng.random(60), 1)])


def test_each_gain_is_the_difference_of_its_systems(four):
    found = gain(four)
    for name, (one, two) in GAINS.items():
        assert found.test(name).paired == paired(four[one][MAIN], four[two][MAIN])
        assert found.test(name, "hit@1").paired == mcnemar(four[one][P @ 1], four[two][P @ 1])


@settings(max_examples=30)
@given(st.lists(st.tuples(*[st.floats(0, 1).map(lambda x: round(x, 3))] * 4), min_size=2, max_size=9))
def test_the_interaction_is_what_the_whole_has_beside_its_parts(rows):
    neither, rewrite, rerank, both = np.array(rows).T
    found = gain(systems([neither, rewrite, rerank, both]))
    value = found.test("interaction").paired
    parts = [found.test(name).paired.difference for name in ("both", "rewrite", "rerank")]
    assert value.difference == pytest.approx((both - rewrite - rerank + neither).mean(), abs=1e-12)
    assert value.difference == pytest.approx(parts[0] - parts[1] - parts[2], abs=1e-9)
    assert 0 < value.p_value <= 1
    # What rewriting changes about reranking is what reranking changes about rewriting.
    turned = gain(systems([neither, rerank, rewrite, both])).test("interaction").paired
    assert turned.difference == pytest.approx(value.difference, abs=1e-12)


def test_the_interaction_agrees_with_scipys_permutation_test(four):
    stats = pytest.importorskip("scipy.stats")
    columns = [four[name][MAIN] for name in ("both", "rerank", "rewrite", "neither")]
    one, two = columns[0] - columns[1], columns[2] - columns[3]
    theirs = stats.permutation_test(
        (one, two),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    )
    assert gain(four).test("interaction").paired.p_value == pytest.approx(theirs.pvalue, abs=0.02)


def test_slices_and_everything_else_are_one_family(four):
    masks = {("half", "a"): np.arange(60) < 30, ("half", "b"): np.arange(60) >= 30}
    found = gain(four, masks)
    assert len(found.tests) == 5 + 1 + 5 + 3 * 2
    assert [one.adjusted for one in found.tests] == pytest.approx(
        holm([o.paired.p_value for o in found.tests]).tolist()
    )
    of_part = found.test("rerank", kind="half", part="b").paired
    assert of_part == paired(four["rerank"][MAIN][30:], four["neither"][MAIN][30:])


def test_without_a_reranker_two_systems_are_compared(four):
    found = gain({name: four[name] for name in ("rewrite", "neither")})
    assert list(found.systems) == ["neither", "rewrite"]
    assert [(one.name, one.by) for one in found.tests] == [("rewrite", "ndcg@10"), ("rewrite", "hit@1")]


@pytest.mark.parametrize("names", [("neither",), ("neither", "rewrite", "both"), (*SYSTEMS, "oracle")])
def test_other_systems_are_refused(four, names):
    with pytest.raises(InputError, match="expected the systems neither, rewrite, rerank, both"):
        gain({name: four.get(name, four["both"]) for name in names})


def test_systems_on_other_queries_are_refused(four):
    with pytest.raises(InputError, match="not of the same queries"):
        gain({**four, "rewrite": evaluation(np.zeros(59))})


def test_a_comparison_that_was_not_made_is_an_error(four):
    with pytest.raises(InputError, match="no comparison 'magic'"):
        gain(four).test("magic")
