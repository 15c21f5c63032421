"""The template of single texts: prefixes, special tokens, control tokens and cuts."""

import pytest

from tamis.errors import InputError
from tamis.score.folder import ModelFolder
from tamis.score.load_bi import text_template
from tamis.score.text_template import Prefixes, TextTemplate, prefixes_of
from tamis.score.tokens import Tokens

from . import vocabularies

LONG = "gravity attracts two bodies " * 40


@pytest.fixture(scope="module")
def bert() -> Tokens:
    return Tokens(vocabularies.bert())


@pytest.fixture(scope="module")
def qwen() -> Tokens:
    return Tokens(vocabularies.qwen3())


def test_ids_are_those_of_the_tokenizer(tiny_model):
    transformers = pytest.importorskip("transformers")
    from .texts import pairs

    texts = [document.text for _, document in pairs(60)]
    for family in ("bi_bert", "bi_roberta"):
        folder = tiny_model(family)
        theirs, template = transformers.AutoTokenizer.from_pretrained(folder), text_template(ModelFolder(folder))
        for kind in ("query", "document"):
            written = [template.prefixes.of(kind) + text for text in texts]
            expected = theirs(written, truncation=True, max_length=template.max_length)["input_ids"]
            assert [e.ids for e in template.encode(texts, kind)] == expected, (family, kind)


def test_what_does_not_fit_is_cut_from_the_texts_end_and_noted(bert):
    template = TextTemplate(bert, 12, Prefixes(query="query: "))
    whole = TextTemplate(bert, 512, Prefixes(query="query: ")).encode([LONG], "query")[0]
    cut = template.encode([LONG], "query")[0]
    assert cut.ids == [*whole.ids[:11], whole.ids[-1]]
    assert whole.notes == {} and cut.notes == {"truncated_tokens": len(whole.ids) - 12}
    assert template.encode(["gravity"], "query")[0].notes == {}


def test_control_tokens_are_control_tokens_in_a_prefix_only(qwen):
    template = TextTemplate(qwen, 64, Prefixes(query="<|im_start|>find: "))
    (found,) = template.encode(["<|im_start|>"], "query")
    assert found.ids == qwen.literal("<|im_start|>") + qwen.text("find: <|im_start|>")
    assert found.ids.count(qwen.literal("<|im_start|>")[0]) == 1


def test_a_text_without_tokens_still_has_one(qwen):
    (found,) = TextTemplate(qwen, 8, blank=151643).encode([""], "document")
    assert found.ids == [151643]


def test_lower_case_where_the_folder_asks_for_it(qwen):
    prefixes = prefixes_of({"prompts": {"query": "Find: "}, "do_lower_case": True})
    (found,) = TextTemplate(qwen, 16, prefixes).encode(["TAMIS"], "query")
    assert found.ids == qwen.text("find: tamis")


@pytest.mark.parametrize(
    ("settings", "query", "document"),
    [
        ({}, "", ""),
        ({"prompts": {"query": "q: ", "document": "d: ", "passage": "p: "}}, "q: ", "d: "),
        ({"prompts": {"passage": "p: "}}, "", "p: "),
        ({"prompts": {"web": "w: ", "query": "q: "}, "default_prompt_name": "web"}, "q: ", "w: "),
        ({"prompts": {"web": "w: "}, "default_prompt_name": None}, "", ""),
        ({"prompts": {"query": None}, "default_prompt_name": "query"}, "", ""),
    ],
)
def test_prompts_by_kind(settings, query, document):
    assert prefixes_of(settings) == Prefixes(query, document)


def test_a_window_without_room_is_refused_with_the_least(bert):
    with pytest.raises(InputError, match="max_length must be at least 5, got 4"):
        TextTemplate(bert, 4, Prefixes(document="query: "))
    assert TextTemplate(bert, 5, Prefixes(document="query: ")).encode([LONG], "document")[0].ids[-1] == 102


def test_another_kind_is_refused(bert):
    with pytest.raises(InputError, match="kind must be 'query' or 'document', got 'title'"):
        TextTemplate(bert, 16).encode(["x"], "title")
