"""Dev data: names that leak nothing, labels checked, scores in the documents' order."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tamis.data import Example
from tamis.errors import InputError
from tamis.recall import Index
from tamis.train.after.figures import MAIN, measure
from tamis.train.after.ranked import DevSet

from .worlds import Constant, Noisy, examples


def test_ids_are_of_the_texts_and_the_sources_order_changes_nothing():
    straight = examples(20)
    turned = [Example(e.query, e.documents[::-1], e.labels[::-1]) for e in straight]
    one, other = DevSet.of(straight), DevSet.of(turned)
    assert [j.documents for j in one.queries] == [j.documents for j in other.queries]
    assert all((a.labels == b.labels).all() for a, b in zip(one.queries, other.queries, strict=True))
    ids = [d.id for j in one.queries for d in j.documents]
    assert all(len(i) == 16 and not i.isspace() for i in ids)


def test_ties_do_not_go_to_what_stood_first():
    many = examples(150, listed=6, relevant=1)  # the relevant one stands first in every source list
    found = measure(many, {"after": Constant()})
    tied, chance = (found[name].intervals[MAIN] for name in ("after", "random"))
    assert tied.low <= chance.mean <= tied.high
    ranks = [found.ranked("after").ranks(at)[found.dev.relevant(at)][0] for at in range(150)]
    assert np.mean(ranks) == pytest.approx(3.5, abs=4 * math.sqrt(35 / 12 / 150))


def test_order_and_ranks_are_those_of_the_measures():
    dev = DevSet.of(examples(10))
    ranked = dev.ranked("after", Noisy("n", 0.5))
    for at in range(10):
        order, ranks = ranked.order(at), ranked.ranks(at)
        assert (np.diff(ranked.scores[at][order]) <= 0).all()
        assert ranks[order].tolist() == list(range(1, 13))
        listed = sorted(
            ranked.run()[str(at + 1)].items(), key=lambda item: (np.float32(item[1]), item[0]), reverse=True
        )
        assert [dev.queries[at].documents[i].id for i in order] == [name for name, _ in listed]
        assert [c.doc for c in ranked.rankings()[at]] == [dev.queries[at].documents[i] for i in order]


def test_scores_belong_to_their_documents():
    dev, scorer = DevSet.of(examples(5)), Noisy("n", 0.5)
    ranked = dev.ranked("after", scorer)
    for one, scores in zip(dev.queries, ranked.scores, strict=True):
        assert scores.tolist() == scorer.score([(one.query, document) for document in one.documents]).tolist()


def test_a_text_that_stands_twice_is_one_document_with_the_higher_label():
    dev = DevSet.of([Example("q", ("a", "b", "a"), (0.0, 0.0, 2.0))])
    assert dev.repeated == 1
    assert {d.text: g for d, g in zip(dev.queries[0].documents, dev.queries[0].labels, strict=True)} == {"a": 2, "b": 0}


def test_labels_without_weight_count_nowhere():
    dev = DevSet.of([Example("q", ("a", "b", "c"), (1.0, 0.0, 1.0), weights=(1.0, 0.5, 0.0))])
    assert sorted(d.text for d in dev.queries[0].documents) == ["a", "b"]


@pytest.mark.parametrize(
    ("labels", "least", "fractional", "graded"),
    [((0.0, 1.0), 1.0, False, False), ((0.0, 3.0), 1.0, False, True), ((0.2, 0.9), 0.5, True, True)],
)
def test_what_counts_as_relevant(labels, least, fractional, graded):
    dev = DevSet.of([Example("q", ("a", "b"), labels)])
    assert (dev.relevant_from, dev.fractional, dev.graded) == (least, fractional, graded)
    assert DevSet.of([Example("q", ("a", "b"), labels)], relevant_from=2).relevant_from == 2


def test_queries_whose_labels_are_equal_stay_but_do_not_tell():
    dev = DevSet.of(
        [Example("q", ("a", "b"), (0.0, 0.0)), Example("r", ("a", "b"), (1.0, 0.0)), Example("s", ("a",), (1.0,))]
    )
    assert dev.telling == (1,) and len(dev.queries) == 3 and dev.pairs == 5


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "no dev query"),
        ([Example("q", (), ())], "no dev query"),
        ([Example("q", ("a", "b"))], "dev query 1: expected 2 labels, one a document, got no labels"),
        ([Example("q", ("a",), (1.0,)), Example("q", ("a", "b"), (1.0,))], "dev query 2: expected 2 labels"),
        ([Example("q", ("a", "b"), (1.0, -1.0))], "dev query 1: a label is a grade of 0 .* got -1"),
        ([Example("q", ("a", "b"), (1.0, math.nan))], "got nan"),
    ],
)
def test_data_that_cannot_be_used_are_one_clear_error(given, says):
    with pytest.raises(InputError, match=says):
        DevSet.of(given)


def test_bm25_is_that_of_an_index_over_the_dev_documents():
    data = examples(8)
    ranked = DevSet.of(data).ranked_by_words()
    index = Index.build(sorted({text for e in data for text in e.documents}), encoder=None)
    for one, scores in zip(ranked.dev.queries, ranked.scores, strict=True):
        found = {c.doc.text: c.score for c in index.search(one.query, k=1000)}
        assert scores.tolist() == [found.get(document.text, 0.0) for document in one.documents]


def test_what_was_cut_off_is_known_by_document():
    dev = DevSet.of(examples(3))
    assert not dev.ranked("after", Constant()).truncated(0).any()
    cut = dev.ranked("after", Noisy("n", 0.1, window=6)).truncated(0)
    assert cut.tolist() == [max(len(d.text.split()) - 6, 0) for d in dev.queries[0].documents] and cut.any()
