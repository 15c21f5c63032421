"""How far an exported model's scores are from those of the model it was made of, on texts that ship with tamis."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import product

import numpy as np

from tamis.core import Document, Floats, Pair, Query, Scorer

QUERIES = (
    "how do i return goods i bought online",
    "怎么申请退货",
    "what is a drum sieve used for",
    "试用期最长可以多久",
    "how to reset a forgotten password",
    "发票可以补开吗",
    "side effects of taking too much vitamin d",
    "高血压患者可以喝咖啡吗",
    "difference between a list and a tuple in python",
    "地铁末班车是几点",
)
DOCUMENTS = (
    "Goods may be returned within seven days of delivery if they are unused. Log in, open the order and choose "
    "Return; a courier collects the parcel, and the price is refunded to your card within five working days.",
    "签收后七天内可以申请退货：进入订单页面，点击“申请退货”，填写原因并上传照片，审核通过后快递员上门取件，退款在五个工作日内原路退回。",
    "A tamis, or drum sieve, is a wide ring with a fine mesh. Cooks push purees through it with a scraper.",
    "劳动合同期限三个月以上不满一年的，试用期不得超过一个月；一年以上不满三年的，不得超过二个月；三年以上固定期限的，不得超过六个月。",
    "To reset your password, click Forgot password on the sign-in page and follow the link that we e-mail to you.",
    "订单完成后一年内可以补开电子发票，请在“我的订单”中选择“补开发票”并填写抬头和税号。",
    "Too much vitamin D raises calcium in the blood: nausea, weakness, frequent urination, kidney stones may follow.",
    "血压控制良好的人每天喝一两杯咖啡一般没有问题，但血压偏高或喝后心慌的人应减少或避免。",
    "Lists are mutable and written with brackets; tuples are immutable, written with parentheses, and can be keys.",
    "一号线往东方向末班车二十二点四十分从人民广场站发车，周五、周六延长至零点。",
    "It rained all day.",
    "今天下了一天的雨。",
    "The museum opens at nine and closes at five, except on Mondays, when only the garden is open to visitors.",
    "本店不支持货到付款。",
    "Return values of a function are given with the return statement; without one, the function returns None.",
    "The trial period of the software ends after thirty days, after which a licence key has to be entered.",
)
PAIRS: tuple[Pair, ...] = tuple(
    (Query(query), Document(str(at), text)) for query, (at, text) in product(QUERIES, enumerate(DOCUMENTS))
)
SECONDS = 0.5  # that small models are timed for


@dataclass(frozen=True, slots=True)
class Parity:
    """An export held against its source.

    Attributes:
        pairs: how many pairs were scored.
        largest_difference: of a raw logit.
        spread: standard deviation of the source's logits, for scale.
        rank_correlation: Spearman's, over all pairs.
    """

    pairs: int
    largest_difference: float
    spread: float
    rank_correlation: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast an export is beside its source, on this machine, each with all threads.

    Attributes:
        made: pairs a second of the export.
        source: pairs a second of its source in fp32.
    """

    made: float
    source: float


def parity(source: Scorer, made: Scorer) -> Parity:
    """Both scorers on the check set, 160 pairs in Chinese and English."""
    return compared(source.score(PAIRS), made.score(PAIRS))


def compared(expected: Floats, found: Floats) -> Parity:
    """An export's scores held against its source's."""
    return Parity(
        len(expected), float(np.abs(expected - found).max()), float(expected.std()), rank_correlation(expected, found)
    )


def held(source: Scorer, made: Scorer) -> tuple[Parity, Speed]:
    """Both scorers on the check set, in turns: how far their scores are apart, and how fast each is.

    A pair of a bi-encoder counts as one pair, though each text is encoded once. Large models score the set once, small
    ones again for half a second; the fastest turn counts, since others may use the machine too.
    """
    expected, first = _timed(source)
    found, second = _timed(made)
    began = time.perf_counter()
    while time.perf_counter() - began + first + second < SECONDS:
        first, second = min(first, _timed(source)[1]), min(second, _timed(made)[1])
    return compared(expected, found), Speed(round(len(PAIRS) / second, 1), round(len(PAIRS) / first, 1))


def _timed(scorer: Scorer) -> tuple[Floats, float]:
    began = time.perf_counter()
    scores = scorer.score(PAIRS)
    return scores, time.perf_counter() - began


def rank_correlation(left: Floats, right: Floats) -> float:
    """Spearman's rank correlation, in [-1, 1], ties at their mean rank; 1 where both sides are constant.

    >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
    1.0
    """
    ranks = [_ranks(side) for side in (left, right)]
    centred = [r - r.mean() for r in ranks]
    norms = [float(np.sqrt((c**2).sum())) for c in centred]
    if not all(norms):
        return float(norms[0] == norms[1])
    return round(float((centred[0] * centred[1]).sum() / (norms[0] * norms[1])), 12)


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    found: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return found
