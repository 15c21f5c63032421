"""The nouns: scores change in one way only, provenance stays, wrong input is told at once."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.core import Candidate, Decision, Document, Query, Ranking, as_documents, as_query
from tamis.errors import InputError

SCORES = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.0]), max_size=20)


def ranking(size):
    return Ranking(Query("q"), tuple(Candidate(Document(str(i), f"text {i}"), -i, {"bm25": -i}) for i in range(size)))


def ids(found):
    return [candidate.doc.id for candidate in found]


@given(SCORES)
def test_rescored_is_a_stable_sort_that_keeps_everything(scores):
    before = ranking(len(scores))
    after = before.rescored("mini", scores)
    assert ids(after) == [str(i) for i in sorted(range(len(scores)), key=lambda i: -scores[i])]
    assert [c.score for c in after] == [c.scores["mini"] for c in after] == sorted(scores, reverse=True)
    assert all(c.scores["bm25"] == -int(c.doc.id) for c in after)
    assert before == ranking(len(scores)), "the ranking it was called on must not change"


@given(SCORES)
def test_rescoring_by_the_own_scores_changes_no_order(scores):
    once = ranking(len(scores)).rescored("mini", scores)
    assert ids(once.rescored("again", once.scores)) == ids(once)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_calibrated_keeps_order_and_scores(probabilities):
    before = ranking(len(probabilities))
    after = before.calibrated(probabilities)
    assert ids(after) == ids(before)
    assert [c.score for c in after] == [c.score for c in before]
    assert [c.probability for c in after] == probabilities
    assert all(c.probability is None for c in before)


def test_notes_are_merged_and_stay_with_their_candidate():
    found = ranking(2).rescored("a", [1, 2], [{"cut": 1}, {}]).rescored("b", [1, 2], [{}, {"cut": 3, "why": "long"}])
    assert {c.doc.id: dict(c.notes) for c in found} == {"1": {}, "0": {"cut": 3, "why": "long"}}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda r: r.rescored("mini", [1.0]), "stage 'mini': expected 2 scores, one a candidate, got shape (1,)"),
        (lambda r: r.rescored("mini", [[1.0], [2.0]]), "got shape (2, 1)"),
        (lambda r: r.rescored("mini", 1.0), "got shape ()"),
        (lambda r: r.rescored("mini", [1.0, float("nan")]), "score nan of document '1' is not finite"),
        (lambda r: r.rescored("mini", [float("-inf"), 1.0]), "score -inf of document '0' is not finite"),
        (lambda r: r.rescored("mini", [1, 2], [{}]), "expected 2 notes, one a candidate, got 1"),
        (lambda r: r.rescored("probability", [0.1, 0.2]), "use Ranking.calibrated"),
        (lambda r: r.calibrated([0.5, 1.5]), "must lie in [0, 1], got 0.5 to 1.5"),
        (lambda r: r.calibrated([-0.1, 0.5]), "must lie in [0, 1], got -0.1 to 0.5"),
        (lambda r: r.calibrated([0.5]), "expected 2 scores, one a candidate, got shape (1,)"),
        (lambda r: r.calibrated([0.5, float("nan")]), "is not finite"),
    ],
)
def test_scores_that_cannot_be_are_refused_with_both_numbers(call, says):
    with pytest.raises(InputError) as caught:
        call(ranking(2))
    assert says in str(caught.value)


def test_a_ranking_is_a_sequence_of_candidates():
    found = ranking(3)
    assert len(found) == 3
    assert isinstance(found[0], Candidate) and isinstance(found[:2], Ranking)
    assert ids(found[1:]) == ["1", "2"]
    assert found[:0].query == found.query
    assert found[:0].rescored("mini", []).scores.shape == (0,)
    assert found.scores.dtype == np.float64


@pytest.mark.parametrize("noun", [Query("q"), Document("a", "b"), ranking(1), ranking(1)[0], Decision(ranking(1))])
def test_nouns_are_frozen(noun):
    name = dataclasses.fields(noun)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(noun, name, None)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (Document("d", "b", title="a"), "a\nb"),
        (Document("d", "b"), "b"),
        (Document("d", "", title="a"), "a"),
        (Document("d", ""), ""),
    ],
)
def test_full_text_is_title_and_text(document, text):
    assert document.full_text == text


def test_queries_are_taken_as_text_or_query():
    assert as_query("why?") == Query("why?")
    assert as_query(Query("why?", id="7")).id == "7"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("", "the query is empty"),
        (" \t\u3000\n", "the query is empty"),
        (Query(""), "the query is empty"),
        (None, "must be a str or tamis.Query, got NoneType"),
        (b"why", "must be a str or tamis.Query, got bytes"),
    ],
)
def test_what_is_no_query_is_refused(given, says):
    with pytest.raises(InputError) as caught:
        as_query(given)
    assert says in str(caught.value)


def test_documents_are_taken_in_three_forms_and_any_iterable():
    given = ("plain", {"id": 7, "title": None, "text": "t", "year": 1900}, Document("x", "y"), {"title": "only"})
    made = as_documents(item for item in given)
    assert made == [
        Document("0", "plain"),
        Document("7", "t", "", {"year": 1900}),
        Document("x", "y"),
        Document("3", "", "only"),
    ]
    assert given[1] == {"id": 7, "title": None, "text": "t", "year": 1900}, "the caller's mapping must not change"
    assert as_documents([]) == []


def test_an_id_of_null_is_no_id_and_one_of_0_is():
    assert [
        d.id for d in as_documents([{"id": None, "text": "a"}, {"id": None, "text": "b"}, {"id": 9, "text": "c"}])
    ] == [
        "0",
        "1",
        "9",
    ]
    assert as_documents([{"text": "a", "id": 0}])[0].id == "0"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("one text", "got one str: put it in a list"),
        ({"text": "one"}, "got one dict: put it in a list"),
        (Document("a", "b"), "got one Document: put it in a list"),
        (None, "must be a list of documents, got one NoneType"),
        (["a", 3], "document at position 1: expected str, mapping or tamis.Document, got int"),
        (["a", None], "document at position 1: expected str, mapping or tamis.Document, got NoneType"),
        ([{"text": None}], "document at position 0: 'text' and 'title' must be strings"),
        ([{"text": "a", "title": 3}], "document at position 0: 'text' and 'title' must be strings"),
        ([{"body": "a", "id": 1}], "document at position 0: has no 'text', only ['body', 'id']"),
        ([Document("a", "x"), Document("a", "y")], "document id 'a' stands twice, at positions 0 and 1"),
        (["x", {"id": 0, "text": "y"}], "document id '0' stands twice, at positions 0 and 1"),
    ],
)
def test_what_are_no_documents_is_refused_with_the_place(given, says):
    with pytest.raises(InputError) as caught:
        as_documents(given)
    assert says in str(caught.value)
