"""Evidence of a first stage: what a stage is called after it, and what is refused."""

import numpy as np
import pytest

from tamis.core import Document, Query
from tamis.errors import InputError
from tamis.score import evidence_of, stage_name
from tamis.score.evidence import check_evidence

from .tables import Hashed

PAIRS = [(Query("q"), Document(str(at), "text")) for at in range(2)]


class Weighs(Hashed):
    evidence = ("bm25", "dense")

    def score_with_evidence(self, pairs, evidence):
        return sum(evidence.values(), self.score(pairs))


@pytest.mark.parametrize("evidence", [(), ("bm25",), ("dense",), ("bm25", "dense")])
def test_a_stages_name_says_its_evidence(evidence):
    assert evidence_of(stage_name(Weighs("a"), evidence), Weighs("a")) == evidence
    assert evidence_of(stage_name(Weighs("a"), evidence), Hashed("a")) == (None if evidence else ())
    assert evidence_of(stage_name(Weighs("a"), evidence), Weighs("b")) is None


def test_the_name_of_the_scorer_may_hold_a_plus():
    assert evidence_of("a+bm25", Hashed("a+bm25")) == ()
    assert evidence_of("a+passages+dense", Weighs("a+passages")) == ("dense",)


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        ({"clicks": np.zeros(2)}, "'clicks' cannot be weighed, only 'bm25', 'dense'"),
        ({"bm25": np.zeros(3)}, r"expected 'bm25' of shape \(2,\), one a pair, got \(3,\)"),
        ({"bm25": np.zeros(2), "dense": np.array([0.5, np.nan])}, "one finite number a pair of 'dense': leave it out"),
    ],
)
def test_what_cannot_be_weighed_is_refused(evidence, says):
    with pytest.raises(InputError, match=says):
        check_evidence(("bm25", "dense"), PAIRS, evidence)
