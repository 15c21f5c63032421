"""Labels from clicks: hand-counted, unbiased under the position model they state, and better than plain click rates.

There is no public log of search clicks with texts: clicks are simulated from graded labels. A reader looks at place k
with probability 1 / k ** eta and clicks what they look at with probability .1 + .8 * (2 ** grade - 1) / (2 ** 3 - 1),
as is usual (Ai et al., SIGIR 2018); lists come from a ranker that sees the grade through noise.
"""

from collections import Counter
from statistics import mean

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import ndcg_score

from tamis.data import read_qrels
from tamis.data.impressions import Columns, Impression, Log
from tamis.errors import InputError
from tamis.observe.clicks.examination import PositionBias
from tamis.train.sources.clicks import Clicked, Clicks, LowerBound, Rate, Tally, passed_over

SESSIONS = 100
NOISE = 4.0  # of the ranker, in grades


def attractive(grade):
    return 0.1 + 0.8 * (2.0**grade - 1) / 7


def simulate(grades, *, eta=1.0, sessions=SESSIONS, rankers=1, seed=0, given=False):
    """Impressions of each query's documents, by the model above; ``given`` logs the propensities."""
    random = np.random.default_rng(seed)
    for query, judged in grades.items():
        names, values = list(judged), np.array(list(judged.values()), dtype=float)
        orders = [np.argsort(-(values + random.normal(0, NOISE, len(values))))[:10] for _ in range(rankers)]
        for session in range(sessions):
            for place, at in enumerate(orders[session % rankers], 1):
                look = place**-eta
                clicked = bool(random.random() < look and random.random() < attractive(values[at]))
                yield Impression(query, names[at], place, clicked, look if given else None, None, f"{session}")


def graded(queries=30, documents=12, seed=1):
    random = np.random.default_rng(seed)
    return {f"q{q}": {f"d{d}": int(g) for d, g in enumerate(random.integers(0, 4, documents))} for q in range(queries)}


def click_rates(log):
    shown, clicks = Counter(), Counter()
    for one in log:
        shown[one.query, one.document] += 1
        clicks[one.query, one.document] += one.clicked
    return {key: clicks[key] / count for key, count in shown.items()}


def labels(examples):
    return {(e.query, d): label for e in examples for d, label in zip(e.documents, e.labels, strict=True)}


def agreement(estimate, grades):
    """Mean nDCG@5 of an estimate's order over queries, and the share of pairs of unlike grades that it orders right."""
    gains, right, pairs = [], 0.0, 0
    for query, judged in grades.items():
        seen = [d for d in judged if (query, d) in estimate]
        true, said = np.array([judged[d] for d in seen]), np.array([estimate[query, d] for d in seen])
        if len(set(true.tolist())) > 1:
            gains.append(ndcg_score([true], [said], k=5))
            better = true[:, None] > true[None, :]
            right += ((said[:, None] > said[None, :]) + 0.5 * (said[:, None] == said[None, :]))[better].sum()
            pairs += better.sum()
    return mean(gains), right / pairs


@pytest.mark.parametrize("eta", [1.0, 0.6])
def test_debiased_labels_order_documents_better_than_click_rates(eta):
    grades = graded()
    log = list(simulate(grades, eta=eta))
    naive_gain, naive_right = agreement(click_rates(log), grades)
    for labelling in (Rate(), LowerBound()):
        found = Clicks(PositionBias(eta), labelling).labels(log)
        gain, right = agreement(labels(found.examples), grades)
        # Measured, on two seeds: at eta 1, nDCG@5 .93 -> .99 and 13 % -> 4 % of pairs in the wrong order; at .6,
        # .96 -> .997 and 7.5 % -> 1.2 %.
        assert gain > naive_gain + 0.025
        assert 1 - right < 0.5 * (1 - naive_right)


def test_a_wrong_eta_still_beats_no_correction():
    grades = graded()
    log = list(simulate(grades, eta=1.0))
    orders = [labels(Clicks(PositionBias(eta), Rate()).labels(log).examples) for eta in (0.0, 0.6)]
    (_, plain), (_, half) = (agreement(order, grades) for order in orders)
    assert 1 - half < 0.65 * (1 - plain)  # measured: 5.8 % against 13.6 %
    assert orders[0] == pytest.approx(click_rates(log))  # eta 0 is the plain click rate


def test_given_propensities_are_taken_before_the_model():
    grades = graded(10)
    with_given = Clicks(PositionBias(eta=0.0), Rate()).labels(simulate(grades, given=True))
    assert with_given.examples == Clicks(PositionBias(eta=1.0), Rate()).labels(simulate(grades)).examples


def test_both_estimates_are_unbiased_under_the_model():
    grades = graded(30)
    tallies = {}
    for one in simulate(grades, sessions=200, rankers=3, seed=5):
        tallies.setdefault((one.query, one.document), Tally()).add(one.clicked, PositionBias(least=0.01).of(one))
    for estimate in (lambda t: t.clicks / t.looks, lambda t: t.weighed / t.shown):
        off = [estimate(t) - attractive(grades[q][d]) for (q, d), t in tallies.items()]
        assert abs(mean(off)) < 4 * np.std(off) / len(off) ** 0.5 < 0.03


