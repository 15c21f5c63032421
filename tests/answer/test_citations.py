"""Citations: every form of mark, what each sentence cites, what speaks for it; no unknown number stays."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.answer.citations import checked, cited_sentences, known_only, marks
from tamis.core import Document

from .conftest import decided

LAW = Document(
    "19", "劳动合同期限三个月以上不满一年的，试用期不得超过一个月。三年以上的，试用期不得超过六个月。", "第十九条"
)
SIEVE = "A tamis is a fine drum sieve. Cooks press 1,200 grams of purée through it in twelve minutes."
RAIN = "Rain fell on the harbour all day."


def check(text, *documents, query="what is a tamis?"):
    return checked(text, decided(query, *documents), "test", count=len(documents))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a [1]", [(1,)]),
        ("a[1][2]", [(1,), (2,)]),
        ("[1, 3] [1,3] [1、3] [1；3] [ 1 ]", [(1, 3)] * 4 + [(1,)]),
        ("【1】［１］［１，２】", [(1,), (1,), (1, 2)]),
        ("[1-3] [2–2] [^4]", [(1, 2, 3), (2,), (4,)]),
        ("[3-1] [1-999999999]", [(3, 1), (1, 999999999)]),
        ("[] [a] [1.5] [1 2] (1) [-1] [1\n2] [9999999999] a[i] 〔2024〕", []),
    ],
)
def test_marks(text, numbers):
    assert [mark.numbers for mark in marks(text)] == numbers


@pytest.mark.parametrize(
    ("text", "kept", "strange"),
    [
        ("a [1] b [2].", "a [1] b [2].", ()),
        ("a [3].", "a.", (3,)),
        ("a [0][1] b [2, 7][9].", "a[1] b [2].", (0, 7, 9)),
        ("【1，9】试", "[1]试", (9,)),
        ("a [[9]9] b", "a b", (9,)),
        ("[8]", "", (8,)),
    ],
)
def test_numbers_of_no_passage_are_taken_out_and_told(text, kept, strange):
    assert known_only(text, 2) == (kept, strange)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Sieve it [1]. Twice.", [("Sieve it [1].", (1,)), ("Twice.", ())]),
        ("Sieve it.[1] Twice.[2]", [("Sieve it.[1]", (1,)), ("Twice.[2]", (2,))]),
        ("筛一下。[1]再筛[2]。", [("筛一下。[1]", (1,)), ("再筛[2]。", (2,))]),
        ("[1] Sieve it.\n[2] Twice.", [("[1] Sieve it.", (1,)), ("[2] Twice.", (2,))]),
        ("Sieve it.\n[2]", [("Sieve it.\n[2]", (2,))]),
        ("- Sieve [1]\n- Twice [1][2]", [("- Sieve [1]", (1,)), ("- Twice [1][2]", (1, 2))]),
        ("[1][2]", [("[1][2]", (1, 2))]),
        ("It is fig. [1] that shows it.", [("It is fig. [1] that shows it.", (1,))]),
        ("", []),
    ],
)
def test_what_each_sentence_cites(text, sentences):
    assert [(text[slice(*s.span)], s.cited) for s in cited_sentences(text)] == sentences


def test_a_supported_answer():
    answer = check("A tamis is a drum sieve [1]. It takes 12 minutes for 1200 grams of purée [1].", SIEVE, RAIN)
    assert answer.grounded and not answer.abstained and not answer.uncited and not answer.reason
    first, second = answer.citations
    assert (first.number, first.id, first.overlap, first.supported) == (1, "d1", 1.0, True)
    assert SIEVE[first.start : first.end] == "A tamis is a fine drum sieve."
    assert SIEVE[second.start : second.end].startswith("Cooks press") and not second.missing_numbers
    assert answer.text[slice(*second.sentence)] == "It takes 12 minutes for 1200 grams of purée [1]."
    assert [item.doc.id for item in answer.sources.values()] == ["d1"]


def test_chinese_with_numerals_and_titles():
    answer = check("第19条规定，合同三年以上的，试用期不超过 6 个月[1]。", LAW, query="试用期最长多久？")
    (citation,) = answer.citations
    assert citation.supported and not citation.missing_numbers and citation.title == "第十九条"
    assert LAW.text[citation.start : citation.end] == "三年以上的，试用期不得超过六个月。"


def test_what_a_passage_does_not_hold_is_told():
    answer = check("A tamis is a drum sieve of 300 grams [1]. It is a drum sieve [2]. Rain falls.", SIEVE, RAIN)
    number, elsewhere = answer.citations
    assert (number.missing_numbers, number.supported) == (("300",), False)
    assert elsewhere.overlap == 0 and (elsewhere.start, elsewhere.end) == (0, 0) and not elsewhere.supported
    assert not answer.grounded and answer.reason.startswith("no cited passage has the words")
    assert [answer.text[slice(*span)] for span in answer.uncited] == ["Rain falls."]


def test_passages_of_one_sentence_count_together_but_each_must_give_its_part():
    said = "A tamis is a fine drum sieve, and rain fell on the harbour [1][2]."
    assert all(c.supported for c in check(said, SIEVE, RAIN).citations)
    first, second = check("A tamis is a fine drum sieve [1][2].", SIEVE, RAIN).citations
    assert first.supported and not second.supported


def test_full_width_numbers_and_thousands():
    assert check("It presses １，２００ grams of purée [1].", SIEVE).grounded
    assert check("It presses 1，200 grams of purée [1].", SIEVE).citations[0].missing_numbers == ("1", "200")


@pytest.mark.parametrize(
    ("text", "query", "starts"),
    [
        ("I don't know", "what?", "I don't know: the model finds no answer"),
        ("I don’t know. The passages [7] do not mention it.", "what?", "I don't know: the model"),
        ("I don't know [1].", "what?", "I don't know: the model"),
        ("我不知道。", "多久？", "我不知道：模型在所给段落中找不到答案"),
        ("**我不知道**，段落没有提到。", "多久？", "我不知道：模型"),
        ("我不知道", "how long?", "I don't know: the model"),
    ],
)
def test_the_phrase_is_an_abstention_in_the_querys_language(text, query, starts):
    answer = check(text, SIEVE, query=query)
    assert answer.abstained and not answer.grounded and not answer.citations
    assert answer.text.startswith(starts) and answer.text.endswith(answer.reason)


def test_the_phrase_with_an_answer_behind_it_is_an_answer():
    answer = check("I don't know who made it, but a tamis is a fine drum sieve [1].", SIEVE)
    assert not answer.abstained and answer.grounded


def test_without_a_citation_the_text_stays_and_is_not_grounded():
    answer = check("A tamis is a drum sieve [5].", SIEVE)
    assert (answer.text, answer.unknown) == ("A tamis is a drum sieve.", (5,))
    assert not answer.grounded and not answer.abstained and answer.reason == "no sentence cites a passage"
    assert answer.uncited == ((0, len(answer.text)),)


PIECES = [
    "[1]",
    "[2]",
    "[9]",
    "【1】",
    "［３］",
    "[1, 7]",
    "[1-3]",
    "[[9]9]",
    " ",
    "\n",
    "。",
    ". ",
    "[",
    "]",
    "9",
    ",",
    "六个月",
]
ANY = st.text(max_size=80) | st.lists(st.sampled_from([*PIECES, "Sieve it", "I don't know"]), max_size=25).map("".join)


@given(ANY, st.lists(st.text(max_size=60) | ANY, min_size=1, max_size=3), st.text(min_size=1, max_size=9))
def test_whatever_is_said_spans_are_valid_and_no_unknown_number_stays(text, documents, query):
    answer = check(text, *documents, query=query)
    for citation in answer.citations:
        start, end = citation.sentence
        assert 0 <= start < end <= len(answer.text)
        assert f"{citation.number}" in answer.text[start:end] or marks(answer.text[start:end])
        held = documents[citation.number - 1]
        assert 0 <= citation.start <= citation.end <= len(held)
        assert 0 <= citation.overlap <= 1
    assert all(0 <= start < end <= len(answer.text) for start, end in answer.uncited)
    left = {n for mark in marks(answer.text) for n in mark.numbers}
    assert left <= set(range(1, len(documents) + 1))
    assert answer.abstained or left == {c.number for c in answer.citations}
    assert not answer.grounded or answer.citations


@given(ANY)
def test_sentences_cover_all_marks_and_never_overlap(text):
    spans = [sentence.span for sentence in cited_sentences(text)]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    for mark in marks(text):
        assert sum(start <= mark.start and mark.end <= end for start, end in spans) == 1
