"""Mining: no known positive is taken, hard negatives are harder than random ones, guards and limits hold."""

import numpy as np
import pytest

from tamis import Document, Index, Query, load_scorer
from tamis.data import Example, counts
from tamis.errors import InputError
from tamis.train.sources.candidates import Random, Ranked, corpus_of
from tamis.train.sources.cutoffs import Filter, Margin
from tamis.train.sources.mining import SCORED_OUT, Mining, mine

from ...recall.conftest import HashingEncoder


def judged(collection, most=None):
    documents = collection.documents
    return [
        Example(query.text, tuple(documents[doc].full_text for doc in grades), tuple(map(float, grades.values())))
        for query in collection.judged[:most]
        if (grades := {doc: g for doc, g in collection.qrels[query.id].items() if doc in documents})
    ]


def negatives(example):
    return [text for text, label in zip(example.documents, example.labels, strict=True) if label == 0]


@pytest.fixture(scope="module")
def index(statutes):
    return Index.build(statutes.documents.values(), encoder=None)


@pytest.fixture(scope="module")
def hard(statutes, index):
    return mine(judged(statutes), Ranked(index.retriever("bm25"), 1, 100))


def test_no_mined_negative_is_a_known_positive(statutes, hard):
    positives = {q.text: {statutes.documents[d].text for d in statutes.qrels[q.id]} for q in statutes.judged}
    mined = [(example.query, text.split("\n", 1)[-1]) for example in hard.examples for text in negatives(example)]
    assert len(mined) == hard.report.negatives == 430 * 7
    assert sum(text in positives[query] for query, text in mined) == 0
    assert hard.report.removed["known positive"] > 300  # from rank 1 on, searches find most of the 696


def test_every_list_has_other_documents_and_the_given_ones_first(statutes, hard):
    for given, found in zip(judged(statutes), hard.examples, strict=True):
        assert found.documents[: len(given.documents)] == given.documents
        assert found.labels == (*given.labels, *[0.0] * 7)
        mined = negatives(found)
        assert len(set(mined)) == 7 and not set(mined) & set(given.documents)
    report = hard.report
    assert (report.queries, report.mined, report.short, report.unanswered) == (430, 430, 0, 0)
    assert report.tried == report.negatives + sum(report.removed.values())
    assert counts(hard.examples).without_negative == 0


def test_bm25_negatives_are_harder_than_random_ones(statutes, hard):
    scorer = load_scorer("tamis-mini", max_length=64)
    easy = mine(judged(statutes, 8), Random(list(statutes.documents.values())))
    means = []
    for found in (hard, easy):
        pairs = [(Query(e.query), Document("", text)) for e in found.examples[:8] for text in negatives(e)[:1]]
        means.append(scorer.score(pairs).mean())
    assert means[0] > means[1] + 3.0, means  # measured on 20 queries: 3.1 and -4.1 logits


def test_positives_that_nobody_named_stand_in_the_ranks_that_are_skipped(statutes, index):
    whole = [example for example in judged(statutes) if len(set(example.documents)) > 1]
    hidden = [Example(example.query, example.documents[:1], (1.0,)) for example in whole]
    taken = []
    for first in (1, 10):
        found = mine(hidden, Ranked(index.retriever("bm25"), first, 100)).examples
        wrong = [set(negatives(e)) & set(w.documents) for e, w in zip(found, whole, strict=True)]
        taken.append(sum(map(len, wrong)) / sum(len(negatives(e)) for e in found))
    assert taken[1] < 0.5 * taken[0] < 0.06, taken  # measured on 149 queries: 8.3 % of the negatives, then 2.5 %


