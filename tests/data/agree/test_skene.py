"""Dawid and Skene's model: it finds simulated mistakes, beats the majority, and its probabilities can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from tamis.data.agree import Adjudicated, dawid_skene
from tamis.data.agree.table import LabelTable
from tamis.errors import InputError


def right(adjudicated, truth):
    return float((adjudicated.label == truth).mean())


def test_it_recovers_confusion_matrices_and_priors(simulated, noisy):
    prior = [0.5, 0.3, 0.2]
    confusion = noisy([0.9, 0.8, 0.6, 0.4, 0.7], 3)
    confusion[4] = [[0.9, 0.1, 0.0], [0.5, 0.4, 0.1], [0.1, 0.3, 0.6]]  # one who shuns the second label
    model = dawid_skene(simulated(prior, confusion, 10_000).table)
    assert model.converged and model.kept == ()
    assert np.abs(model.prior - prior).max() < 0.02
    assert np.abs(model.confusion - confusion).max() < 0.04


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_it_beats_the_majority_of_unequal_annotators(simulated, noisy, missing):
    confusion = noisy([0.95, 0.6, 0.2, 0.2, 0.1], 3)
    gains = []
    for seed in range(3):
        crowd = simulated([0.4, 0.3, 0.3], confusion, 1000, missing, seed)
        model = dawid_skene(crowd.table)
        by_model, by_majority = Adjudicated.by_model(crowd.table, model), Adjudicated.by_majority(crowd.table)
        gains.append(right(by_model, crowd.truth) - right(by_majority, crowd.truth))
    assert min(gains) > 0.08, gains  # eight points in every draw; 15 and 12 on the average when this was written


def test_pooling_keeps_up_with_the_majority_of_many_who_said_little(simulated, noisy):
    # Twelve labels an annotator are too few to learn a confusion matrix from; without pooling five points are lost.
    confusion = noisy(np.linspace(0, 0.95, 50), 3)
    gains = {0.0: [], 3.0: []}
    for seed in range(8):
        crowd = simulated([0.4, 0.3, 0.3], confusion, 200, 0.94, seed)
        majority = right(Adjudicated.by_majority(crowd.table), crowd.truth)
        for smoothing, gained in gains.items():
            model = dawid_skene(crowd.table, smoothing=smoothing)
            gained.append(right(Adjudicated.by_model(crowd.table, model), crowd.truth) - majority)
    assert np.mean(gains[3.0]) > -0.01 and np.mean(gains[0.0]) < -0.03, gains


@pytest.mark.parametrize("knowing", [[0.6] * 5, [0.7, 0.5, 0.3, 0.6, 0.2]])
def test_weights_are_how_often_a_label_is_right(simulated, noisy, knowing):
    crowd = simulated([0.7, 0.3], noisy(knowing, 2), 5_000)
    made = Adjudicated.by_model(crowd.table, dawid_skene(crowd.table))
    hit = made.label == crowd.truth
    for low, high in ((0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        part = (made.weight >= low) & (made.weight < high)
        assert hit[part].mean() == pytest.approx(made.weight[part].mean(), abs=0.05)


def test_a_rare_label_is_not_taken_over_by_what_is_hard_to_judge(simulated):
    # A fifth of the items is hard: annotators all but guess there, and in one of a hundred cases say a third label.
    easy = np.tile(np.array([[0.95, 0.05, 0.0], [0.05, 0.95, 0.0], [0.0, 0.0, 1.0]]), (5, 1, 1))
    hard = np.tile(np.array([[0.54, 0.45, 0.01], [0.45, 0.54, 0.01], [0.0, 0.0, 1.0]]), (5, 1, 1))
    one, other = simulated([0.5, 0.5, 0], easy, 1600), simulated([0.5, 0.5, 0], hard, 400, seed=1)
    table, more = one.table, other.table
    both = LabelTable(
        items=(*table.items, *(f"hard{name}" for name in more.items)),
        annotators=table.annotators,
        labels=table.labels,
        item=np.concatenate([table.item, more.item + len(table.items)]),
        annotator=np.concatenate([table.annotator, more.annotator]),
        label=np.concatenate([table.label, more.label]),
    )
    model = dawid_skene(both)
    assert model.kept == (2,)
    assert model.prior[2] < 0.01
    never = both.counts[:, 2] == 0
    assert (model.posterior[never, 2] == 0).all()


def test_one_annotator_is_believed(spoken):
    table = spoken("yynnnyyyyn")
    made = Adjudicated.by_model(table, dawid_skene(table))
    assert (made.label == table.label).all() and (made.weight == 1).all()


def test_one_label_is_certain(spoken):
    model = dawid_skene(spoken("yyy", "yy*"))
    assert model.posterior.tolist() == [[1.0]] * 3 and model.converged


def test_the_order_of_annotators_and_items_changes_nothing(spoken):
    rows = ["abcabcaabbcc", "abcabcbabbcc", "aacabc*abccc", "cbaabcaab*ac"]
    one = dawid_skene(spoken(*rows))
    turned = spoken(*(row[::-1] for row in rows[::-1]))
    other = dawid_skene(turned)
    there = [turned.items.index(str(11 - at)) for at in range(12)]
    assert np.allclose(one.posterior, other.posterior[there], atol=1e-9)
    assert np.allclose(one.confusion, other.confusion[::-1], atol=1e-9)


def test_likelihood_grows_with_every_round_of_em(simulated, noisy):
    table = simulated([0.5, 0.3, 0.2], noisy([0.9, 0.7, 0.5, 0.3], 3), 500, 0.2).table
    found = [dawid_skene(table, smoothing=0, most=rounds).log_likelihood for rounds in range(1, 15)]
    assert (np.diff(found) > -1e-3).all()
    assert not dawid_skene(table, most=2).converged


@pytest.mark.parametrize("option", [{"smoothing": -1}, {"most": 0}, {"tolerance": 0}])
def test_options_out_of_range(spoken, option):
    with pytest.raises(InputError, match="smoothing must be 0 or more"):
        dawid_skene(spoken("yn", "yn"), **option)
