"""A promised precision: issued where it is shown, refused with a reason where it is not, and never taken on trust."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.risk_control import BinaryClassificationController
from scipy.special import expit, logit

from tamis.calibrate import Labelled
from tamis.decide import Issued, PrecisionAtLeast, Refused, certify
from tamis.decide.certificates.walk import Descent
from tamis.errors import InputError, NotCertifiedError

from ...calibrate import worlds
from ..trials import LEAST, TARGET


def of(world, **more):
    return Labelled.of(world.scores, world.labels, world.groups, **more)


def queries(count, documents, right, seed=0):
    """Lists of which some documents, with the best scores, are relevant."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(documents) < right, (count, 1))
    return (rng.random((count, documents)) + 5 * labels).ravel(), labels.ravel(), np.repeat(np.arange(count), documents)


def test_a_threshold_accepts_what_was_counted():
    data = of(worlds.clustered(300, 0, 1.0))
    found = certify(data, TARGET)
    accepted = data.scores >= found.threshold
    assert (found.accepted, found.queries) == (accepted.sum(), 300)
    assert found.measured == pytest.approx(data.labels[accepted].mean()) and found.measured > LEAST
    assert (found.bound, found.confidence, found.promise) == (LEAST, 0.95, TARGET.promise)
    assert found.design_effect > 1
    assert found.as_json()["threshold"] == found.threshold


@settings(max_examples=25)
@given(st.integers(0, 500), st.booleans())
def test_the_order_of_the_pairs_does_not_matter(seed, grouped):
    world = worlds.clustered(120, seed, 1.0)
    order = np.random.default_rng(seed).permutation(len(world.scores))
    groups = world.groups if grouped else None
    one = certify(Labelled.of(world.scores, world.labels, groups), TARGET)
    other = certify(
        Labelled.of(world.scores[order], world.labels[order], None if groups is None else groups[order]), TARGET
    )
    assert one.issued == other.issued
    if isinstance(one, Issued):
        assert one.threshold == other.threshold
    else:
        assert (one.labels_needed, one.accepted) == (other.labels_needed, other.accepted)


@settings(max_examples=40)
@given(st.integers(0, 2000), st.integers(0, 299), st.booleans())
def test_one_more_correct_pair_never_costs_what_was_shown(seed, at, strict):
    world = worlds.independent(500 if not strict else 2000, seed)
    wrong = np.flatnonzero(world.labels == 0)
    righter = world.labels.copy()
    righter[wrong[at]] = 1
    before = certify(Labelled.of(world.scores, world.labels), TARGET, strict=strict)
    after = certify(Labelled.of(world.scores, righter), TARGET, strict=strict)
    if isinstance(before, Issued):
        assert after.issued and after.threshold <= before.threshold


def test_ties_are_taken_or_refused_as_one():
    scores = np.repeat([3.0, 2.0, 1.0], 100)
    labels = np.concatenate([np.ones(100), np.ones(100), np.zeros(100)])
    found = certify(Labelled.of(scores, labels), TARGET)
    assert found.accepted in (100, 200) and 1 < found.threshold <= 3
    mixed = np.concatenate([np.arange(100) % 2, np.ones(100), np.zeros(100)])
    assert not certify(Labelled.of(scores, mixed), TARGET).issued, "half of the best block is wrong"
    flat = certify(Labelled.of(np.ones(1000), np.arange(1000) % 50 > 0), TARGET)
    assert not flat.issued, "one score for all tells nothing apart"


def test_all_relevant_is_issued_when_there_are_enough():
    assert certify(Labelled.of(np.arange(37.0), np.ones(37)), TARGET).accepted == 36
    found = certify(Labelled.of(np.arange(36.0), np.ones(36)), TARGET)
    assert isinstance(found, Refused) and found.labels_needed >= 36 and found.accepted == 36
    assert "36 labelled pairs do not show it" in found.reason
    assert certify(Labelled.of(*queries(100, 5, 5)), TARGET).issued


def test_all_irrelevant_is_refused_and_more_labels_are_not_asked_for():
    for data in (Labelled.of(np.arange(500.0), np.zeros(500)), Labelled.of(*queries(100, 5, 0))):
        found = certify(data, TARGET)
        assert isinstance(found, Refused)
        assert "out of this scorer's reach, whatever the number of labels" in found.reason
        assert found.nearest_achievable == ()
        with pytest.raises(NotCertifiedError, match="out of this scorer's reach"):
            _ = found.threshold


