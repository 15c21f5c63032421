"""What would change: counts, flips, precision and recall, and what must not matter."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis import Candidate, Document, Query, Ranking
from tamis.calibrate import Labelled
from tamis.decide import (
    ByLanguage,
    Heuristic,
    MaxK,
    MinLength,
    MinScore,
    Policy,
    Thresholds,
    changes,
    compared,
    needs_documents,
)
from tamis.errors import InputError, NotCertifiedError, PolicyMismatch
from tamis.labels import LabelledSet, lists_of
from tamis.tuning import changes_on


def ranked(name, scores):
    items = tuple(Candidate(Document(f"{name}-{at}", "a text"), 0.0) for at in range(len(scores)))
    return Ranking(Query("what", name), items).rescored("mini", scores, fingerprint="mini:1")


FOUND = [ranked("a", [3.0, 2.0, 1.0]), ranked("b", [1.5, 0.5]), ranked("c", [0.2])]
LABELS = [1, 1, 0, 1, 0, 0]
worlds = st.lists(
    st.lists(st.tuples(st.integers(-4, 4), st.sampled_from([0, 1])), max_size=5), min_size=1, max_size=6
).filter(lambda lists: any(lists))


def policy(threshold, **more):
    return Policy(Thresholds(threshold), scorer="mini:1", stage="mini", **more)


def test_counts_and_flips_of_a_stricter_policy():
    change = changes(policy(1.0), policy(2.0, max_k=1), FOUND, LABELS)
    assert (change.queries, change.pairs) == (3, 6)
    assert (change.both, change.only_old, change.only_new, change.neither) == (1, 3, 0, 2)
    assert (change.changed, change.emptied, change.filled) == (2, 1, 0)
    assert [(f.query, f.document, f.label, f.shown) for f in change.examples] == [
        ("a", "a-1", 1.0, "old"),
        ("b", "b-0", 1.0, "old"),
        ("a", "a-2", 0.0, "old"),
    ]
    assert change.examples[0].reason.startswith("max_k:") and change.examples[1].reason.startswith("threshold:")
    assert (change.precision.old.value, change.precision.new.value) == (0.75, 1.0)
    assert change.recall.difference.value == pytest.approx(1 / 3 - 1)


def test_without_a_policy_everything_is_shown():
    change = changes(None, policy(9.0), FOUND, LABELS)
    assert (change.only_old, change.emptied, change.both) == (6, 3, 0)
    assert change.precision.old.value == 0.5 and change.recall.old.value == 1.0
    assert change.precision.new.value is None and change.precision.difference.value is None
    assert json.loads(json.dumps(change.as_json(), allow_nan=False))["recall"]["new"]["value"] == 0.0


def test_without_labels_nothing_is_said_of_precision():
    change = changes(policy(1.0), policy(2.0), FOUND)
    assert change.precision is None and change.recall is None and change.examples[0].label is None
    assert change.as_json()["precision"] is None


def test_a_policy_that_is_over_is_still_what_is_to_be_replaced():
    assert changes(policy(1.0, expires="2020-01-01"), policy(2.0), FOUND).only_old == 2


def test_scores_that_say_how_bad_a_document_is():
    change = changes(None, policy(1.0, direction="reject-high"), FOUND, LABELS)
    assert change.both == 2  # those below 1
    assert change.precision.old.value == 0.5 and change.precision.new.value == 1.0  # label 1 must go
    with pytest.raises(InputError, match="cannot mean the same for both"):
        changes(policy(1.0), policy(1.0, direction="reject-high"), FOUND, LABELS)
    assert changes(policy(1.0), policy(1.0, direction="reject-high"), FOUND).both == 0


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(InputError, match="no ranking has a candidate"):
        changes(None, None, [ranked("a", [])])
    with pytest.raises(InputError, match=r"expected 6 labels, .* got shape"):
        changes(None, None, FOUND, [1])
    with pytest.raises(InputError, match="labels must be 0 or 1, got 2"):
        changes(None, None, FOUND, [2, 0, 0, 0, 0, 0])
    with pytest.raises(InputError, match="confidence"):
        changes(None, None, FOUND, confidence=1.0)
    with pytest.raises(InputError, match="'x' stands twice for query 'q1'"):
        changes(None, None, [Ranking(Query("q", "q1"), (Candidate(Document("x", "t"), 1.0),) * 2)])
    with pytest.raises(PolicyMismatch):
        changes(replace(policy(1.0), scorer="other:1"), None, FOUND)
    with pytest.raises(NotCertifiedError):
        changes(None, policy(None), FOUND)


@given(worlds, st.integers(-5, 5), st.integers(-5, 5), st.sampled_from([None, 1, 2]))
def test_counts_add_up_and_sides_can_be_exchanged(lists, one, two, most):
    found = [ranked(f"q{at}", [float(score) for score, _ in pairs]) for at, pairs in enumerate(lists)]
    labels = [label for pairs in lists for _, label in sorted(pairs, key=lambda pair: -pair[0])]
    old, new = policy(one), policy(two, max_k=most)
    there, back = changes(old, new, found, labels), changes(new, old, found, labels)
    assert there.both + there.only_old + there.only_new + there.neither == there.pairs
    assert (there.only_old, there.emptied) == (back.only_new, back.filled)
    assert (there.both, there.changed) == (back.both, back.changed)
    assert there.precision.old == back.precision.new
    if there.recall.difference.value is not None:
        assert there.recall.difference.value == pytest.approx(-back.recall.difference.value)
        assert there.recall.difference.low == pytest.approx(-back.recall.difference.high)
    same = changes(old, old, found, labels)
    assert (same.only_old, same.only_new, same.changed, same.examples) == (0, 0, 0, ())
    assert same.recall.difference.value in (0.0, None)


def test_intervals_hold_what_they_say():
    """Of 200 worlds of 80 queries, about 95 % of the intervals hold the true difference in precision."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(200):
        sizes = rng.integers(1, 6, 80)
        old, new = rng.binomial(sizes, 0.6), rng.binomial(sizes, 0.7)
        found = compared((old, sizes), (new, sizes)).difference
        held += found.low <= 0.1 <= found.high
    assert 0.89 < held / 200 <= 0.99


