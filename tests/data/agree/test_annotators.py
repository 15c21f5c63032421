"""Each annotator's quality: against the others, by the model, against known labels; and who is flagged."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from tamis.data.agree import annotators, cohen, dawid_skene


def test_two_annotators_have_cohens_kappa(simulated, noisy):
    table = simulated([0.5, 0.3, 0.2], noisy([0.8, 0.5], 3), 300, 0.1).table
    (pair,) = cohen(table).pairs
    for who in annotators(table, dawid_skene(table)):
        assert who.agreement == pytest.approx(pair.agreement)
        assert who.kappa.value == pytest.approx(pair.kappa.value)
        assert who.kappa.interval == pytest.approx(pair.kappa.interval)


def test_kappa_with_the_rest_is_cohens_over_every_other_label(simulated, noisy):
    # With nothing missing, a random other annotator's label is each of theirs in turn.
    table = simulated([0.5, 0.3, 0.2], noisy([0.8, 0.5, 0.3], 3), 200).table
    said = np.stack([table.label[table.annotator == who] for who in range(3)])
    expected = cohen_kappa_score(np.tile(said[0], 2), np.concatenate([said[1], said[2]]))
    first = annotators(table, dawid_skene(table))[0]
    assert first.kappa.value == pytest.approx(expected, abs=1e-12)
    assert first.ratings == 200


def test_accuracy_is_that_of_the_simulation(simulated, noisy):
    crowd = simulated([0.5, 0.3, 0.2], noisy([0.9, 0.7, 0.5, 0.2, 0.7], 3), 4000)
    gold = np.where(np.arange(4000) < 1000, crowd.truth, -1)
    found = annotators(crowd.table, dawid_skene(crowd.table), gold=gold)
    for at, (who, knows) in enumerate(zip(found, (0.9, 0.7, 0.5, 0.2, 0.7), strict=True)):
        assert who.accuracy == pytest.approx(knows + (1 - knows) / 3, abs=0.04)
        assert who.flags == ()
        hits = crowd.table.label[crowd.table.annotator == at][:1000] == crowd.truth[:1000]
        assert who.gold_items == 1000 and who.gold.value == pytest.approx(hits.mean())
        assert who.gold.low < who.gold.value < who.gold.high


def test_flags(spoken):
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 60)
    good = ["".join("ny"[t] if rng.random() < 0.9 else "yn"[t] for t in truth) for _ in range(3)]
    lazy, swapped = "y" * 60, "".join("yn"[t] for t in truth)
    guesses = "".join("ny"[g] for g in rng.integers(0, 2, 60))
    table = spoken(*good, *good, lazy, guesses, swapped)
    flags = [who.flags for who in annotators(table, dawid_skene(table))]
    assert flags[:6] == [()] * 6
    assert flags[6] == ("always says 'y'",)
    assert flags[7] == ("cannot be told from chance after 60 labels",)
    assert flags[8] == ("below chance after 60 labels: labels swapped?",)


def test_always_the_same_label_is_no_flag_where_the_others_say_it_too(spoken):
    table = spoken("yyyyyyyy", "yyyyyyyn", "yyyyyyyn")
    first = annotators(table, dawid_skene(table))[0]
    assert not any("always" in flag for flag in first.flags)


def test_one_whom_nobody_can_check(spoken):
    table = spoken("yn**", "**yn", "**yy")
    first = annotators(table, dawid_skene(table))[0]
    assert first.agreement is None and first.kappa.value is None and first.flags == ()
    assert first.as_json()["kappa_interval"] is None


def test_no_known_label_among_ones_items(spoken):
    table = spoken("yn*", "ynn")
    found = annotators(table, dawid_skene(table), gold=np.array([-1, -1, 0]))
    assert found[0].gold.value is None and found[0].gold_items == 0
    assert found[1].gold.value == 1
