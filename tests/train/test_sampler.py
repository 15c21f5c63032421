"""The lists of each step: every query once an epoch, others of its documents in other epochs, the same on every run."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.data import Example
from tamis.errors import InputError
from tamis.train.options import Batches
from tamis.train.sampler import Sampler

EXAMPLES = [
    Example(f"q{at}", tuple(f"{at}.{number}" for number in range(9)), (1.0, 2.0, 1.0) + (0.0,) * 6) for at in range(10)
]


def lists(examples, seed=0, **batches):
    sampler = Sampler(examples, Batches(**batches), seed)
    return [sampler.at(step) for step in range(sampler.steps)]


@given(
    count=st.integers(1, 12),
    queries=st.integers(1, 5),
    documents=st.integers(2, 7),
    epochs=st.integers(1, 3),
    seed=st.integers(0, 9),
)
def test_every_epoch_sees_every_query_once(count, queries, documents, epochs, seed):
    sampler = Sampler(EXAMPLES[:count], Batches(queries, documents, epochs=epochs), seed)
    if count == 1:  # nobody else's documents are needed here
        assert sampler.steps == epochs
    seen = [Counter() for _ in range(epochs)]
    for step in range(sampler.steps):
        drawn = sampler.at(step)
        assert 1 <= len(drawn) <= queries
        seen[step // sampler.an_epoch].update(one.query for one in drawn)
        for one in drawn:
            assert len(one.documents) == len(one.labels) == len(set(one.documents)) == documents
            good = sum(label > 0 for label in one.labels)
            assert 1 <= good <= max(1, documents // 2, documents - 6)  # negatives fill the rest
            assert all(text.startswith(one.query[1:] + ".") for text in one.documents)
    assert all(each == Counter({one.query: 1 for one in EXAMPLES[:count]}) for each in seen)


def test_labels_weights_and_scores_go_with_their_documents():
    texts = tuple("abcdefgh")
    one = Example(
        "q", texts, tuple(map(float, range(8))), "task", tuple(map(float, range(10, 18))), (2.0,) * 4 + (3.0,) * 4
    )
    for [drawn] in lists([one], documents=4, epochs=6):
        places = [texts.index(text) for text in drawn.documents]
        assert drawn.labels == tuple(map(float, places))
        assert drawn.scores == tuple(place + 10.0 for place in places)
        assert drawn.weights == tuple(2.0 if place < 4 else 3.0 for place in places)
        assert drawn.instruction == "task"


def test_other_epochs_show_other_documents():
    found = {text for [drawn] in lists(EXAMPLES[:1], documents=3, epochs=30) for text in drawn.documents}
    assert found == set(EXAMPLES[0].documents)


def test_seed_and_step_alone_decide():
    assert lists(EXAMPLES, queries=3) == lists(EXAMPLES, queries=3)
    assert lists(EXAMPLES, queries=3) != lists(EXAMPLES, seed=1, queries=3)
    sampler = Sampler(EXAMPLES, Batches(queries=3), 0)
    assert sampler.at(7) == Sampler(EXAMPLES, Batches(queries=3), 0).at(7)  # nothing was drawn before it


def test_the_order_in_which_data_stand_changes_nothing():
    turned = [Example(e.query, e.documents[::-1], e.labels[::-1], e.instruction) for e in reversed(EXAMPLES)]
    assert lists(turned, queries=3) == lists(EXAMPLES, queries=3)


def test_a_query_without_negatives_gets_documents_of_others():
    good = [Example(f"q{at}", tuple(f"{at}.{n}" for n in range(5)), (1.0,) * 5) for at in range(6)]
    for drawn in lists(good, queries=6, documents=4, epochs=5):
        for one in drawn:
            own = [text.startswith(one.query[1:] + ".") for text in one.documents]
            assert own == [label > 0 for label in one.labels] == [True, True, False, False]


def test_its_own_documents_are_no_negatives_wherever_else_they_stand():
    shared = [Example("a", ("x", "y"), (1.0, 1.0)), Example("b", ("x", "y", "z"), (1.0, 1.0, 1.0))]
    for drawn in lists(shared, documents=4, epochs=20):
        [own] = [one for one in drawn if one.query == "a"]
        assert {text for text, label in zip(own.documents, own.labels, strict=True) if not label} <= {"z"}


def test_a_teacher_said_nothing_of_the_documents_of_others():
    taught = [Example(f"q{at}", (f"{at}.a", f"{at}.b"), (1.0, 1.0), "", (3.0, 2.0), (2.0, 2.0)) for at in range(4)]
    for one in lists(taught, documents=4, epochs=1)[0]:
        assert sorted(one.scores[:2]) == [2.0, 3.0] and all(score != score for score in one.scores[2:])
        assert one.weights == (2.0, 2.0, 1.0, 1.0)


def test_a_teachers_scores_alone():
    taught = [Example("q", tuple("abcdef"), (), "", (1.0,) * 6)]
    [[drawn]] = lists(taught, documents=4, epochs=1)
    assert len(drawn.documents) == len(drawn.scores) == 4 and drawn.labels == ()


def test_how_many_steps():
    assert Sampler(EXAMPLES, Batches(queries=4), 0).steps == 9  # three epochs of three
    assert Sampler(EXAMPLES, Batches(queries=4, epochs=0.5), 0).steps == 2
    assert Sampler(EXAMPLES, Batches(queries=4, max_steps=50), 0).steps == 50
    assert Sampler(EXAMPLES, Batches(queries=4, epochs=1, max_steps=50), 0).steps == 3
    assert Sampler(EXAMPLES, Batches(queries=4), 0).epoch(6) == 2.0


def test_no_examples():
    with pytest.raises(InputError, match="no query to learn from"):
        Sampler([], Batches(), 0)
