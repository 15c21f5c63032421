"""What every client asks, the order that is right, and what its answer has to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

QUERY = "怎么申请退款？"
ENGLISH = "How do I get a refund for my order?"
DOCUMENTS = [
    "The museum is open from ten to six and closed on Mondays.",
    "退款申请：在“我的订单”里点“申请退款”，填写原因后提交，三个工作日内退回原支付账户。",
    "Orders are delivered within five days.",
    "How to get a refund: open your order, ask for a refund within 30 days, and the money goes back to your card.",
    "订单发货后不能修改收货地址。",
]
ORDER = {QUERY: [1, 3, 4, 2, 0], ENGLISH: [3, 1, 4, 2, 0]}  # the answer, the answer in the other language, orders, rest
LATE = 6 * f"{DOCUMENTS[0]} " + DOCUMENTS[1]  # the answer, after some ninety tokens of something else
MODEL = "tamis-mini"


def right(found: Iterable[tuple[int, float]], top: int = len(DOCUMENTS), query: str = QUERY) -> None:
    """Hold indices and scores, as a client gave them, against the right order; best first, ``top`` of them.

    >>> right([(1, 0.95), (3, 0.2)], top=2)
    """
    indices, scores = zip(*found, strict=True)
    assert list(indices) == ORDER[query][:top], f"expected {ORDER[query][:top]}, got {indices}"
    assert all(0 <= score <= 1 for score in scores), f"expected scores in [0, 1], got {scores}"
    assert list(scores) == sorted(scores, reverse=True), f"expected the best first, got {scores}"
    assert scores[0] > 0.9, f"expected more than .9 for the answer, got {scores[0]}"


def places(texts: Sequence[str]) -> list[int]:
    """Where documents stand among those asked about, for clients that give texts and no indices.

    >>> places([DOCUMENTS[3], DOCUMENTS[0]])
    [3, 0]
    """
    return [DOCUMENTS.index(text) for text in texts]
