"""What every scorer must do: raw logits in order, the same whatever the batch, the call or the thread."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.core import Scorer
from tamis.errors import InputError
from tamis.score import Cached, Ensemble, Passages, Weighing

QUERIES = [
    Query("试用期最长可以多久"),
    Query("how does a drum sieve work?"),
    Query("混合 query"),
    Query("?"),
    Query("ok \ud800\x00"),
    Query("\x00"),  # nothing of it is left to read
]
DOCUMENTS = [
    Document("0", "劳动合同期限三年以上的，试用期不得超过六个月。", title="劳动合同法第十九条"),
    Document("1", "A drum sieve, or tamis, works by pressing food through a fine mesh."),
    Document("2", ""),
    Document("3", "rain " * 900),
    Document("4", "", title="only a title"),
    Document("5", "\x00 \ud800 \U0001f600"),
]
PAIRS = [(query, document) for query in QUERIES for document in DOCUMENTS]


# Scorers whose scores depend on a query's other candidates have their own suite: test_companions.py.
MADE = {
    "tamis-mini": lambda: load_scorer("tamis-mini"),
    "tamis-blend": lambda: load_scorer("tamis-blend"),
    "e5-small": lambda: load_scorer("e5-small"),
    "ensemble": lambda: Ensemble([load_scorer("e5-small"), load_scorer("e5-small", max_length=64)]).fit(PAIRS),
    "cached": lambda: Cached(load_scorer("tamis-blend")),
    "passages": lambda: Passages(load_scorer("tamis-mini"), tokens=64, overlap=16),
    "cached passages, mean of the best": lambda: Cached(Passages(load_scorer("e5-small"), tokens=64, how="top-mean")),
}


@pytest.fixture(params=MADE, scope="module")
def made(request):
    """What makes the scorer."""
    return MADE[request.param]


@pytest.fixture(scope="module")
def scorer(made) -> Scorer:
    return made()


def test_follows_the_protocol(scorer):
    assert isinstance(scorer, Scorer)
    assert scorer.name in scorer.fingerprint or "cosine" in scorer.fingerprint


def test_one_finite_logit_a_pair(scorer):
    scores = scorer.score(PAIRS)
    assert scores.shape == (len(PAIRS),)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


def test_nothing_gives_nothing(scorer):
    assert scorer.score([]).shape == (0,)


def test_order_is_kept(scorer):
    scores = scorer.score(PAIRS)
    shuffled = np.random.default_rng(0).permutation(len(PAIRS))
    np.testing.assert_allclose(scorer.score([PAIRS[i] for i in shuffled]), scores[shuffled], atol=0.15)


def test_the_batch_does_not_matter(scorer):
    together = scorer.score(PAIRS)
    alone = np.array([scorer.score([pair])[0] for pair in PAIRS])
    # A thousandth of a cosine, which weighs about 50 in a logit.
    np.testing.assert_allclose(alone, together, atol=2e-3 if scorer.name.startswith("e5-small") else 0.15)


def test_the_same_call_gives_the_same_bits(scorer):
    np.testing.assert_array_equal(scorer.score(PAIRS), scorer.score(PAIRS))


def test_eight_threads_give_the_bits_of_one(scorer):
    alone = scorer.score(PAIRS)
    with ThreadPoolExecutor(8) as pool:
        for scores in pool.map(lambda _: scorer.score(PAIRS), range(16)):
            np.testing.assert_array_equal(scores, alone)


def test_loading_again_gives_the_same_scores_and_fingerprint(made, scorer):
    from tamis.score import load

    load._scorer.cache_clear()
    load._encoder.cache_clear()
    again = made()
    assert again is not scorer
    assert again.fingerprint == scorer.fingerprint
    np.testing.assert_array_equal(again.score(PAIRS), scorer.score(PAIRS))


@pytest.mark.parametrize(
    ("query", "good", "bad"),
    [
        ("试用期最长可以多久", "试用期不得超过六个月。", "用人单位应当按月支付工资。"),
        ("how does a drum sieve work?", "A drum sieve presses food through a mesh.", "Wages are paid monthly."),
        ("怎么退货", "签收后七天内可以申请退货。", "今天下了一天的雨。"),
        ("return policy", "You may send goods back within seven days.", "The sky was blue."),
    ],
)
def test_right_beats_wrong_in_both_languages(scorer, query, good, bad):
    right, wrong = scorer.score([(Query(query), Document("a", good)), (Query(query), Document("b", bad))])
    assert right > wrong


@pytest.fixture(scope="module")
def weighing(scorer) -> Weighing:
    if not isinstance(scorer, Weighing):
        pytest.skip(f"{scorer.name} weighs in no evidence")
    return scorer


def test_without_evidence_the_score_is_that_of_the_texts(scorer, weighing):
    np.testing.assert_array_equal(weighing.score_with_evidence(PAIRS, {}), scorer.score(PAIRS))


def test_each_kind_of_evidence_can_be_left_out(scorer, weighing):
    for name in weighing.evidence:
        scores = weighing.score_with_evidence(PAIRS, {name: np.full(len(PAIRS), 0.8)})
        assert np.isfinite(scores).all() and (scores != scorer.score(PAIRS)).any()


def test_evidence_counts_for_its_own_pair(weighing):
    told = {name: np.arange(len(PAIRS)) / len(PAIRS) for name in weighing.evidence}
    together = weighing.score_with_evidence(PAIRS, told)
    order = np.random.default_rng(0).permutation(len(PAIRS))
    shuffled = {name: column[order] for name, column in told.items()}
    np.testing.assert_allclose(
        weighing.score_with_evidence([PAIRS[at] for at in order], shuffled), together[order], atol=0.15
    )


def test_more_bm25_never_lowers_a_score(weighing):
    low, high = (weighing.score_with_evidence(PAIRS, {"bm25": np.full(len(PAIRS), value)}) for value in (0.0, 12.0))
    assert (high > low).all()


def test_evidence_is_one_finite_number_a_pair_of_what_can_be_weighed(weighing):
    assert weighing.score_with_evidence([], {"bm25": np.zeros(0)}).shape == (0,)
    wrong = {"one a pair": np.zeros(3), "one finite number a pair": np.full(len(PAIRS), np.nan)}
    for says, column in wrong.items():
        with pytest.raises(InputError, match=says):
            weighing.score_with_evidence(PAIRS, {"bm25": column})
    with pytest.raises(InputError, match="'clicks' cannot be weighed, only 'bm25'"):
        weighing.score_with_evidence(PAIRS, {"clicks": np.zeros(len(PAIRS))})
