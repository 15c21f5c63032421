"""Ensemble: its formula, what it learns, that a score stands alone, and that it is read again as it was written."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.calibrate import Temperature
from tamis.core import Document, Query
from tamis.errors import InputError, ModelError
from tamis.score import Cached, Ensemble, Passages, RankFusion, load_scorer

from .tables import Hashed, Table, world

PAIRS = [(Query(f"q{q}"), Document(str(d), f"text {q} {d}")) for q in range(5) for d in range(7)]


def sigmoid(slope=1.0):
    """A calibrator that can be written."""
    return Temperature.from_parameters({"inputs": "logit", "slope": slope})


class Bare:
    """A calibrator that cannot."""

    def fit(self, scores, labels, groups=None, weights=None):
        return self

    def __call__(self, scores):
        return np.where(scores > 0, 1.0, 0.0)


def test_before_fit_it_is_the_weighted_mean_of_the_logits():
    a, b = Hashed("a"), Hashed("b")
    expected = (3 * a.score(PAIRS) + b.score(PAIRS)) / 4
    np.testing.assert_allclose(Ensemble([a, b], weights=[3, 1]).score(PAIRS), expected, atol=1e-15)
    np.testing.assert_array_equal(Ensemble([a]).score(PAIRS), a.score(PAIRS))


def test_fit_without_labels_standardises():
    a, b = Hashed("a"), Hashed("b")
    z = [(s - s.mean()) / s.std() for s in (a.score(PAIRS), b.score(PAIRS))]
    fitted = Ensemble([a, b]).fit(PAIRS)
    np.testing.assert_allclose(fitted.score(PAIRS), (z[0] + z[1]) / 2, atol=1e-12)
    np.testing.assert_array_equal(fitted.weights, [0.5, 0.5])


@given(st.lists(st.integers(0, len(PAIRS) - 1), min_size=1, max_size=10))
def test_a_score_does_not_depend_on_companions(places):
    fitted = Ensemble([Hashed("a"), Hashed("b")], weights=[0.3, 0.7]).fit(PAIRS)
    np.testing.assert_array_equal(fitted.score([PAIRS[i] for i in places]), fitted.score(PAIRS)[places])


def test_labels_find_the_member_that_knows():
    rng = np.random.default_rng(0)
    labels = (rng.random((60, 10)) < 0.2).astype(float)
    knows, does_not, lists = world(labels * 2 + rng.normal(size=labels.shape), rng.normal(size=labels.shape))
    pairs = [pair for row in lists for pair in row]
    fitted = Ensemble([knows, does_not]).fit(pairs, labels.ravel())
    assert fitted.weights[0] > 0.8
    assert fitted.weights.sum() == pytest.approx(1)
    by_name = Ensemble([knows, does_not]).fit(pairs, labels.ravel(), [q.id for q, _ in pairs])
    np.testing.assert_array_equal(by_name.weights, fitted.weights)
    against = Ensemble([does_not, Table("wrong", {k: -v for k, v in knows.scores.items()})])
    assert against.fit(pairs, labels.ravel()).weights[1] == 0


def test_members_without_weight_are_not_run():
    idle = Hashed("idle")
    Ensemble([Hashed("a"), idle], weights=[1, 0]).score(PAIRS)
    assert idle.calls == []


def test_a_calibrated_member_gives_its_log_odds():
    a, b = Hashed("a"), Hashed("b")
    both = Ensemble([a, b], calibrators=[sigmoid(3.0), None])
    np.testing.assert_allclose(both.score(PAIRS), (3 * a.score(PAIRS) + b.score(PAIRS)) / 2, atol=1e-12)
    certain = Ensemble([a], calibrators=[Bare()]).score(PAIRS)
    assert np.isfinite(certain).all()
    assert np.abs(certain).max() == pytest.approx(13.8, abs=0.1)
    assert both.fit(PAIRS).scale[0] == 1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Ensemble([]), "no members"),
        (lambda: Ensemble([Hashed("a")], weights=[1, 2]), "expected 1 weights"),
        (lambda: Ensemble([Hashed("a"), Hashed("b")], weights=[1, -1]), "at least 0"),
        (lambda: Ensemble([Hashed("a"), Hashed("b")], weights=[0, 0]), "not all 0"),
        (lambda: Ensemble([Hashed("a")], weights=[np.nan]), "must be finite"),
        (lambda: Ensemble([Hashed("a")], calibrators=[]), "expected 1 calibrators"),
        (lambda: Ensemble([Hashed("a")], specs=[]), "expected 1 specs"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS[:1]), "at least 2 pairs"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS, [1]), "expected 35 labels"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS, [np.nan] * 35), "labels must be finite"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS, [-1] * 35), "at least 0"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS, [1] * 35), "no query has both"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS, [1] * 35, ["q"]), "expected 35 groups"),
        (lambda: Ensemble([Hashed("a")]).fit(PAIRS, l2=0), "l2 must be above 0"),
        (
            lambda: Ensemble([Table("flat", {(q.id, d.id): 1.0 for q, d in PAIRS})]).fit(PAIRS),
            "one score: leave it out",
        ),
        (lambda: Ensemble([Table("bad", {(q.id, d.id): np.nan for q, d in PAIRS})]).score(PAIRS), "'bad'.*not finite"),
    ],
)
def test_what_cannot_be_is_refused(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_no_helpful_member_is_refused():
    labels = np.tile([1.0, 0], (20, 1))
    wrong, _, lists = world(-labels, labels)
    with pytest.raises(InputError, match="no member puts relevant documents above"):
        Ensemble([wrong]).fit([pair for row in lists for pair in row], labels.ravel())


def test_it_depends_on_companions_where_a_member_does():
    assert not Ensemble([Hashed("a")]).depends_on_companions
    assert Ensemble([RankFusion([Hashed("a")])]).depends_on_companions
    with pytest.raises(InputError, match="by its companions"):
        Cached(Ensemble([RankFusion([Hashed("a")])]))


def test_remarks_come_together():
    pair = (Query("rain"), Document("a", "rain " * 900))
    both = Ensemble([load_scorer("tamis-mini"), Passages(load_scorer("e5-small"), tokens=64)])
    (note,) = both.notes([pair])
    assert note["truncated_tokens"] > 300
    assert note["passages"] > 10
    assert both.score_with_notes([pair])[1] == [note]
    assert Ensemble([Hashed("a")]).notes([pair]) == [{}]


@pytest.mark.parametrize("kind", [Ensemble, RankFusion])
def test_remarks_that_come_from_scoring_cost_no_second_pass(kind):
    inner = Hashed("a")
    together = kind([Passages(inner, tokens=8), Hashed("b")])
    pairs = [(Query("q"), Document(str(d), "one two three four five. " * d)) for d in range(1, 5)]
    scores, notes = together.score_with_notes(pairs)
    assert len(inner.calls) == 1
    assert [note["passages"] for note in notes] == [1, 2, 3, 4]
    np.testing.assert_array_equal(scores, together.score(pairs))
    assert together.notes(pairs) == notes


@pytest.fixture
def fitted() -> Ensemble:
    members = [load_scorer("tamis-mini"), load_scorer("e5-small")]
    return Ensemble(members, weights=[2, 1], name="both").fit(PAIRS)


def test_it_is_read_as_it_was_written(fitted, tmp_path):
    fitted.save(tmp_path / "kept")
    first = (tmp_path / "kept" / "config.json").read_bytes()
    again = Ensemble.load(tmp_path / "kept", load_scorer)
    assert (again.name, again.fingerprint) == (fitted.name, fitted.fingerprint)
    np.testing.assert_array_equal(again.score(PAIRS), fitted.score(PAIRS))
    again.save(tmp_path / "again")
    assert (tmp_path / "again" / "config.json").read_bytes() == first


def test_calibrators_are_written_where_they_can_be(tmp_path):
    mini = load_scorer("tamis-mini")
    both = Ensemble([mini, mini], calibrators=[sigmoid(2.0), None])
    both.save(tmp_path)
    again = Ensemble.load(tmp_path, load_scorer)
    assert again.fingerprint == both.fingerprint
    np.testing.assert_array_equal(again.score(PAIRS), both.score(PAIRS))
    assert load_scorer(tmp_path).fingerprint == both.fingerprint
    with pytest.raises(InputError, match="cannot be written"):
        Ensemble([mini], calibrators=[Bare()]).save(tmp_path)


def test_the_fingerprint_says_what_produced_the_scores(fitted):
    a, b = Hashed("a"), Hashed("b")
    made = [
        Ensemble([a, b]),
        Ensemble([b, a]),
        Ensemble([a, b], weights=[2, 1]),
        Ensemble([a, b]).fit(PAIRS),
        Ensemble([a, b], calibrators=[Bare(), None]),
        Ensemble([a, b], calibrators=[sigmoid(), None]),
        Ensemble([a, b], calibrators=[sigmoid(2.0), None]),
    ]
    assert len({one.fingerprint for one in made}) == len(made)
    assert all(member.fingerprint in fitted.fingerprint for member in fitted.members)


def test_relative_members_are_found_from_the_folder(tmp_path, monkeypatch):
    inner = Ensemble([load_scorer("tamis-mini")], name="inner")
    inner.save(tmp_path / "models" / "inner")
    outer = Ensemble([inner, load_scorer("e5-small")], specs=["../models/inner", "e5-small"], name="outer")
    outer.save(tmp_path / "outer")
    monkeypatch.chdir("/")

    def load(spec):
        return Ensemble.load(Path(spec), load_scorer) if Path(spec).is_dir() else load_scorer(spec)

    again = Ensemble.load(tmp_path / "outer", load)
    assert again.fingerprint == outer.fingerprint
    again.save(tmp_path / "elsewhere" / "deep")
    assert Ensemble.load(tmp_path / "elsewhere" / "deep", load).fingerprint == outer.fingerprint


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"architecture": "cascade"}, "expected architecture 'ensemble'"),
        ({"version": 9}, "use the one that wrote it"),
        ({"fingerprints": ["x", "y"]}, "expected 'x': put back the model"),
        ({"fingerprints": ["x"]}, "lists of one length"),
        ({"members": 3}, "lists of one length"),
        ({"members": [".", "e5-small"]}, "names itself"),
        ({"weights": [1, -1]}, "no ensemble folder.*at least 0"),
        ({"weights": "heavy"}, "no ensemble folder"),
        ({"location": [0]}, "expected 2 finite constants"),
        ({"scale": [0, 1]}, "'scale' must be above 0"),
        ({"calibrators": []}, "expected 2 calibrators"),
    ],
)
def test_a_spoilt_folder_is_refused(fitted, tmp_path, change, says):
    fitted.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text("utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, **change}), "utf-8")
    with pytest.raises(ModelError, match=says):
        Ensemble.load(tmp_path, load_scorer)
    (tmp_path / "config.json").write_text("{", "utf-8")
    with pytest.raises(ModelError, match="no ensemble folder"):
        Ensemble.load(tmp_path, load_scorer)
