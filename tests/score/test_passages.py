"""Passages: spans that hold every character, budgets, scores that are those of the passages, remarks from one pass."""

from itertools import pairwise, zip_longest

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tamis.core import Candidate, Document, Query, Ranking
from tamis.errors import InputError
from tamis.pipeline import Rerank
from tamis.score import Passages, load_scorer
from tamis.score.passages import Measured, estimated_tokens, packed, parts, sentence_spans

from .tables import Hashed

ENGLISH = "A tamis is a drum sieve. Dr. Smith paid 3.5 dollars for one! Was it worth it? He never said so. "
CHINESE = "试用期最长不得超过六个月。劳动合同期限三年以上的，另行规定！为什么？双方协商。"
TEXT = st.text(st.sampled_from("aB c.!?。！？\n合同试用期\u3000\x1f😀é")) | st.lists(
    st.sampled_from([*ENGLISH.split(), *CHINESE.split("，"), "x" * 90, "\n\n", "😀" * 20]), max_size=60
).map(" ".join)


class Counting(Hashed):
    """A scorer that measures: a token a character, white space included."""

    def document_tokens(self, texts):
        return [len(text) for text in texts]


def covered(text, spans):
    """Whether the spans rise and hold every character but white space."""
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(spans))
    held = np.zeros(len(text), dtype=bool)
    for start, end in spans:
        held[start:end] = True
    return all(character.isspace() for character, in_span in zip(text, held, strict=True) if not in_span)


