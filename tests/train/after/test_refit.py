"""Calibration and policy after training: bound to the new model, nothing inherited, refusals said."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tamis.calibrate import Calibration
from tamis.core import Candidate, Document, Query, Ranking
from tamis.data import Example
from tamis.decide import FBeta, Policy, PrecisionAtLeast, Thresholds
from tamis.errors import InputError, PolicyError, PolicyMismatch
from tamis.train.after.figures import measure
from tamis.train.after.inherited import inherited
from tamis.train.after.ranked import DevSet
from tamis.train.after.refit import CHOSEN_BY_DEV, Asked, labelled, refit
from tamis.tuning import Wanted

from .worlds import Noisy, examples

START, TRAINED = Noisy("start", 1.0), Noisy("trained", 0.3, 1)


def test_the_labelled_set_holds_every_pair_with_its_own_label(figures):
    found = labelled(figures)
    assert len(found.data) == figures.dev.pairs == 720 and found.data.queries == 60
    assert (found.stage, found.fingerprint) == ("trained", TRAINED.fingerprint)
    pairs = [(ranking.query, candidate) for ranking in found.rankings for candidate in ranking]
    truth = {(e.query, text): label for e in examples(60) for text, label in zip(e.documents, e.labels, strict=True)}
    assert [truth[query.text, candidate.doc.text] for query, candidate in pairs] == found.data.labels.tolist()
    assert [candidate.score for _, candidate in pairs] == found.data.scores.tolist()


def test_files_are_bound_to_the_new_model(figures, tmp_path):
    found = refit(figures, tmp_path, Asked(Wanted(FBeta())))
    calibration, policy = Calibration.load(tmp_path / "calibration.json"), Policy.load(tmp_path / "policy.json")
    assert calibration.scorer == policy.scorer == TRAINED.fingerprint
    policy.bind(TRAINED)
    with pytest.raises(PolicyMismatch):
        policy.bind(START)
    ranking = Ranking(Query("carp eel"), (Candidate(Document("a", "carp and eel"), 0.0),))
    scored = ranking.rescored("trained", TRAINED.score([(ranking.query, ranking[0].doc)]), fingerprint="trained:0.3:1")
    assert 0 < calibration([scored])[0][0].probability < 1
    assert policy.decide(scored).policy == policy.digest
    assert found.losses[0] < found.losses[1]
    said = "\n".join(found.lines())
    assert "calibration: " in said and "720 pairs of 60 dev queries" in said and "nothing is promised" in said
    assert "the dev queries also chose the checkpoint, so these figures are optimistic" in said
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["policy"]["issued"] is True


def test_a_certificate_says_that_its_queries_chose_the_model(figures, tmp_path):
    refit(figures, tmp_path, Asked(Wanted(PrecisionAtLeast(0.5, 0.9))))
    certificate = Policy.load(tmp_path / "policy.json").certificate
    assert certificate["issued"] and certificate["assumptions"][-1] == CHOSEN_BY_DEV
    found = refit(figures, tmp_path, Asked(Wanted(PrecisionAtLeast(0.5, 0.9)), chosen_on_dev=False))
    assert CHOSEN_BY_DEV not in Policy.load(tmp_path / "policy.json").certificate["assumptions"]
    assert not any("optimistic" in line for line in found.lines())


def test_a_refusal_says_how_many_labels_are_missing_and_leaves_no_old_policy(figures, tmp_path):
    refit(figures, tmp_path, Asked(Wanted(FBeta())))
    assert (tmp_path / "policy.json").exists()
    found = refit(figures, tmp_path, Asked(Wanted(PrecisionAtLeast(0.999, 0.99))))
    assert not (tmp_path / "policy.json").exists() and (tmp_path / "calibration.json").exists()
    said = "\n".join(found.lines())
    needed = found.as_json()["policy"]["labels_needed"]
    assert "no policy: the promise was refused" in said
    assert f"takes {needed} labelled pairs above its threshold" in said and "are missing" in said
    assert found.as_json()["policy"]["issued"] is False


def test_only_a_calibration_where_no_policy_is_wanted(figures, tmp_path):
    found = refit(figures, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]
    assert found.tuning is None and found.as_json()["policy"] is None


@pytest.mark.parametrize(("name", "direction"), [("high", "accept-high"), ("low", "reject-high")])
def test_the_old_threshold_on_old_and_new_scores(figures, tmp_path, name, direction):
    old = Policy(Thresholds(0.8), scorer=START.fingerprint, stage="start", direction=direction)
    old.save(tmp_path / "old.json")
    found = refit(figures, tmp_path, Asked(old_policy=tmp_path / "old.json")).inherited
    for side, system in ((found.before, "before"), (found.after, "after")):
        scores = np.concatenate(figures.ranked(system).scores)
        labels = np.concatenate([one.labels for one in figures.dev.queries])
        taken = scores >= 0.8 if direction == "accept-high" else scores < 0.8
        right = labels == 1 if direction == "accept-high" else labels == 0
        assert side.share == taken.mean() and side.precision == right[taken].mean()
    assert "is not inherited: its threshold 0.8 accepted" in found.line()
    assert not (tmp_path / "policy.json").exists()


def test_an_old_policy_of_another_model_or_without_a_threshold(figures):
    other = inherited(Policy(Thresholds(0.8), scorer="other:1", stage="other"), figures)
    assert other.before is None and "was made for a model other than the start" in other.line()
    nothing = inherited(Policy(Thresholds(None), scorer="other:1", stage="other"), figures)
    assert nothing.after is None and "nothing to compare" in nothing.line()
    none = inherited(Policy(Thresholds(99.0), scorer="other:1", stage="other"), figures)
    assert none.after.share == 0.0 and none.after.precision is None and "0.0% of the dev pairs" in none.line()


def test_what_the_data_do_not_allow_is_said_and_not_raised(tmp_path):
    few = measure([Example("q", ("a", "b"), (1.0, 0.0))], {"after": Noisy("n", 0.1)})
    found = refit(few, tmp_path, Asked(Wanted(FBeta())))
    assert found.why_not and found.why_not in found.lines()
    assert not (tmp_path / "policy.json").exists()
    assert json.dumps(found.as_json(), allow_nan=False)


def test_grades_count_from_where_the_figures_count_them(tmp_path):
    data = [Example(e.query, e.documents, tuple(2 * label + (i % 2) for i, label in enumerate(e.labels)))
            for e in examples(30)]  # fmt: skip
    loose = labelled(measure(data, {"after": TRAINED}))
    strict = labelled(measure(DevSet.of(data, relevant_from=2), {"after": TRAINED}))
    assert loose.data.labels.sum() > strict.data.labels.sum() == 60
    assert set(strict.grades) == {0.0, 1.0, 2.0, 3.0}


def test_a_missing_folder_or_a_broken_policy_is_one_clear_error(figures, tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        refit(figures, tmp_path / "nowhere")
    (tmp_path / "old.json").write_text("{}")
    with pytest.raises(PolicyError):
        refit(figures, tmp_path, Asked(old_policy=tmp_path / "old.json"))
    assert not (tmp_path / "calibration.json").exists()
