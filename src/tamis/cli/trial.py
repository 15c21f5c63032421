"""A scorer on trial: does it order what nobody could order wrongly, and how fast is it here?"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tamis.core import Document, Pair, Query, Scorer
from tamis.score.cross import CrossEncoder
from tamis.score.passages import Measured

# Query, what answers it, what has nothing to do with it.
KNOWN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "English": (
        ("how to return goods", "Returns are accepted within seven days of delivery.", "It rained all day."),
        ("what is the capital of France", "Paris is the capital of France.", "A tamis is a fine drum sieve."),
        ("who wrote Hamlet", "Hamlet is a tragedy by William Shakespeare.", "The bus leaves every ten minutes."),
        ("boiling point of water", "At sea level water boils at 100 degrees Celsius.", "Our office is closed today."),
        ("how do vaccines work", "A vaccine trains the immune system to know a virus.", "The shop sells red shoes."),
        ("reset my password", "Click 'forgot password' to set a new password.", "Cats sleep most of the day."),
    ),
    "Chinese": (
        ("怎么退货", "签收后七天内可以申请退货。", "今天下了一天的雨。"),
        ("法国的首都是哪里", "法国的首都是巴黎。", "筛子是一种厨房用具。"),
        ("《红楼梦》的作者是谁", "《红楼梦》由曹雪芹所著。", "公共汽车每十分钟一班。"),
        ("水的沸点是多少", "在海平面上，水在一百摄氏度沸腾。", "我们办公室今天休息。"),
        ("试用期最长多久", "试用期最长不得超过六个月。", "这家店卖红色的鞋。"),
        ("忘记密码怎么办", "点击“忘记密码”即可重设密码。", "猫一天大部分时间在睡觉。"),
    ),
}
PAIRS = 6  # of a language
PASSES = 5  # how many must be right: a random head does so in both languages once in eighty trials
SECONDS = 2.0
MANY, FEW = 100, 4
PATIENCE = 2.0  # seconds that a person waits for a search
SENTENCE = "The {n} drum sieve of a cook presses a purée through its fine mesh, and number {n} is left behind. "


@dataclass(frozen=True, slots=True)
class Order:
    """How many of the known pairs of each language a scorer ordered rightly, and whether its scores are numbers."""

    right: dict[str, int]
    finite: bool

    @property
    def failed(self) -> list[str]:
        """The languages in which the scorer did no better than chance."""
        return [language for language, count in self.right.items() if count < PASSES]


@dataclass(frozen=True, slots=True)
class Speed:
    """Documents a second, and the tokens such a document has (0 where the scorer cannot say)."""

    rate: float
    tokens: int

    @property
    def seconds(self) -> float:
        """Seconds for a hundred documents."""
        return MANY / self.rate


def order(scorer: Scorer) -> Order:
    """Score pairs of which everybody knows which document answers."""
    pairs = [(Query(query), Document("", text)) for rows in KNOWN.values() for query, *texts in rows for text in texts]
    scores = np.asarray(scorer.score(pairs), dtype=np.float64).reshape(-1, 2)
    better = iter((scores[:, 0] > scores[:, 1]).tolist())
    right = {language: sum(next(better) for _ in rows) for language, rows in KNOWN.items()}
    return Order(right, bool(np.isfinite(scores).all()))


def speed(scorer: Scorer, *, seconds: float = SECONDS, most: int = MANY) -> Speed:
    """Documents of about 120 tokens scored a second for one query, after a first call that does not count.

    Args:
        scorer: what is measured.
        seconds: about how long the measured call may take.
        most: most documents of a call.
    """
    scorer.score(_asked(0, 1))
    probe = _timed(scorer, _asked(1, FEW))
    count = max(FEW, min(most, int(FEW / probe * seconds)))
    return Speed(count / _timed(scorer, _asked(1 + FEW, count)), _tokens(scorer))


def advice(found: Order) -> str:
    """What to do about a scorer that failed; empty where it did not."""
    if not found.finite:
        return "scores that are no numbers: another dtype (--dtype float32) or a broken checkpoint"
    if not found.failed:
        return ""
    if len(found.failed) == len(found.right):
        return (
            "no better than chance: is the template the one the model was trained with (--template), is its head "
            "trained, and is it a reranker at all?"
        )
    return f"no better than chance in {found.failed[0]}: keep it for other languages"


def patience(found: Speed, scorer: Scorer) -> str:
    """What to do about a scorer too slow to wait for; empty where it is quick enough."""
    if found.seconds <= PATIENCE:
        return ""
    if not isinstance(scorer, CrossEncoder):
        return "nobody waits that long: rerank fewer candidates"
    last_ten = f"let a quick model choose and ask this one about the last ten ({found.seconds / 10:.1f} s; Cascade)"
    return f"nobody waits that long: {last_ten}" + ("" if "cuda" in scorer.engine.name else ", or run it on a GPU")


def _timed(scorer: Scorer, pairs: list[Pair]) -> float:
    start = time.perf_counter()
    scorer.score(pairs)
    return max(time.perf_counter() - start, 1e-6)


def _asked(start: int, count: int) -> list[Pair]:
    query = Query("which sieve presses a purée?")
    return [(query, Document("", text)) for text in _texts(start, count)]


def _texts(start: int, count: int) -> Sequence[str]:
    return [(SENTENCE.format(n=start + at) * 5).strip() for at in range(count)]


def _tokens(scorer: Scorer) -> int:
    return scorer.document_tokens(_texts(0, 1))[0] if isinstance(scorer, Measured) else 0
