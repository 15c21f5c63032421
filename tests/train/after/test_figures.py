"""Figures before and after: equal to other people's programs, honest about what cannot tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from sklearn.metrics import average_precision_score, ndcg_score

import tamis
from tamis.data import Collection, Example
from tamis.errors import InputError
from tamis.evaluate import AP, RR, paired
from tamis.score.cosine import Cosine
from tamis.train.after.figures import COLUMNS, MAIN, MEASURES, means, measure
from tamis.train.after.ranked import DevSet

from .worlds import Constant, Noisy, examples


def graded(queries=30, seed=3):
    rng = np.random.default_rng(seed)
    return [
        Example(e.query, e.documents, tuple(float(g) for g in rng.choice([0, 0, 1, 2, 3], len(e.documents))))
        for e in examples(queries, seed, listed=25)
    ]


@pytest.mark.parametrize("data", [examples(30), graded()], ids=["binary", "graded"])
def test_equal_to_trec_eval(data):
    found = measure(data, {"before": Constant(), "after": Noisy("n", 0.6)})
    oracle = pytrec_eval.RelevanceEvaluator(
        found.dev.relevance() | found.dev.gains(), {"ndcg_cut.10", "map", "recip_rank"}
    )
    for name in ("bm25", "before", "after"):
        run = found.ranked(name).run()
        theirs = oracle.evaluate(run)
        ours = found[name].evaluation
        for query, value in zip(ours.queries, ours[MAIN], strict=True):
            assert value == pytest.approx(theirs[query]["ndcg_cut_10"], abs=1e-9)
        assert ours.means["ap"] == pytest.approx(np.mean([one["map"] for one in theirs.values()]), abs=1e-9)
        first = [one["recip_rank"] for one in theirs.values()]
        assert ours.means["rr@10"] == pytest.approx(np.mean([r if r >= 0.0999 else 0.0 for r in first]), abs=1e-9)


def test_fractional_labels_are_gains_and_relevant_from_one_half_on():
    rng = np.random.default_rng(0)
    data = [Example(e.query, e.documents, tuple(np.round(rng.random(12), 3))) for e in examples(25)]
    found = measure(data, {"after": Noisy("n", 0.6)})
    ranked = found.ranked("after")
    for at, one in enumerate(found.dev.queries):
        scores = [ranked.scores[at]]
        assert found["after"].evaluation[MAIN][at] == pytest.approx(ndcg_score([one.labels], scores, k=10), abs=1e-9)
        expected = average_precision_score(one.labels >= 0.5, scores[0])
        assert found["after"].evaluation[AP][at] == pytest.approx(expected, abs=1e-9)
    assert any("labels are fractions" in remark for remark in found.remarks())


def test_grades_can_count_as_relevant_from_another_one_on():
    data = graded()
    strict = measure(DevSet.of(data, relevant_from=3), {"after": Noisy("n", 0.6)})
    loose = measure(data, {"after": Noisy("n", 0.6)})
    assert strict["after"].evaluation.means["ndcg@10"] == loose["after"].evaluation.means["ndcg@10"]
    at = strict.dev.telling[0]
    ranks = strict.ranked("after").ranks(at)[strict.dev.queries[at].labels >= 3]
    best = ranks.min() if ranks.size else 99
    assert strict["after"].evaluation[RR @ 10][0] == (1 / best if best <= 10 else 0.0)


def test_random_order_is_its_expectation():
    data = examples(6)
    found = measure(data, {"after": Noisy("n", 0.1)})
    rng = np.random.default_rng(0)
    labels = [one.labels for one in found.dev.queries]
    drawn = [np.mean([ndcg_score([y], [rng.permutation(y.size)], k=10) for y in labels]) for _ in range(60)]
    assert found["random"].intervals[MAIN].mean == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / np.sqrt(60))


def test_the_trained_model_is_held_against_every_other(figures):
    found = figures
    assert list(found.systems) == ["random", "bm25", "before", "after"]
    assert found["after"].against is None
    for name in ("random", "bm25", "before"):
        values = found["after"].evaluation[MAIN], found[name].evaluation[MAIN]
        assert found[name].against == paired(*values)
    gain = found["before"].against
    assert gain.low > 0 and gain.p_value < 0.01
    for name, one in found.systems.items():
        for m in MEASURES:
            assert one.intervals[m].low <= one.evaluation.means[str(m)] <= one.intervals[m].high, name


def test_what_cannot_tell_is_left_out_and_counted():
    odd = [Example("x", ("a", "b"), (0.0, 0.0)), Example("y", ("a",), (1.0,))]
    with_odd = measure([*odd, *examples(10)], {"after": Noisy("n", 0.5)})
    assert with_odd.queries == 10 and with_odd.left_out == 2
    without = measure(examples(10), {"after": Noisy("n", 0.5)})
    assert with_odd["after"].evaluation.means == without["after"].evaluation.means
    assert "2 more queries were left out" in with_odd.remarks()[0]


def test_a_quick_look_gives_the_same_means(figures):
    assert means(figures.dev, Noisy("trained", 0.3, 1)) == figures["after"].evaluation.means
    with pytest.raises(InputError, match="none of the 1 dev queries"):
        means(DevSet.of([Example("x", ("a", "b"), (1.0, 1.0))]), Constant())


def test_figures_as_json_and_as_rows():
    found = measure(graded(), {"start": Constant(), "end": Noisy("n", 0.5)})
    assert found.subject == "end"
    content = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert content["systems"]["end"]["fingerprint"] == "n:0.5:0" and "against" not in content["systems"]["end"]
    assert content["systems"]["start"]["against"]["wins"] + content["systems"]["start"]["against"]["losses"] <= 30
    rows = found.rows()
    assert [row[0] for row in rows] == ["random", "bm25", "start", "end"]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    mean = content["systems"]["end"]["ndcg@10"]["mean"]
    assert rows[-1][1].startswith(f"{mean:.3f} (")


def test_progress_runs_over_all_scorers():
    seen = []
    measure(examples(50), {"before": Constant(), "after": Constant()}, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (1200, 1200) and seen == sorted(seen) and {total for _, total in seen} == {1200}


@pytest.mark.parametrize(
    ("data", "scorers", "says"),
    [
        (examples(2), {}, "no scorer to measure"),
        (examples(2), {"bm25": Constant()}, "cannot be named 'bm25'"),
        (
            [Example("x", ("a", "b"), (1.0, 1.0))],
            {"after": Constant()},
            "none of the 1 dev queries has labels that differ",
        ),
    ],
)
def test_what_cannot_be_measured_is_one_clear_error(data, scorers, says):
    with pytest.raises(InputError, match=says):
        measure(data, scorers)


def test_real_models_on_real_statutes():
    """An encoder and a reranker beside the baselines; both know more than chance."""
    statutes = Collection.open(Path(__file__).parents[3] / "demo" / "statutes")
    texts = [document.full_text for document in list(statutes.documents.values())[:4]]
    data = []
    for query in statutes.judged[:3]:
        good = [statutes.documents[doc].full_text for doc in statutes.qrels[query.id]]
        data.append(Example(query.text, (*good, *texts), (1.0,) * len(good) + (0.0,) * len(texts)))
    encoder = Cosine("e5-small", tamis.load_encoder("e5-small"))
    found = measure(data, {"before": encoder, "after": tamis.load_scorer("tamis-mini")})
    for name in ("before", "after"):
        assert found[name].intervals[MAIN].mean > found["random"].intervals[MAIN].mean + 0.2
    pair = (found.dev.queries[0].query, found.dev.queries[0].documents[0])
    assert found.ranked("before").scores[0][0] == pytest.approx(encoder.score([pair])[0], abs=1e-6)
