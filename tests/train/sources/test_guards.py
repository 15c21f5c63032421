"""Guards: each finds what it is for, names it, and leaves other documents alone."""

import pytest

from tamis.data import Example
from tamis.train.sources.guards import GUARDS, knowledge, overlap, sketch
from tamis.train.sources.units import units

LAW = "用人单位应当按照劳动合同约定和国家规定，向劳动者及时足额支付劳动报酬。"
SIEVE = "A tamis is a drum sieve: cooks press soup, purée and flour through its fine steel mesh."
OTHER = "Rain fell on the harbour all night, and the boats stayed at their moorings until noon."


def known(near=0.8, more=()):
    return knowledge([Example("q", (LAW, SIEVE, "judged"), (1.0, 2.0, 0.0)), *more], near)[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" \n", "blank"),
        (LAW, "known positive"),
        ("judged", "labelled already"),
        (SIEVE.upper().replace(":", " -").replace(",", ";"), "identical to a positive"),
        ("用人單位應當按照勞動合同約定和國家規定 向勞動者及時足額支付勞動報酬", "identical to a positive"),
        (f"劳动合同法第三十条\n{LAW}", "near duplicate of a positive"),
        (SIEVE[:60], "near duplicate of a positive"),
        (SIEVE.replace("soup", "stock"), ""),  # 8 of 13 shingles left
        (f"{SIEVE} {OTHER}", "near duplicate of a positive"),
        ("说他", ""),
        (OTHER, ""),
    ],
)
def test_each_guard_names_what_it_removes(text, why):
    assert known().why_not(text) == why


def test_copies_in_part_pass_where_only_identity_is_looked_for():
    one = known(near=None)
    assert one.why_not(f"{SIEVE} {OTHER}") == ""
    assert one.why_not(SIEVE.lower()) == "identical to a positive"


def test_a_strict_share_takes_only_whole_parts():
    edited = SIEVE.replace("fine steel", "finest")
    assert known(near=0.6).why_not(edited) == "near duplicate of a positive"
    assert known(near=1.0).why_not(edited) == ""
    assert known(near=1.0).why_not(f"{SIEVE} {OTHER}") == "near duplicate of a positive"


def test_positives_of_the_same_query_under_another_instruction():
    more = [Example("Q ", (OTHER,), (1.0,), "another task"), Example("p", ("of another query",), (1.0,))]
    assert known(more=more).why_not(OTHER.upper()) == "positive of the same query elsewhere"
    assert known(more=more).why_not("of another query") == ""


def test_no_copy_is_offered_twice():
    one = known()
    one.remember(OTHER)
    assert one.why_not(OTHER.lower()) == "identical to another candidate"


def test_overlap_is_that_of_shingles_counted_by_hand():
    def by_hand(a, b):
        sets = [{tuple(w[i : i + 4]) for i in range(len(w) - 3)} for w in (units(a), units(b))]
        return len(sets[0] & sets[1]) / min(map(len, sets))

    texts = [LAW, SIEVE, SIEVE.replace("soup", "stock"), f"{OTHER} {SIEVE}", SIEVE[:50]]
    for a in texts:
        for b in texts:
            assert overlap(sketch(a), sketch(b)) == pytest.approx(by_hand(a, b))


def test_reports_list_guards_in_the_order_they_are_asked():
    assert list(GUARDS)[:3] == ["blank", "known positive", "labelled already"]