@given(TEXT)
@example("\x1f.\x1fA")
def test_sentences_are_found_where_they_stand(text):
    spans = sentence_spans(text)
    assert covered(text, spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@given(TEXT, st.integers(8, 60), st.integers(0, 30), st.booleans())
def test_passages_hold_the_whole_document_within_the_budget(text, tokens, overlap, measured):
    inner = Counting("a") if measured else Hashed("a")
    size = inner.document_tokens if measured else estimated_tokens
    scorer = Passages(inner, tokens=tokens, overlap=min(overlap, tokens - 1))
    (spans,) = scorer.spans([Document("d", text)])
    if size([text])[0] <= tokens:
        assert spans == [(0, len(text))]
        return
    assert covered(text, spans) or (spans == [(0, len(text))] and not text.strip())
    for start, end in spans:
        # Pieces are measured one by one: white space between them, and rounding, come on top.
        pieces = max(1, len(sentence_spans(text[start:end])))
        gaps = sum(map(str.isspace, text[start:end]))
        assert size([text[start:end]])[0] <= tokens + gaps + pieces
    if not overlap:
        assert all(a[1] <= b[0] for a, b in pairwise(spans))


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(1, 30), st.integers(0, 29))
def test_packing_fills_the_budget_and_always_moves_on(sizes, budget, overlap):
    pieces = [((10 * at, 10 * at + 9), size) for at, size in enumerate(sizes)]
    found = [(start // 10, end // 10 + 1) for start, end in packed(pieces, budget, overlap)]
    assert {at for first, last in found for at in range(first, last)} == set(range(len(sizes)))
    for (first, last), following in zip_longest(found, found[1:]):
        assert sum(sizes[first:last]) <= budget or last - first == 1
        if following:
            assert sum(sizes[first : last + 1]) > budget, "the next piece would not have fitted"
            assert first < following[0] <= last
            assert sum(sizes[following[0] : last]) <= overlap


@given(st.text(st.sampled_from("ab \n字"), min_size=2), st.integers(2, 9))
def test_parts_of_a_sentence_lose_only_white_space(text, count):
    assert covered(text, parts(text, (0, len(text)), count))


def test_offsets_are_exact_in_both_languages():
    for text, words in ((ENGLISH * 3, "Was it worth it?"), (CHINESE * 3, "为什么？")):
        spans = Passages(Hashed("a"), tokens=12).spans([Document("d", text)])[0]
        assert covered(text, spans)
        assert any(words in text[start:end] for start, end in spans)
    assert [CHINESE[s:e] for s, e in Passages(Hashed("a"), tokens=14).spans([Document("d", CHINESE)])[0]] == [
        "试用期最长不得超过六个月。",
        "劳动合同期限三年以",
        "上的，另行规定！为什么？",
        "双方协商。",
    ]


LONG = Document("long", ENGLISH * 4 + CHINESE * 4, title="Sieves")
SHORT = Document("short", "A tamis.", title="Sieves", fields={"year": 1900})


def test_short_documents_are_passed_as_they_are():
    for name in ("tamis-mini", "e5-small"):
        inner = load_scorer(name)
        pairs = [(Query("what is a tamis?"), d) for d in (SHORT, Document("e", ""), Document("t", "", "title"))]
        np.testing.assert_array_equal(Passages(inner).score(pairs), inner.score(pairs))


@pytest.mark.parametrize(("how", "best"), [("max", 3), ("top-mean", 2), ("top-mean", 99)])
def test_the_score_is_that_of_the_best_passages_each_under_the_title(how, best):
    inner = Hashed("a")
    scorer = Passages(inner, tokens=24, how=how, best=best)
    query = Query("q")
    (spans,) = scorer.spans([LONG])
    alone = np.sort(inner.score([(query, Document("", LONG.text[s:e], LONG.title)) for s, e in spans]))
    kept = 1 if how == "max" else best
    (score,) = scorer.score([(query, LONG)])
    assert score == pytest.approx(alone[-kept:].mean(), abs=1e-15)


def test_remarks_come_from_one_pass_best_first():
    inner = Hashed("a")
    scorer = Passages(inner, tokens=24, best=4)
    pairs = [(Query("q"), LONG), (Query("q"), SHORT), (Query("p"), LONG), (Query("p"), Document("e", ""))]
    scores, notes = scorer.score_with_notes(pairs)
    assert len(inner.calls) == 1
    np.testing.assert_array_equal(scores, scorer.score(pairs))
    for (query, document), score, note in zip(pairs, scores, notes, strict=True):
        spans = note["relevant_spans"]
        assert [s["score"] for s in spans] == sorted((s["score"] for s in spans), reverse=True)
        assert note["passages"] == len(scorer.spans([document])[0])
        assert len(spans) == min(4, note["passages"] if document.text else 0)
        for span in spans:
            passage = Document("", document.text[span["start"] : span["end"]], document.title)
            assert inner.score([(query, passage)])[0] == span["score"]
        assert not spans or spans[0]["score"] == score
    assert scorer.notes(pairs) == notes


def test_rerank_takes_scores_and_remarks_from_one_pass():
    inner = Hashed("a")
    (found,) = Rerank(Passages(inner, tokens=24))([Ranking(Query("q"), (Candidate(LONG, 0.0), Candidate(SHORT, 0.0)))])
    assert len(inner.calls) == 1
    assert {c.doc.id: c.notes["passages"] > 1 for c in found} == {"long": True, "short": False}


def test_what_lies_past_the_window_is_found():
    mini = load_scorer("tamis-mini")
    text = "The weather report speaks of rain in the north. " * 100 + "A tamis is a drum sieve for soups."
    pair = (Query("what is a tamis?"), Document("a", text))
    (score,), (note,) = Passages(mini, tokens=128).score_with_notes([pair])
    assert score > mini.score([pair])[0]
    best = note["relevant_spans"][0]
    assert "tamis" in text[best["start"] : best["end"]]
    assert "truncated_tokens" not in note


def test_the_inner_scorers_remark_on_the_best_passage_is_kept():
    (note,) = Passages(load_scorer("tamis-mini"), tokens=4000).notes([(Query("q"), Document("a", "rain " * 900))])
    assert note["truncated_tokens"] > 300
    assert note["passages"] == 1


def test_a_long_title_leaves_half_of_the_budget_to_the_text():
    scorer = Passages(Counting("a"), tokens=20)
    (spans,) = scorer.spans([Document("a", "one two three four five six", title="t" * 500)])
    assert max(end - start for start, end in spans) in (8, 9, 10)
    assert scorer.spans([Document("a", "", title="t" * 500)]) == [[(0, 0)]]


def test_the_estimate_is_near_a_true_tokenizer_and_rather_above():
    tokens = load_scorer("e5-small").encoder.tokens
    for text in (ENGLISH * 5, CHINESE * 5):
        true = len(tokens([text], "document")[0].ids)
        assert 0.9 * true <= estimated_tokens([text])[0] <= 1.6 * true


def test_measuring_is_left_to_scorers_that_can():
    assert isinstance(Counting("a"), Measured)
    assert not isinstance(Hashed("a"), Measured)
    document = Document("a", "a b c d e f g h i j")
    assert len(Passages(Counting("a"), tokens=10).spans([document])[0]) == 2
    assert len(Passages(Hashed("a"), tokens=20).spans([document])[0]) == 1


@pytest.mark.parametrize("text", ["x" * 300_000, "字" * 300_000, " " * 300_000, "a. " * 100_000, "." * 300_000])
def test_huge_documents_are_cut_in_linear_time(text):
    (spans,) = Passages(Hashed("a")).spans([Document("a", text)])
    assert spans == [(0, len(text))] if not text.strip() else covered(text, spans)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tokens": 7}, "tokens must be at least 8"),
        ({"tokens": 16, "overlap": 16}, "overlap must be 0 to 15"),
        ({"overlap": -1}, "overlap must be"),
        ({"how": "mean"}, "'max' or 'top-mean'"),
        ({"best": 0}, "best must be at least 1"),
    ],
)
def test_wrong_options_are_told(options, says):
    with pytest.raises(InputError, match=says):
        Passages(Hashed("a"), **options)


def test_the_fingerprint_says_what_produced_the_scores():
    a = Hashed("a")
    made = [
        Passages(a),
        Passages(a, tokens=128),
        Passages(a, overlap=8),
        Passages(a, how="top-mean"),
        Passages(a, how="top-mean", best=2),
        Passages(Counting("a")),
        Passages(Hashed("b")),
    ]
    assert len({one.fingerprint for one in made}) == len(made)
    assert Passages(a, best=2).fingerprint == Passages(a).fingerprint, "how many are named changes no score"
