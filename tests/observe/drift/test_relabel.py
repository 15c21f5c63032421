"""The queue of pairs to label again: what is in it, its weights, and that labelling reads it."""

import io
import json

import numpy as np
import pytest

from tamis.decide import PrecisionAtLeast
from tamis.errors import InputError
from tamis.labelling.pool import read_pairs
from tamis.observe import Decided, Event, Placed, Session
from tamis.observe.drift import relabel_queue

from ...calibrate import worlds
from .decided import clustered


def reasons(rows):
    return {reason: [row for row in rows if row.reason == reason] for reason in sorted({row.reason for row in rows})}


def test_near_pairs_lie_on_both_sides_and_none_comes_twice():
    decisions = clustered(100, 0)
    rows = relabel_queue(decisions, 2.0, 100)
    parts = reasons(rows)
    near = [row.score - 2.0 for row in parts["near the threshold"]]
    assert (len(rows), len(near)) == (100, 40)
    assert sum(one >= 0 for one in near) == 20
    scores = np.array([item.score for one in decisions for item in one.items])
    farthest = max(abs(one) for one in near)
    assert ((np.abs(scores - 2.0) < farthest) & (scores >= 2.0)).sum() <= 40
    assert len({(row.query_id, row.document_id) for row in rows}) == 100
    assert {row.weight for row in parts["drawn at random"]} == {960 / 60}


def test_weighted_labels_are_unbiased_for_the_whole_window():
    """The base rate of the window, from 150 of 1,000 pairs, over seeds."""
    drawn = worlds.clustered(100, 1)
    truth = dict(zip(np.round(drawn.scores, 9), drawn.labels, strict=True))
    decisions = clustered(100, 1)
    rates = []
    for seed in range(100):
        rows = relabel_queue(decisions, 2.0, 150, seed=seed)
        rates.append(sum(row.weight * truth[round(row.score, 9)] for row in rows) / 1000)
    assert np.mean(rates) == pytest.approx(drawn.labels.mean(), abs=0.006)


def test_what_is_looked_at_and_never_clicked_contradicts_its_probability():
    items = tuple(Placed(f"d{n}", 5.0 - n, (0.95, 0.9, 0.3, 0.9, 0.9)[n], n + 1, text=f"t{n}") for n in range(5))
    other = Decided("r2", query="other", items=tuple(Placed(f"e{n}", -n - 1.0, 0.01, text="t") for n in range(20)))
    shown = Decided("r1", query="sieve", items=items)
    sessions = [Session(shown, (Event("click", f"c{n}", document="d3"),)) for n in range(4)]
    clicked = Session(shown, (Event("click", "c9", document="d1"),))
    rows = relabel_queue([*sessions, clicked, other], -100.0, 10)
    assert [row.document_id for row in reasons(rows)["contradicted by clicks"]] == ["d0"]  # d1 was clicked, d4 not seen
    assert "contradicted by clicks" not in reasons(relabel_queue([shown, other], -100.0, 10))


def test_one_side_fills_up_where_the_other_has_too_few():
    rows = relabel_queue(clustered(30, 2), 99.0, 50)
    assert len(reasons(rows)["near the threshold"]) == 20


def test_a_target_draws_from_its_region():
    rows = relabel_queue(clustered(200, 3), 2.0, 100, target=PrecisionAtLeast(0.9))
    drawn = reasons(rows)["drawn at random"]
    assert min(row.score for row in drawn) > 0
    assert {row.weight for row in drawn} == {np.ceil(0.2 * 1960) / 60}


def test_labelling_reads_the_rows():
    rows = relabel_queue(clustered(50, 4), 2.0, 30)
    written = io.StringIO("".join(json.dumps(row.as_json()) + "\n" for row in rows))
    pairs = read_pairs(written)
    assert [(pair.id, pair.score) for pair in pairs] == [(row.item, row.score) for row in rows]


def test_a_large_budget_takes_all_and_the_same_seed_the_same():
    decisions = clustered(5, 5)
    assert [row.weight for row in relabel_queue(decisions, 2.0, 99)] == [1.0] * 50
    assert relabel_queue(decisions, 2.0, 20, seed=1) == relabel_queue(decisions, 2.0, 20, seed=1)
    assert len(relabel_queue(decisions, 2.0, 1)) == 1


@pytest.mark.parametrize(("budget", "threshold"), [(0, 1.0), (5, np.nan)])
def test_what_cannot_be_is_refused(budget, threshold):
    with pytest.raises(InputError, match="budget"):
        relabel_queue(clustered(5, 6), threshold, budget)
    with pytest.raises(InputError, match="no candidates"):
        relabel_queue([Decided("r")], 1.0, 5)
