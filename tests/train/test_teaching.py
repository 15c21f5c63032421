"""A teacher's scores brought to what a student can reach, and recorded."""

import numpy as np
import pytest

from tamis.core import Document, Query
from tamis.data import Example
from tamis.errors import InputError
from tamis.train.teaching import SPREADS, Recorded, Scale, Teacher

KINDS = tuple(SPREADS)


def scored(spread, *, lists=50, level=0.0):
    random = np.random.default_rng(0)
    texts = tuple(map(str, range(8)))
    columns = random.normal(size=(lists, 8)) * spread + random.normal(size=(lists, 1)) * level
    return [Example(str(at), texts, scores=tuple(column)) for at, column in enumerate(columns.tolist())]


def spread_of(examples):
    columns = np.array([one.scores for one in examples])
    return float((columns - columns.mean(1, keepdims=True)).std())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spread", [0.02, 0.7, 1.6, 5.0, 40.0])
def test_a_spread_that_suits_stays_and_another_goes_to_the_nearest_that_does(kind, spread):
    examples = scored(spread, level=100.0)  # what a query's scores lie around does not matter
    scale = Scale.fitted(examples, kind)
    least, most = SPREADS[kind]
    assert scale.spread == pytest.approx(spread_of(examples), rel=1e-5)
    assert spread_of(map(scale.of, examples)) == pytest.approx(min(max(scale.spread, least), most), rel=1e-5)
    if least < scale.spread < most:
        assert scale.factor == 1 and [scale.of(one) for one in examples] == examples


def test_a_factor_that_is_given_is_taken_and_the_spread_still_told():
    scale = Scale.fitted(scored(5.0), "bi-encoder", 0.5)
    assert scale.factor == 0.5 and 4 < scale.spread < 6
    for wrong in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(InputError, match="by a number above 0"):
            Scale.fitted(scored(5.0), "bi-encoder", wrong)


def test_a_teacher_that_tells_nothing_apart_is_refused():
    for examples in (scored(0.0, level=3.0), [Example("q", ("a",), scores=(3.0,))], []):
        with pytest.raises(InputError, match="the same score: there is nothing to learn"):
            Scale.fitted(examples, "cross-encoder")


def test_recorded_scores_are_told_apart_by_query_instruction_and_text():
    known = [Example("q", ("a", "b"), scores=(1.0, 2.0)), Example("q", ("a",), instruction="other", scores=(3.0,))]
    scorer = Recorded("deep", "deep:1", known)
    asked = [(Query("q"), Document("9", "b")), (Query("q", id="7", instruction="other"), Document("9", "a"))]
    assert scorer.score(asked).tolist() == [2.0, 3.0]


def test_what_a_teacher_is(tmp_path):
    assert Teacher("e5-small").folder.is_dir() and not Teacher("e5-small").remote
    assert Teacher("tei+http://127.0.0.1:1").remote and Teacher("tei+http://127.0.0.1:1").folder is None
    assert Teacher(str(tmp_path)).folder == tmp_path
    loaded = Teacher("e5-small")
    assert loaded.scorer is loaded.scorer and loaded.scorer.name == "e5-small"
