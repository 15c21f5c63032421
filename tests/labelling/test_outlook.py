"""What labels of a round let expect, said in numbers and in words."""

import numpy as np

from tamis.calibrate import Labelled
from tamis.decide import PrecisionAtLeast, certify, plan_labels
from tamis.labelling.forecast import Rest
from tamis.labelling.outlook import outlook
from tamis.labelling.rounds import Round

TARGET = PrecisionAtLeast(0.9)


def drawn(count):
    scores = np.linspace(-3, 5, 5 * count)
    return Round.of(plan_labels(scores, TARGET, count), [str(at) for at in range(scores.size)], 0)


def sample(count, good, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random(count) < good
    return Labelled.of(np.where(labels, 3.0, -1.0) + rng.normal(size=count), labels)


def test_nothing_labelled_names_the_fewest_and_the_likely_number():
    found = outlook(None, TARGET, drawn(200), 200)
    assert not found.shown and not found.finished and found.more is None
    assert "at least 36 accepted pairs" in found.sentence and "about 231 where 95 %" in found.sentence


def test_a_handful_of_labels_tells_nothing():
    found = outlook(sample(3, 0.5), TARGET, drawn(200), 197)
    assert found.more is None and found.sentence.startswith("3 labels are too few to tell")
    assert "3 labelled pairs" in outlook(sample(3, 0.5), TARGET, drawn(3), 0).sentence


def rest(count, seed=5):
    scores = sample(count, 0.6, seed).scores
    return Rest(scores, np.arange(1000, 1000 + count))


def test_too_few_names_how_many_more_and_whether_the_plan_holds_them():
    data = sample(30, 0.6)
    found = outlook(data, TARGET, drawn(2000), 1970, rest(1970))
    assert found.more and 10 < found.more < 1900 and "more than are planned" not in found.sentence
    short = outlook(data, TARGET, drawn(30), 0, rest(1970))
    assert short.finished and short.more == found.more and f"{short.more} more than are planned" in short.sentence


def test_a_region_that_cannot_show_it_says_so():
    found = outlook(sample(30, 0.6), TARGET, drawn(40), 10, rest(10))
    assert found.more is None and "plan a round in a better one" in found.sentence


def test_the_number_is_what_it_takes_in_most_samples():
    """After so many more labels as are forecast, most samples show the promise."""
    shown = 0
    for seed in range(20):
        data = sample(30, 0.6, seed)
        more = outlook(data, TARGET, drawn(2000), 1970, rest(1970, seed + 50)).more
        assert more is not None
        shown += certify(sample(30 + more, 0.6, seed + 200), TARGET).issued if more else 1
    assert shown >= 13


def test_what_is_out_of_reach_says_so_without_a_number():
    rng = np.random.default_rng(1)
    hopeless = Labelled.of(rng.normal(size=200), rng.random(200) < 0.3)
    found = outlook(hopeless, TARGET, drawn(200), 0)
    assert found.more is None and "out of this scorer's reach" in found.sentence


def test_shown_is_stated_when_the_round_is_finished_only():
    data = sample(200, 0.7)
    assert "before you state it" in outlook(data, TARGET, drawn(250), 50).sentence
    end = outlook(data, TARGET, drawn(200), 0)
    assert end.shown and end.finished and end.more == 0 and "the promise is shown" in end.sentence


def test_each_case_has_a_kind_and_its_numbers():
    short = outlook(None, TARGET, drawn(20), 20)
    assert short.kind == "nothing" and short.values["needed"] == 36 and short.values["planned"] == 20
    assert outlook(sample(3, 0.5), TARGET, drawn(200), 197).kind == "few"
    assert outlook(sample(3, 0.5), TARGET, drawn(3), 0).kind == "refused"
    more = outlook(sample(30, 0.6), TARGET, drawn(30), 0, rest(1970))
    assert more.kind == "more" and more.values["more"] == more.values["unplanned"] == more.more
    assert outlook(sample(30, 0.6), TARGET, drawn(40), 10, rest(10)).kind == "hopeless"
    assert outlook(sample(200, 0.7), TARGET, drawn(250), 50).values["left"] == 50
    assert outlook(sample(200, 0.7), TARGET, drawn(200), 0).kind == "shown"


def test_all_relevant_means_that_more_may_be_possible():
    found = outlook(sample(100, 1.1), TARGET, drawn(100), 0)
    assert found.shown and "a looser threshold may keep it too" in found.sentence
