"""Where negatives are looked for: uniform draws, windows of ranks, and nothing that depends on other queries."""

import numpy as np
import pytest

from tamis import Document, Index, Query
from tamis.data import Example
from tamis.errors import InputError
from tamis.train.sources.candidates import Random, Ranked, corpus_of

CORPUS = [Document(f"d{at}", f"drum sieve number {at} " + "rain " * at) for at in range(20)]
QUERIES = [Query(f"drum {at}") for at in range(400)]


@pytest.fixture(scope="module")
def index():
    return Index.build(CORPUS, encoder=None)


def test_random_draws_are_uniform_and_never_twice():
    drawn = Random(CORPUS, most=5, seed=3).propose(QUERIES)
    assert all(len({doc.id for doc in docs}) == len(docs) == 5 for docs in drawn)
    counts = np.array([sum(doc.id == one.id for docs in drawn for one in docs) for doc in CORPUS])
    expected, deviation = 400 * 5 / 20, np.sqrt(400 * 0.25 * 0.75)
    assert np.abs(counts - expected).max() < 4 * deviation


def test_random_takes_all_of_a_small_corpus():
    assert {doc.id for doc in Random(CORPUS[:3]).propose([Query("q")])[0]} == {"d0", "d1", "d2"}


def test_what_a_query_draws_depends_on_itself_and_the_seed_only():
    alone = Random(CORPUS, 5).propose(QUERIES[7:8])[0]
    assert alone == Random(CORPUS, 5).propose(QUERIES)[7]
    assert alone != Random(CORPUS, 5, seed=1).propose(QUERIES)[7]
    assert alone != Random(CORPUS, 5).propose([Query("drum 7", instruction="law")])[0]


def test_ranked_gives_the_window_of_a_search(index):
    query = Query("drum sieve")
    whole = [item.doc.id for item in index.search(query, 20, mode="bm25")]
    assert [doc.id for doc in Ranked(index.retriever("bm25"), 3, 6).propose([query])[0]] == whole[2:6]
    assert [doc.id for doc in Ranked(index.retriever("bm25"), 19, 50).propose([query])[0]] == whole[18:]
    assert Ranked(index.retriever("bm25"), 21, 50).propose([query]) == [[]]


def test_shuffled_ranks_are_the_same_documents_in_another_order(index):
    query = Query("drum sieve")
    straight, shuffled = (Ranked(index.retriever("bm25"), 2, 18, seed).propose([query])[0] for seed in (None, 0))
    assert straight != shuffled and sorted(d.id for d in straight) == sorted(d.id for d in shuffled)


@pytest.mark.parametrize(("first", "last"), [(0, 5), (6, 5), (-1, 3)])
def test_ranks_that_are_no_window(index, first, last):
    with pytest.raises(InputError, match="ranks must run from 1"):
        Ranked(index.retriever("bm25"), first, last)


def test_corpus_of_examples_leaves_out_blank_texts():
    assert [doc.text for doc in corpus_of([Example("q", ("a", " ", "b", "a"), (1, 0, 0, 1))])] == ["a", "b"]