def test_a_scorer_that_knows_nothing_is_refused():
    rng = np.random.default_rng(0)
    found = certify(Labelled.of(rng.normal(size=2000), rng.random(2000) < 0.3), TARGET)
    assert isinstance(found, Refused) and "reach" in found.reason
    assert all(least <= 0.3 for least, _ in found.nearest_achievable)


@pytest.mark.parametrize(("count", "short"), [(1, 49), (10, 40), (49, 1)])
def test_too_few_queries_are_refused_with_how_many_more(count, short):
    found = certify(Labelled.of(*queries(count, 20, 20)), TARGET)
    assert isinstance(found, Refused) and f"{short} more" in found.reason
    assert found.queries == count
    assert found.reason.startswith(f"{count} labelled {'query' if count == 1 else 'queries'},")


def test_independence_may_be_accepted_and_is_then_stated():
    data = Labelled.of(*queries(10, 20, 10))
    found = certify(data, TARGET, i_accept_iid=True)
    assert found.issued and "accepted by the caller, not tested" in " ".join(found.assumptions)
    assert found.design_effect is None
    ungrouped = certify(Labelled.of(*queries(10, 20, 10)[:2]), TARGET)
    assert ungrouped.threshold == found.threshold and "no queries were given" in " ".join(ungrouped.assumptions)


def test_few_queries_are_told():
    assert "only 60 queries" in " ".join(certify(Labelled.of(*queries(60, 10, 5)), TARGET).assumptions)
    assert "only" not in " ".join(certify(Labelled.of(*queries(100, 10, 5)), TARGET).assumptions)


def test_lists_and_grades_are_read_as_arrays_and_labels_are():
    world = worlds.independent(1000, 0)
    expected = certify(Labelled.of(world.scores, world.labels), TARGET)
    grades = np.where(world.labels == 1, 3, 1)
    for labels, relevant_if in ((world.labels.tolist(), None), (grades, 2), (grades.tolist(), 3)):
        found = certify(Labelled.of(world.scores.tolist(), labels, relevant_if=relevant_if), TARGET)
        assert found.threshold == expected.threshold


def test_weights_that_are_all_alike_change_nothing_and_others_end_the_walk():
    world = worlds.independent(2000, 0)
    expected = certify(Labelled.of(world.scores, world.labels), TARGET)
    alike = Labelled.of(world.scores, world.labels, None, np.full(2000, 5.0))
    assert certify(alike, TARGET).threshold == expected.threshold
    floor = float(np.quantile(world.scores, 0.95))
    mixed = Labelled.of(world.scores, world.labels, None, np.where(world.scores >= floor, 1.0, 4.0))
    found = certify(mixed, TARGET)
    assert found.issued and floor <= found.threshold
    assert expected.threshold < floor, "without the weights it reaches further"


def test_lists_of_k_are_certified_as_such():
    world = worlds.clustered(400, 2, 1.0)
    found = certify(of(world), TARGET, max_k=2)
    top = of(world).top(2)
    assert found.accepted == int((top.scores >= found.threshold).sum())
    assert "lists show at most 2" in found.assumptions
    assert found == certify(of(world), TARGET, max_k=2)
    for k, says in ((0, "at least 1, got 0"), (-1, "at least 1, got -1")):
        with pytest.raises(InputError, match=says):
            certify(of(world), TARGET, max_k=k)
    with pytest.raises(InputError, match="max_k needs each pair's query"):
        certify(Labelled.of([1.0], [1]), TARGET, max_k=3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: PrecisionAtLeast(95), "95 % is written 0.95"),
        (lambda: PrecisionAtLeast(0), "a precision must lie between 0 and 1, got 0"),
        (lambda: PrecisionAtLeast(1.0), "a precision must lie between 0 and 1, got 1"),
        (lambda: PrecisionAtLeast(float("nan")), "got nan"),
        (lambda: PrecisionAtLeast(0.9, confidence=1), "a confidence must lie between 0 and 1, got 1"),
        (lambda: PrecisionAtLeast(0.9, confidence=95), "95 % is written 0.95"),
    ],
)
def test_what_is_no_share_is_refused(call, says):
    with pytest.raises(InputError) as caught:
        call()
    assert says in str(caught.value)


def test_the_nearest_promise_is_one_that_the_labels_do_support():
    found = certify(of(worlds.clustered(120, 0, 1.3)), PrecisionAtLeast(0.99))
    assert isinstance(found, Refused)
    ((least, threshold),) = found.nearest_achievable
    assert 0.5 <= least < 0.99
    lesser = certify(of(worlds.clustered(120, 0, 1.3)), PrecisionAtLeast(least))
    assert lesser.threshold == threshold
    assert found.as_json()["nearest_achievable"] == [[least, threshold]]


