"""Families: which network and which prompt a folder gets, by what its files say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import InputError, ModelError
from tamis.score.families import FAMILIES, family, own_prompt, prompt_for, template_for
from tamis.score.folder import ModelFolder
from tamis.score.prompted import PromptTemplate
from tamis.score.prompts import PROMPTS
from tamis.score.template import PairTemplate

pytest.importorskip("jinja2")


@pytest.fixture
def copy(tiny_model, tmp_path):
    """``copy(name, **config)``: a tiny model's folder, its config changed."""

    def made(name: str, **config) -> Path:
        folder = Path(shutil.copytree(tiny_model(name), tmp_path / name))
        stated = json.loads((folder / "config.json").read_text()) | config
        (folder / "config.json").write_text(json.dumps(stated))
        return folder

    return made


def test_every_row_has_its_network_and_its_prompt():
    pytest.importorskip("torch")
    from tamis.score.load_bi import BI_ENCODERS
    from tamis.score.nets.build import BODIES, NETWORKS

    for architecture, row in FAMILIES.items():
        assert row.network in (BODIES if row.kind == "modules" else NETWORKS), architecture
        assert not row.prompt or row.prompt in PROMPTS
        assert row.prompt or row.kind != "causal", "a causal model is asked in words"
    used = {row.network for row in FAMILIES.values()} | set(BI_ENCODERS.values())
    assert used == {*BODIES, *NETWORKS}, "no network without a family"


def test_causal_models_and_classifiers_of_one_name_are_two_rows():
    for name in FAMILIES:
        assert name.endswith("ForCausalLM") == (FAMILIES[name].kind == "causal")


def test_an_unknown_architecture_is_told_with_those_supported(copy):
    with pytest.raises(ModelError, match=r"'T5ForRanking' is not supported .*; supported are BertForSeq.*Qwen3ForCaus"):
        load_scorer(copy("bert", architectures=["T5ForRanking"]))


@pytest.mark.parametrize("named", [None, [], "BertForSequenceClassification", {}])
def test_a_config_that_names_no_class_is_one_clear_error(named, copy):
    with pytest.raises(ModelError, match="expected 'architectures' to name the model's class"):
        load_scorer(copy("bert", architectures=named))


@pytest.mark.parametrize("engine", ["torch", "onnx"])
def test_three_labels_are_refused_when_loaded(engine, copy):
    folder = copy("bert", id2label={str(at): f"LABEL_{at}" for at in range(3)})
    with pytest.raises(ModelError, match="expected a model with one or two labels, got 3: it is no reranker"):
        load_scorer(folder, engine=engine)


@pytest.mark.parametrize(
    ("name", "kind", "prompt"),
    [
        *(("bert", PairTemplate, None), ("ettin", PairTemplate, None), ("deberta", PairTemplate, None)),
        *(("qwen3", PromptTemplate, "qwen3"), ("qwen3_classifier", PromptTemplate, "qwen3")),
        *(("mxbai_v2", PromptTemplate, "mxbai-v2"), ("qwen2_classifier", PromptTemplate, "mxbai-v2")),
        ("gemma", PromptTemplate, "bge-gemma"),
    ],
)
def test_a_folder_gets_the_template_of_its_family(name, kind, prompt, tiny_model):
    folder = ModelFolder(tiny_model(name))
    template = template_for(folder, family(folder), folder.tokens())
    assert isinstance(template, kind)
    if prompt:
        assert template.prompt == PROMPTS[prompt]


def test_a_named_template_goes_before_the_familys(tiny_model):
    plain, named = (load_scorer(tiny_model("qwen3"), engine="torch", template=t) for t in ("auto", "qwen3-eval"))
    assert named.template.prompt == PROMPTS["qwen3-eval"]
    assert named.fingerprint != plain.fingerprint
    pair = [(Query("a"), Document("d", "b"))]
    assert named.template.encode(pair)[0].ids != plain.template.encode(pair)[0].ids


