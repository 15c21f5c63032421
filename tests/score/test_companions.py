"""Scorers whose scores depend on the candidates: what must hold for them instead of the scorers' conformance."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis.core import Candidate, Document, Query, Ranking, Scorer
from tamis.errors import InputError
from tamis.pipeline import Rerank, chunks, scored
from tamis.score import Cached, Cascade, Ensemble, Passages, RankFusion, depends_on_companions, load_scorer

from .tables import Hashed

TEXTS = ["A tamis is a drum sieve.", "试用期不得超过六个月。", "", "Rain fell.", "雨", "sieve " * 40, "\x00 \ud800"]
QUERIES = [Query("what is a tamis?"), Query("试用期多久"), Query("?"), Query("rain", id="r"), Query("rain", id="s")]
PAIRS = [(query, Document(f"d{at}", text)) for query in QUERIES for at, text in enumerate(TEXTS)]
CALIBRATION = [(Query(f"question {q}"), Document(f"{q}-{d}", f"text {d} {q}")) for q in range(14) for d in range(7)]

MADE = {
    "rank fusion": lambda: RankFusion([Hashed("a"), Hashed("b")]),
    "rank fusion of models": lambda: RankFusion([load_scorer("tamis-mini"), load_scorer("e5-small")]),
    "cascade": lambda: Cascade(Hashed("a"), Hashed("b"), k=2, error=0.2).fit(CALIBRATION),
    "cascade of models": lambda: Cascade(load_scorer("e5-small"), load_scorer("tamis-mini"), k=2, error=0.2).fit(
        CALIBRATION
    ),
    "ensemble of a fusion": lambda: Ensemble([RankFusion([Hashed("a")]), Hashed("b")]).fit(CALIBRATION),
}


@pytest.fixture(params=MADE, scope="module")
def made(request):
    return MADE[request.param]


@pytest.fixture(scope="module")
def scorer(made) -> Scorer:
    return made()


def test_follows_the_protocol(scorer):
    assert isinstance(scorer, Scorer)
    assert scorer.name in scorer.fingerprint
    assert depends_on_companions(scorer)


def test_one_finite_score_a_pair(scorer):
    scores = scorer.score(PAIRS)
    assert scores.shape == (len(PAIRS),)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


def test_nothing_gives_nothing(scorer):
    assert scorer.score([]).shape == (0,)


def test_the_order_of_the_input_does_not_matter(scorer):
    shuffled = np.random.default_rng(0).permutation(len(PAIRS))
    np.testing.assert_allclose(scorer.score([PAIRS[i] for i in shuffled]), scorer.score(PAIRS)[shuffled], atol=1e-9)


def test_other_queries_do_not_matter(scorer):
    together = scorer.score(PAIRS)
    for query in QUERIES:
        places = [at for at, (asked, _) in enumerate(PAIRS) if asked == query]
        np.testing.assert_allclose(scorer.score([PAIRS[at] for at in places]), together[places], atol=1e-9)


def test_a_pair_that_stands_twice_counts_once(scorer):
    np.testing.assert_allclose(scorer.score(PAIRS + PAIRS[:9])[: len(PAIRS)], scorer.score(PAIRS), atol=1e-9)


def test_the_same_call_gives_the_same_bits_in_any_thread(scorer):
    alone = scorer.score(PAIRS)
    with ThreadPoolExecutor(8) as pool:
        for scores in pool.map(lambda _: scorer.score(PAIRS), range(16)):
            np.testing.assert_array_equal(scores, alone)


def test_making_it_again_gives_the_same_scores_and_fingerprint(made, scorer):
    again = made()
    assert again.fingerprint == scorer.fingerprint
    np.testing.assert_array_equal(again.score(PAIRS), scorer.score(PAIRS))


def test_it_can_be_neither_cached_nor_cut_into_passages(scorer):
    with pytest.raises(InputError, match="by its companions"):
        Cached(scorer)
    with pytest.raises(InputError, match="by its companions"):
        Passages(scorer)


def test_chunks_never_part_the_candidates_of_a_query(scorer, monkeypatch):
    monkeypatch.setattr("tamis.pipeline.CHUNK", 3)
    pieces = list(chunks(scorer, PAIRS))
    assert sorted(np.concatenate(pieces).tolist()) == list(range(len(PAIRS)))
    assert [len({PAIRS[at][0] for at in piece}) for piece in pieces] == [1] * len(QUERIES)
    np.testing.assert_allclose(scored(scorer, PAIRS), scorer.score(PAIRS), atol=1e-9)


def test_it_reranks(scorer):
    items = tuple(Candidate(document, 0.0) for _, document in PAIRS[: len(TEXTS)])
    (found,) = Rerank(scorer)([Ranking(QUERIES[0], items)])
    assert sorted(c.doc.id for c in found) == [f"d{at}" for at in range(len(TEXTS))]
    assert list(found.scores) == sorted(scorer.score(PAIRS[: len(TEXTS)]), reverse=True)
