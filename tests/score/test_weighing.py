"""Weights of a first stage's evidence beside a model's logit: what is read, what is weighed, what is refused."""

import json
import shutil

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import InputError, ModelError
from tamis.score import Weighing, weighable
from tamis.score.weighing import FILE, EvidenceWeights, Weights

ROWS = {
    "bm25": {"zh": Weights(-1.0, 1.0, bm25=0.5), "other": Weights(-2.0, 1.0, bm25=0.25)},
    "dense": {"other": Weights(-12.0, 0.5, dense=15.0)},
    "bm25+dense": {"other": Weights(-13.0, 0.5, 0.125, 15.0)},
}
LOGITS = np.array([1.0, 2.0])


def test_each_query_is_weighed_in_its_own_language():
    found = EvidenceWeights(ROWS).weigh(LOGITS, {"bm25": np.array([4.0, 4.0])}, ["筛子是什么", "what is a sieve"])
    assert found.tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("evidence", "logits"),
    [
        ({}, [1.0, 2.0]),
        ({"dense": np.array([0.8, 0.9])}, [0.5, 2.5]),
        ({"dense": np.array([0.8, 0.9]), "bm25": np.array([8.0, 0.0])}, [0.5, 1.5]),
    ],
)
def test_what_is_known_decides_the_weights(evidence, logits):
    np.testing.assert_allclose(EvidenceWeights(ROWS).weigh(LOGITS, evidence, ["a sieve"] * 2), logits)


def test_what_is_written_is_read_again(tmp_path):
    EvidenceWeights(ROWS).write(tmp_path, fitted_on={"drcd": 400})
    assert EvidenceWeights.beside(tmp_path) == EvidenceWeights(ROWS)
    assert EvidenceWeights.beside(tmp_path).stages == ("bm25", "dense")
    assert json.loads((tmp_path / FILE).read_text())["fitted_on"] == {"drcd": 400}


def test_a_folder_without_the_file_has_none(tmp_path):
    assert EvidenceWeights.beside(tmp_path) is None


def test_one_stage_is_enough():
    assert EvidenceWeights({"bm25": ROWS["bm25"]}).stages == ("bm25",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "evidence.json: expected weights by stages"),
        ("[]", "expected weights"),
        ('{"weights": {}}', "known are"),
        ('{"weights": {"clicks": {"other": {"bias": 0, "logit": 1}}}}', "clicks"),
        ('{"weights": {"bm25": {"zh": {"bias": 0, "logit": 1}}}}', "no 'other'"),
        ('{"weights": {"bm25": {"other": {"bias": 0, "logit": NaN}}}}', "not finite"),
        ('{"weights": {"bm25": {"other": {"bias": 0, "logit": "1"}}}}', "expected weights"),
        ('{"weights": {"bm25": {"other": {"bias": 0, "slope": 1}}}}', "slope"),
        ('{"weights": {"bm25+dense": {"other": {"bias": 0, "logit": 1}}}}', "each alone and both"),
    ],
)
def test_a_file_that_says_something_else_is_one_clear_error(tmp_path, content, says):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(ModelError, match=says):
        EvidenceWeights.beside(tmp_path)


@pytest.fixture
def weighing(tiny_model, tmp_path):
    """A cross-encoder's folder with weights for evidence, loaded."""
    folder = shutil.copytree(tiny_model("bert"), tmp_path / "weighing")
    EvidenceWeights(ROWS).write(folder)
    return load_scorer(folder, engine="torch")


PAIRS = [(Query("筛子是什么"), Document("a", "a drum sieve")), (Query("a sieve"), Document("b", "rain"))]


def test_a_cross_encoder_weighs_what_stands_beside_it(weighing):
    assert isinstance(weighing, Weighing) and weighing.evidence == ("bm25", "dense")
    own = weighing.score(PAIRS)
    np.testing.assert_array_equal(weighing.score_with_evidence(PAIRS, {}), own)
    found = weighing.score_with_evidence(PAIRS, {"bm25": np.array([4.0, 8.0])})
    np.testing.assert_allclose(found - own, [1.0, 0.0], atol=1e-6)
    shorter = weighing.shortened(64)
    np.testing.assert_allclose(shorter.score_with_evidence(PAIRS, {"bm25": np.array([4.0, 8.0])}), found, atol=1e-6)
    with pytest.raises(InputError, match="'clicks' cannot be weighed, only 'bm25', 'dense'"):
        weighing.score_with_evidence(PAIRS, {"clicks": np.zeros(2)})


def test_the_weights_are_part_of_the_fingerprint(weighing, tiny_model):
    plain = load_scorer(tiny_model("bert"), engine="torch")
    assert weighing.fingerprint != plain.fingerprint
    assert plain.evidence == ()
    np.testing.assert_array_equal(weighing.score(PAIRS), plain.score(PAIRS))
    with pytest.raises(InputError, match="'bm25' cannot be weighed, only none"):
        plain.score_with_evidence(PAIRS, {"bm25": np.zeros(2)})


def test_a_ranking_gives_a_cross_encoder_its_evidence(weighing):
    from tamis.core import Candidate, Ranking

    found = Ranking(Query("a sieve"), (Candidate(Document("a", "tamis"), 3.0, {"bm25": 3.0}),))
    assert weighable(weighing, found) == ("bm25",)