def test_skipped_documents_above_a_click_are_negatives_and_those_below_unknown():
    shown = [Impression("q", d, place, d in "bd", session="1") for place, d in enumerate("abcdef", 1)]
    found = Clicks(PositionBias(eta=1.0)).labels(shown)
    (example,) = found.examples
    assert dict(zip(example.documents, example.labels, strict=True)) == {"a": 0.0, "b": 1.0, "c": 0.0, "d": 1.0}
    # Inverse propensities 2 and 4 of the clicks, 1 of each skip; divided by their mean.
    assert example.weights == pytest.approx(np.array([1, 2, 1, 4]) / 2)
    assert found.counted["documents neither clicked nor passed over"] == 2
    assert (found.counted["impressions"], found.counted["clicks"]) == (6, 2)


def test_a_short_dwell_is_no_satisfied_click():
    shown = [
        Impression("q", "a", 1, True, dwell=2.0, session="1"),
        Impression("q", "b", 2, True, dwell=40.0, session="1"),
        Impression("q", "c", 3, True, session="1"),
    ]
    found = Clicks(dwell=30.0).labels(shown)
    assert labels(found.examples) == {("q", "a"): 0.0, ("q", "b"): 1.0, ("q", "c"): 1.0}
    assert (found.counted["clicks"], found.counted["satisfied"]) == (3, 2)


def test_lists_are_told_apart_by_query_and_session():
    shown = [
        Impression("q", "a", 1, False, session="1"),
        Impression("p", "b", 2, True, session="1"),
        Impression("q", "b", 2, True, session="2"),
        Impression("q", "c", 1, False),
    ]
    found = Clicks().labels(shown)
    assert labels(found.examples) == {("p", "b"): 1.0, ("q", "b"): 1.0}
    assert found.counted["impressions of no known list"] == 1
    assert passed_over([(3, "c", True, True), (1, "a", False, False), (2, "b", True, True)]) == ["a"]
    assert passed_over([(1, "a", False, False)]) == []


def test_repeated_lists_add_up_and_weights_are_bounded():
    shown = [
        one
        for session in range(50)
        for one in (
            Impression("q", "a", 1, False, session=f"{session}"),
            Impression("q", "b", 20, session == 0, session=f"{session}"),
            Impression("q", "c", 2, session > 0, session=f"{session}"),
        )
    ]
    (example,) = Clicks(PositionBias(least=0.01), heaviest=1.5).labels(shown).examples
    assert dict(zip(example.documents, example.labels, strict=True)) == {"a": 0.0, "b": 1.0, "c": 1.0}
    raw = np.array([50, 20, 98.0])
    assert example.weights == pytest.approx(np.minimum(raw / raw.mean(), 1.5))
    assert Clicks(impressions=51).labels(shown).examples == []
    assert Clicks(impressions=51).labels(shown).counted["documents shown too seldom"] == 3


def test_the_lower_bound_is_wilsons():
    for shown, clicks in ((1, 0), (7, 3), (50, 50), (400, 10)):
        expected = binomtest(clicks, shown).proportion_ci(0.95, method="wilson").low
        assert LowerBound(0.95).label(Tally(shown, clicks, float(shown)))[0] == pytest.approx(expected, abs=1e-12)


def test_few_looks_earn_no_high_label():
    few, many = Tally(1, 1, 1.0), Tally(100, 60, 100.0)
    assert Rate().label(few) > Rate().label(many)
    assert LowerBound().label(few) < LowerBound().label(many)
    assert Rate().label(Tally(10, 5, 2.0)) == (1.0, 2.0)  # more clicks than expected looks


def test_ids_become_texts():
    shown = [Impression("q", d, 1, True) for d in "abc"]
    found = Clicks().labels(shown, {"a": "text a", "c": "text c"})
    assert found.examples[0].documents == ("text a", "text c")
    assert found.counted["documents without a text"] == 1


def test_options_out_of_range():
    for wrong in (
        lambda: Clicked(clicks=0),
        lambda: LowerBound(1.0),
        lambda: Clicks(heaviest=0.5),
        lambda: Clicks(impressions=0),
    ):
        with pytest.raises(InputError):
            wrong()


@pytest.mark.data
def test_a_real_log_is_read(shared_data):
    for name in ("random_all", "bts_all"):
        log = Log(shared_data / "clicks" / f"{name}.csv.gz", Columns(query="user_feature_1"))
        found = Clicks(PositionBias(eta=0.0), Rate(), impressions=20).labels(log.read())
        assert found.counted["impressions"] == 10_000 and 20 < found.counted["clicks"] < 100
        pooled = [(label, weight) for e in found.examples for label, weight in zip(e.labels, e.weights, strict=True)]
        assert all(0 <= label <= 1 and weight > 0 for label, weight in pooled)
        assert sum(label > 0 for label, _ in pooled) > 10


@pytest.mark.data
def test_clicks_on_real_grades(shared_data):
    qrels = read_qrels(shared_data / "eval" / "trec_dl21" / "qrels.tsv")
    random = np.random.default_rng(0)
    grades = {q: {d: judged[d] for d in random.permutation(sorted(judged))[:15]} for q, judged in qrels.items()}
    log = list(simulate(grades))
    (gain, right), (naive_gain, naive_right) = (
        agreement(order, grades)
        for order in (labels(Clicks(labelling=LowerBound()).labels(log).examples), click_rates(log))
    )
    assert gain > naive_gain + 0.02 and 1 - right < 0.7 * (1 - naive_right)
