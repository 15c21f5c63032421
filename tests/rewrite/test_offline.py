"""The offline rewriter as a whole: what comes first, what widens, what stays."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.core import Query
from tamis.errors import InputError
from tamis.rewrite import Offline, Rewriter, Terms

OURS = Terms.read(io.StringIO("entity\t报销\t员工差旅发票报销\nterm\tDLQ\tdead letter queue\n"))
QUESTIONS = (
    "怎么退货",
    "小孩拉肚子怎么办",
    "What is GDP?",
    "How do I reset my password?",
    "红楼梦的作者是谁",
    "最高数值",
)


def test_it_is_a_rewriter() -> None:
    assert isinstance(Offline(), Rewriter)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_needs_nothing_comes_first_as_it_is(question: str) -> None:
    first, *others = Offline().rewrite(Query(question, id="q1"))
    assert first.query == Query(question, id="q1")
    assert not first.changed and not first.changes
    assert len(others) <= 2
    for other in others:
        assert other.changed and other.changes
        assert other.query.source == question and other.query.id == "q1"


def test_the_conversation_then_the_users_terms_then_other_words() -> None:
    asked = Query("How do I reset its password?", id="q", history=("What is the VPN?",))
    texts = [one.text for one in Offline(variants=5).rewrite(asked)]
    assert texts[0] == "How do I reset the VPN's password?"
    assert len(set(texts)) == len(texts) > 1
    (first, *_) = Offline(OURS).rewrite(Query("怎么报销", history=("你好",)))
    assert first.text == "怎么员工差旅发票报销"
    assert [change.kind for change in first.changes] == ["entity"]


def test_the_shipped_dictionary_never_changes_the_first_variant() -> None:
    assert Offline().rewrite(Query("小孩拉肚子怎么办"))[0].text == "小孩拉肚子怎么办"
    assert [one.text for one in Offline(starter=False).rewrite(Query("小孩腹泻会怎样"))] == ["小孩腹泻会怎样"]


@pytest.mark.parametrize("variants", [1, 2, 3, 8])
def test_no_more_variants_than_wanted_and_fewer_are_the_first_of_more(variants: int) -> None:
    asked = Query("小孩拉肚子怎么办")
    assert Offline(variants=variants).rewrite(asked) == Offline(variants=8).rewrite(asked)[:variants]


def test_no_variants_are_none() -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        Offline(variants=0)


def test_the_fingerprint_tells_dictionaries_and_numbers_apart() -> None:
    rewriters = (Offline(), Offline(OURS), Offline(starter=False), Offline(variants=2))
    assert len({one.fingerprint for one in rewriters}) == 4
    assert Offline(OURS).fingerprint == Offline(OURS).fingerprint


@given(st.text(min_size=1, max_size=60), st.lists(st.text(max_size=30), max_size=3))
def test_any_query_gives_itself_or_says_why_not(text: str, history: list[str]) -> None:
    found = Offline().rewrite(Query(text, history=tuple(history)))
    assert 1 <= len(found) <= 3
    assert len({one.text for one in found}) == len(found)
    for one in found:
        assert one.text.strip() or not text.strip()
        assert bool(one.changes) == one.changed


def test_threads_share_one() -> None:
    rewriter = Offline()
    alone = [rewriter.rewrite(Query(text)) for text in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: rewriter.rewrite(Query(text)), QUESTIONS * 20)) == alone * 20