def test_a_named_template_goes_before_the_folders_own(tiny_model):
    folder = ModelFolder(tiny_model("qwen3_sentence_transformers"))
    row = family(folder)
    assert prompt_for(folder, row).source == "the folder's chat template"
    assert prompt_for(folder, row, "qwen3") == PROMPTS["qwen3"]
    assert prompt_for(folder, row, "pair") is None


def test_a_classifier_can_be_asked_the_plain_pair(tiny_model):
    folder = tiny_model("bert")
    assert load_scorer(folder, engine="torch", template="pair").fingerprint == load_scorer(folder).fingerprint


def test_a_causal_model_cannot_be_asked_the_plain_pair(tiny_model):
    with pytest.raises((InputError, ModelError), match=r"template='pair' cannot be|was not made for pairs"):
        load_scorer(tiny_model("qwen3"), engine="torch", template="pair")


@pytest.mark.parametrize(("asked", "meant"), [("qwen-3", "qwen3"), ("qwen3_eval", "qwen3-eval"), ("mxbai", "mxbai-v2")])
def test_an_unknown_template_suggests_one(asked, meant, tiny_model):
    with pytest.raises(InputError, match=rf"no template '{asked}': expected pair, qwen3, .*Did you mean '{meant}'\?"):
        load_scorer(tiny_model("qwen3"), engine="torch", template=asked)


def chat(folder: Path, template: str) -> Path:
    (folder / "chat_template.jinja").write_text(template)
    return folder


QUERY = "{{ (messages | selectattr('role', 'eq', 'query') | first).content }}"
DOCUMENT = "{{ (messages | selectattr('role', 'eq', 'document') | first).content }}"


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(f"<|im_start|>Q: {QUERY}<|im_end|>", id="no document"),
        pytest.param(f"<|im_start|>D: {DOCUMENT}{{# 'query' #}}<|im_end|>", id="no query"),
        pytest.param(f"D: {DOCUMENT} Q: {QUERY}", id="the wrong way round"),
        pytest.param(f"Q: {QUERY} {QUERY} D: {DOCUMENT}", id="the query twice"),
    ],
)
def test_a_chat_template_without_a_place_for_both_is_refused(template, copy):
    with pytest.raises(ModelError, match=r"expected a prompt with one \{query\} and then one \{document\}"):
        load_scorer(chat(copy("qwen3_sentence_transformers"), template), engine="torch")


@pytest.mark.parametrize(
    "template",
    [
        "{% if 'query' %}",
        f"{QUERY}{{{{ nothing.at.all }}}}",
        "{{ raise_exception('query') }}",
        "{{ ().__class__.__base__.__subclasses__() }} 'query'",
    ],
)
def test_a_chat_template_that_fails_is_one_clear_error(template, copy):
    with pytest.raises(ModelError, match="a chat template that cannot be rendered"):
        load_scorer(chat(copy("qwen3_sentence_transformers"), template), engine="torch")


def test_a_chat_template_for_talk_is_none_for_rerankers(tiny_model):
    folder = ModelFolder(tiny_model("qwen3"))
    assert folder.chat_template
    assert own_prompt(folder) is None


def test_the_folders_default_prompt_is_the_instruction(copy):
    folder = copy("qwen3_sentence_transformers")
    words = json.loads((folder / "config_sentence_transformers.json").read_text())
    words |= {"prompts": {"web": "Find the page"}, "default_prompt_name": "web"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(words))
    scorer = load_scorer(folder, engine="torch")
    assert scorer.template.prompt.instruction == "Find the page"
    (told,) = scorer.template.encode([(Query("a", instruction="Find the page"), Document("d", "b"))])
    (plain,) = scorer.template.encode([(Query("a"), Document("d", "b"))])
    assert plain.ids == told.ids


def test_an_answer_that_nobody_names_is_asked_for(copy):
    folder = chat(copy("bert"), f"{QUERY} {DOCUMENT}")
    with pytest.raises(ModelError, match="nothing says which tokens answer it"):
        load_scorer(folder, engine="torch")