def scored(**more):
    data = Labelled.of([0.5, 3.0, 1.5, 2.0], [0, 1, 1, 0], ["a", "a", "b", "b"])
    return LabelledSet(data, ["a", "b"], data.labels, **more)


def test_a_file_of_scores_is_enough_where_policies_look_at_scores_alone():
    found = scored(stage="mini", fingerprint="mini:1")
    lists = lists_of(found)
    assert [[c.score for c in r] for r in lists.rankings] == [[3.0, 0.5], [2.0, 1.5]]
    assert lists.labels.tolist() == [1.0, 0.0, 0.0, 1.0]
    change = changes_on(found, None, policy(1.6, after=(MaxK(1), MinScore(0.0))))
    assert (change.both, change.only_old) == (2, 2) and change.precision.new.value == 0.5
    assert [(f.query, f.document) for f in change.examples] == [("b", "2"), ("a", "2")]


def test_pairs_without_queries_are_lists_of_one():
    data = Labelled.of([0.5, 3.0], [0, 1])
    lists = lists_of(LabelledSet(data, [], data.labels))
    assert [[c.score for c in r] for r in lists.rankings] == [[0.5], [3.0]]


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (policy(1.0, before=(MinLength(3),)), "the rule 'min_length'"),
        (Policy(Thresholds(1.0, {"zh": 2.0}, ByLanguage())), "thresholds by segment"),
        (policy(1.0, offsets=Heuristic()), "difficulty"),
    ],
)
def test_a_policy_that_needs_documents_says_so_on_a_file_of_scores(made, named):
    assert needs_documents(made) == [named]
    with pytest.raises(InputError, match=rf"the old policy has {named}.*give a test set"):
        changes_on(scored(stage="mini", fingerprint="mini:1"), made, None)