def test_planted_copies_of_positives_are_removed(statutes):
    examples = judged(statutes, 30)
    planted = []
    for at, example in enumerate(examples):
        text = example.documents[0]
        planted += [
            Document(f"copy{at}", text),
            Document(f"width{at}", text.replace("，", " , ").replace("。", "．")),
            Document(f"part{at}", text[: max(30, 2 * len(text) // 3)]),
            Document(f"more{at}", f"{text} 本条自公布之日起施行。"),
        ]
    corpus = [*list(statutes.documents.values())[:600], *planted]
    candidates = Ranked(Index.build(corpus, encoder=None).retriever("bm25"), 1, 60)
    found = mine(examples, candidates)
    # The copies of one query's positive may well be negatives of another.
    copies = [{doc.text for doc in planted[4 * at : 4 * at + 4]} for at in range(len(examples))]
    assert not any(own & set(negatives(example)) for own, example in zip(copies, found.examples, strict=True))
    for guard in ("known positive", "identical to a positive", "near duplicate of a positive"):
        assert found.report.removed[guard] > 20  # of 30: BM25 finds some positives below rank 60 only
    unguarded = mine(examples, candidates, Mining(near=None))
    let_in = sum(len(own & set(negatives(e))) for own, e in zip(copies, unguarded.examples, strict=True))
    assert let_in > 20


def test_neither_batches_nor_other_queries_change_what_is_mined(statutes, index):
    examples = judged(statutes, 30)
    for candidates in (Ranked(index.retriever("bm25"), 10, 60, seed=1), Random(list(statutes.documents.values()))):
        whole = mine(examples, candidates, Mining(negatives=3)).examples
        assert whole == mine(examples, candidates, Mining(negatives=3, batch=7)).examples
        assert whole[11] == mine(examples[11:12], candidates, Mining(negatives=3)).examples[0]


def test_a_scorer_keeps_negatives_below_the_positives_and_leaves_its_scores(statutes, index, shared_words):
    examples = judged(statutes, 40)
    options = Mining(negatives=3, filter=Filter(Margin(0.5), lowest=-4.5))
    found = mine(examples, Ranked(index.retriever("bm25"), 1, 40), options, scorer=shared_words)
    spent = shared_words.scored
    for example in found.examples:
        scores = shared_words.score([(Query(example.query), Document("", text)) for text in example.documents])
        assert example.scores == pytest.approx(scores)
        good = np.array(example.labels) > 0
        limit = scores[good].min() - 0.5
        assert (scores[~good] < limit).all() and (scores[~good] >= -4.5).all()
    report = found.report
    assert report.scorer == "shared-words" and report.removed[SCORED_OUT] > 0
    assert report.short == sum(len(negatives(e)) < 3 for e in found.examples) > 0
    assert report.positives.count == sum(len(e.documents) for e in examples)
    mined = [s for e in found.examples for s, label in zip(e.scores, e.labels, strict=True) if label == 0]
    assert report.mined_scores.count == len(mined) == report.negatives
    assert report.mined_scores.mean == pytest.approx(np.mean(mined))
    assert report.mined_scores.quantiles == pytest.approx(np.percentile(mined, (5, 25, 50, 75, 95)))
    taken = sum(len(e.documents) for e in examples) + report.tried
    assert spent <= taken - report.removed["known positive"]  # nothing is scored that a guard removes


def test_the_hardest_come_first_and_no_more_than_are_wanted_are_tried(index, statutes):
    example = judged(statutes, 1)[0]
    ranked = [item.doc.full_text for item in index.search(example.query, 40, mode="bm25")][9:]
    found = mine([example], Ranked(index.retriever("bm25"), 10, 40), Mining(negatives=4))
    assert negatives(found.examples[0]) == [text for text in ranked if text not in example.documents][:4]
    assert found.report.tried <= 5


def test_dense_and_hybrid_search(statutes):
    corpus = list(statutes.documents.values())[:300]
    examples = [Example("夫妻一方的债务由谁偿还", (corpus[3].full_text,), (1.0,)), Example("sieve", ("x y",), (1.0,))]
    index = Index.build(corpus, encoder=HashingEncoder())
    for mode in ("dense", "hybrid"):
        found = mine(examples, Ranked(index.retriever(mode), 2, 20), Mining(negatives=5))
        ranked = [item.doc.full_text for item in index.search(examples[1].query, 20, mode=mode)]
        assert negatives(found.examples[1]) == ranked[1:6]


def test_queries_without_a_positive_are_left_as_they_are():
    examples = [Example("q", ("a",), (0.0,)), Example("p", ("b",), (1.0,), weights=(3.0,))]
    found = mine(examples, Random([Document("1", "c"), Document("2", "d")]), Mining(negatives=5))
    assert found.examples[0] == examples[0]
    assert found.examples[1].weights == (3.0, 1.0, 1.0)
    assert (found.report.unanswered, found.report.short, found.report.mined) == (1, 1, 1)


def test_a_files_own_documents_as_corpus():
    examples = [Example(f"query {at}", (f"answer {at}",), (1.0,), "task") for at in range(9)]
    found = mine(examples, Random(corpus_of(examples)), Mining(negatives=3))
    assert all(len(negatives(e)) == 3 and e.instruction == "task" for e in found.examples)


def test_progress_and_nothing_at_all():
    seen = []
    examples = [Example(f"q{at}", ("a",), (1.0,)) for at in range(5)]
    mine(examples, Random([Document("1", "c")]), Mining(batch=2), progress=lambda done, all: seen.append((done, all)))
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert mine([], Random([Document("1", "c")])).examples == []


class Companions:
    name = fingerprint = "companions"
    depends_on_companions = True

    def score(self, pairs):
        return np.zeros(len(pairs))


@pytest.mark.parametrize(
    ("example", "scorer", "says"),
    [
        (Example("q", ("a",)), None, "query 'q' has no labels"),
        (Example("q", ("a",), (1.0,), scores=(0.5,)), None, "has a teacher's scores, which mined documents would lack"),
        (Example("q", ("a",), (1.0,)), Companions(), "choose a scorer whose scores stand alone"),
    ],
)
def test_what_cannot_be_mined(example, scorer, says):
    with pytest.raises(InputError, match=says):
        mine([example], Random([Document("1", "c")]), scorer=scorer)


@pytest.mark.parametrize("wrong", [{"negatives": 0}, {"batch": 0}, {"near": 0.0}, {"near": 1.5}])
def test_options_out_of_range(wrong):
    with pytest.raises(InputError, match="must"):
        Mining(**wrong)
