"""Extractive answers: verbatim sentences with exact offsets, one call of the scorer, honest where there is nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.answer import Answer, Extractive, Generator, ScoredSpan, relevant_spans
from tamis.core import Document, Query
from tamis.errors import InputError

from .conftest import decided


class Shared:
    """Scores by shared characters; remembers its calls."""

    name, fingerprint = "shared", "shared:1"

    def __init__(self):
        self.calls = []

    def score(self, pairs):
        self.calls.append([document.full_text for _, document in pairs])
        return np.array([float(len(set(q.text) & set(d.text))) for q, d in pairs])


class Companions(Shared):
    depends_on_companions = True


LAW = "三个月以上不满一年的，试用期不得超过一个月。三年以上的，试用期不得超过六个月。今天下雨。"


def test_spans_are_best_first_in_one_call_with_titles():
    scorer = Shared()
    documents = [Document("a", LAW, "法"), Document("b", " "), Document("c", "雨。 试用！")]
    found = relevant_spans("三年试用期", documents, scorer, most=2)
    assert [[documents[at].text[s.start : s.end] for s in spans] for at, spans in enumerate(found)] == [
        ["三个月以上不满一年的，试用期不得超过一个月。", "三年以上的，试用期不得超过六个月。"],
        [],
        ["试用！", "雨。"],
    ]
    (call,) = scorer.calls
    assert len(call) == 5 and call[0].startswith("法\n三个月")
    assert found[0][0] == ScoredSpan(0, 22, 5.0) and found[0][0]._asdict() == {"start": 0, "end": 22, "score": 5.0}
    assert relevant_spans("x", [], scorer) == [] and relevant_spans("雨", documents, scorer, threshold=2) == [
        [],
        [],
        [],
    ]


def test_offsets_count_codepoints_and_long_sentences_are_cut():
    text = "𝄞𝄞 é. " + "筛子，" * 400
    ((first, *rest),) = relevant_spans(Query("é"), [Document("a", text)], Shared())
    assert text[first.start : first.end] == "𝄞𝄞 é."
    assert rest and all(span.end - span.start <= 400 for span in rest)


@given(st.lists(st.text(max_size=40) | st.text("ab. 。？\n", max_size=40), max_size=4))
def test_every_sentence_is_found_once_at_its_place(texts):
    documents = [Document(str(at), text) for at, text in enumerate(texts)]
    for document, spans in zip(documents, relevant_spans("a", documents, Shared()), strict=True):
        assert [s.score for s in spans] == sorted((s.score for s in spans), reverse=True)
        covered = sorted((s.start, s.end) for s in spans)
        assert "".join("".join(document.text[a:b].split()) for a, b in covered) == "".join(document.text.split())


def test_an_answer_is_verbatim_with_numbers_and_exact_places():
    law, rain = Document("19", LAW, "第十九条"), Document("r", "三年试用期的雨。", "雨")
    answer = Extractive(Shared(), sentences=2).answer(decided("三年试用期？", law, rain))
    assert answer.text == "三个月以上不满一年的，试用期不得超过一个月。 [1] 三年以上的，试用期不得超过六个月。 [1]"
    assert answer.grounded and not answer.uncited and answer.by == "extractive:shared"
    for citation in answer.citations:
        sentence = answer.text[slice(*citation.sentence)]
        assert sentence == f"{LAW[citation.start : citation.end]} [{citation.number}]"
        assert (citation.id, citation.title, citation.overlap) == ("19", "第十九条", 1.0)
    assert list(answer.sources) == [1]


def test_sentences_below_the_mean_questions_and_repeated_ones_are_left_out():
    documents = ("What is a tamis? A tamis is what it is. Mud.", "a TAMIS is what it is.", "Hum.")
    answer = Extractive(Shared(), sentences=9).answer(decided("what is a tamis?", *documents))
    assert answer.text == "A tamis is what it is. [1]"
    assert Extractive(Shared()).answer(decided("why?", "Why? Or how?")).text == "Why? [1]"


def test_only_the_first_passages_are_read():
    scorer = Shared()
    Extractive(scorer, passages=2).answer(decided("a", "a", "b", "c"))
    assert scorer.calls == [["a", "b"]]


def test_documents_of_titles_and_of_nothing():
    titled = Extractive(Shared()).answer(decided("sieve", Document("a", "", "Sieve"), Document("b", " ")))
    assert titled.text == "Sieve [1]" and titled.citations[0].end == 0
    empty = Extractive(Shared()).answer(decided("sieve", Document("b", " ")))
    assert empty.abstained and empty.text == "I don't know: nothing was found"


@pytest.mark.parametrize(
    ("query", "rejected", "text"),
    [
        ("why?", (), "I don't know: nothing was found"),
        ("为什么？", (), "我不知道：没有找到任何候选文档"),
        ("why?", ("threshold: low", "max_k: 1", "threshold: low"), "I don't know: nothing of 3 candidates passed"),
        ("为什么？", ("threshold: low",), "我不知道：1 个候选都没有通过策略：threshold 1"),
    ],
)
def test_where_nothing_was_accepted_the_answer_is_not_known(query, rejected, text):
    scorer = Shared()
    answer = Extractive(scorer).answer(decided(query, rejected=rejected))
    assert answer.abstained and not answer.grounded and answer.text.startswith(text)
    assert answer.text.endswith(answer.reason) and (
        "max_k: 1" not in rejected or "threshold 2, max_k 1" in answer.reason
    )
    assert not scorer.calls and not answer.citations and not answer.sources


def test_it_streams_and_is_a_generator():
    generator, decision = Extractive(Shared()), decided("雨", "今天下雨。")
    assert isinstance(generator, Generator)
    *pieces, answer = generator.stream(decision)
    assert isinstance(answer, Answer) and "".join(pieces) == answer.text == "今天下雨。 [1]"


def test_json_is_plain():
    answer = Extractive(Shared()).answer(decided("雨", "今天下雨。", rejected=("threshold: low",)))
    found = answer.as_json()
    assert found["query"] == "雨" and found["grounded"] and not found["abstained"]
    assert found["citations"][0] | {"sentence": 0} == {
        "number": 1, "id": "d1", "title": "", "sentence": 0, "start": 0, "end": 5, "overlap": 1.0,
        "missing_numbers": [], "supported": True,
    }  # fmt: skip
    assert found["decision"]["results"][0]["rank"] == 1
    assert found["decision"]["rejected"][0]["reason"] == "threshold: low"


def test_wrong_values_are_said():
    for wrong in ({"sentences": 0}, {"passages": 0}):
        with pytest.raises(InputError, match="at least 1, got 0"):
            Extractive(Shared(), **wrong)
    with pytest.raises(InputError, match="by its companions: expected one that scores each by itself"):
        Extractive(Companions())
    with pytest.raises(InputError, match="most must be at least 1"):
        relevant_spans("a", [], Shared(), most=0)
    with pytest.raises(InputError, match="empty"):
        relevant_spans(" ", [], Shared())