def test_more_labels_as_the_refusal_asks_for_lead_to_a_certificate():
    refused, issued = 0, 0
    for trial in range(60):
        small = certify(Labelled.of(*_pairs(worlds.independent(150, trial))), TARGET)
        if isinstance(small, Refused):
            refused += 1
            more = int(small.reason.split(", or ")[-1].split(" drawn")[0])
            drawn = worlds.independent(150 + more, 1000 + trial)
            issued += certify(Labelled.of(*_pairs(drawn)), TARGET).issued
    assert refused > 40 and issued / refused >= 0.6


def _pairs(world):
    return world.scores, world.labels


@pytest.mark.parametrize(("count", "trials", "issued"), [(200, 40, 0.0), (1000, 25, 0.9)])
def test_strict_promises_hold_where_queries_cluster(count, trials, issued):
    found = [certify(of(worlds.clustered(count, trial, 1.3)), TARGET, strict=True) for trial in range(trials)]
    thresholds = [one.threshold for one in found if isinstance(one, Issued)]
    assert sum(threshold < worlds.PRECISION_90 for threshold in thresholds) / trials <= 0.05
    assert len(thresholds) / trials >= issued


def test_short_lists_need_fewer_queries_under_strict_terms():
    """A query of three pairs moves a sum less than one of ten."""
    shown = of(worlds.clustered(40_000, 0, 1.3)).top(3)
    thresholds, whole = [], 0
    for trial in range(40):
        data = of(worlds.clustered(300, trial, 1.3))
        found = certify(data, TARGET, strict=True, max_k=3)
        thresholds += [found.threshold] if isinstance(found, Issued) else []
        whole += certify(data, TARGET, strict=True).issued
    assert len(thresholds) > whole
    assert sum(shown.labels[shown.scores >= threshold].mean() < LEAST for threshold in thresholds) <= 2


@pytest.mark.filterwarnings("ignore:(No|All provided) predict")
def test_mapie_promises_the_same_and_shows_less():
    """Independent pairs are what MAPIE is made for; it tests its default grid of probabilities, corrected by Holm."""
    ours, theirs, trials = [], [], 100
    for trial in range(trials):
        world = worlds.independent(2000, trial)
        found = certify(Labelled.of(world.scores, world.labels), TARGET)
        if isinstance(found, Issued):
            ours.append(found.threshold)
        both = BinaryClassificationController(
            lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]), "precision", LEAST, confidence_level=0.95
        )
        both.calibrate(expit(world.scores)[:, None], world.labels.astype(int))
        if both.best_predict_param is not None:
            theirs.append(float(logit(both.best_predict_param)))
    for thresholds in (ours, theirs):
        assert sum(threshold < worlds.PRECISION_90 for threshold in thresholds) / trials <= 0.05
    assert len(ours) >= len(theirs)
    assert np.mean(worlds.recall(np.array(ours))) >= np.mean(worlds.recall(np.array(theirs)))


@pytest.mark.filterwarnings("ignore:(No|All provided) predict")
@pytest.mark.parametrize("single", [37, 90, 200, 500])
def test_one_test_of_ours_is_never_weaker_than_mapies(single):
    """At one threshold both test the accepted pairs; MAPIE by Hoeffding and Bentkus, we by the binomial itself."""
    world = worlds.independent(2000, 5)
    threshold = np.sort(world.scores)[::-1][single - 1]
    theirs = BinaryClassificationController(
        lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]), "precision", LEAST, confidence_level=0.95,
        list_predict_params=np.array([expit(threshold)]),
    )  # fmt: skip
    theirs.calibrate(expit(world.scores)[:, None], world.labels.astype(int))
    ours = Descent(Labelled.of(world.scores, world.labels), LEAST, by_query=False).p_value(single)
    (p_value,) = theirs.p_values.ravel()
    assert ours <= p_value + 1e-12
    assert p_value <= 1.0 if ours > 0.5 else p_value <= np.e * ours * 3 + 1e-6, "both see the same evidence"


def test_a_hundred_thousand_pairs_of_queries_take_a_moment():
    data = of(worlds.clustered(10_000, 0, 1.0))
    start = time.process_time()
    assert certify(data, TARGET).issued
    assert time.process_time() - start < 3  # three times the second that is promised
