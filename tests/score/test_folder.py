"""Model folders: every fact is read from their files, and their digest says when one of them changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tamis.errors import ModelError
from tamis.score.folder import ModelFolder, labels


def write(folder: Path, **files) -> ModelFolder:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return ModelFolder(folder)


def test_facts_of_a_tiny_bert(tiny_model):
    folder = ModelFolder(tiny_model("bert"))
    assert folder.architecture == "BertForSequenceClassification"
    assert folder.base == folder.path and folder.modules == []
    assert (folder.window, folder.reads_types, folder.prompt) == (512, True, "")
    assert folder.tokens().text("tamis")


def test_facts_of_modules(tiny_model):
    folder = ModelFolder(tiny_model("ettin"))
    assert [module.kind for module in folder.modules] == ["Transformer", "Pooling", "Dense", "LayerNorm", "Dense"]
    assert folder.modules[2].path == folder.path / "2_Dense"
    assert folder.module_settings(2)["in_features"] == 32
    assert folder.activation.endswith("Identity")


def test_modules_may_keep_the_transformer_in_a_folder_of_its_own(tmp_path):
    modules = [{"type": "sentence_transformers.models.Transformer", "path": "0_Transformer"}]
    config = {"architectures": ["BertModel"]}
    folder = write(tmp_path, modules_json=modules, **{"0_Transformer__config_json": config})
    assert folder.base == tmp_path / "0_Transformer"
    assert folder.architecture == "BertModel"


@pytest.mark.parametrize(
    ("config", "tokenizer", "settings", "window"),
    [
        ({"max_position_embeddings": 512}, {}, {}, 512),
        ({"max_position_embeddings": 512}, {"model_max_length": 128}, {}, 128),
        ({"max_position_embeddings": 512}, {"model_max_length": 10**30}, {}, 512),
        ({"max_position_embeddings": 8192}, {"model_max_length": 8192}, {"max_seq_length": 1024}, 1024),
        ({"max_position_embeddings": 512}, {"model_max_length": 512}, {"max_seq_length": None}, 512),
        ({}, {"model_max_length": 4096}, {}, 4096),
    ],
)
def test_the_window_is_the_least_that_is_stated(config, tokenizer, settings, window, tmp_path):
    config = {"architectures": ["BertForSequenceClassification"], **config}
    files = {"config_json": config, "tokenizer_config_json": tokenizer, "sentence_bert_config_json": settings}
    assert write(tmp_path, **files).window == window


@pytest.mark.parametrize("name", ["XLMRobertaForSequenceClassification", "RobertaForSequenceClassification"])
def test_roberta_has_two_positions_fewer_than_its_table(name, tmp_path):
    config = {"architectures": [name], "max_position_embeddings": 514, "pad_token_id": 1}
    assert write(tmp_path, config_json=config).window == 512


def test_the_prompt_is_the_default_one_of_the_folder(tmp_path):
    words = {"prompts": {"web": "Find the page: "}, "default_prompt_name": "web"}
    assert write(tmp_path, config_json={}, config_sentence_transformers_json=words).prompt == "Find the page: "


def test_labels_are_counted_by_their_names():
    assert labels({"id2label": {"0": "a"}, "num_labels": 3}) == 1
    assert labels({"num_labels": 3}) == 3
    assert labels({}) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00", '"config"'])
@pytest.mark.parametrize("name", ["config_json", "tokenizer_config_json"])
def test_a_broken_file_is_one_clear_error(name, content, tmp_path):
    folder = write(tmp_path, **({"config_json": {"max_position_embeddings": 8}} | {name: content}))
    with pytest.raises(ModelError, match=name.replace("_json", r"\.json")):
        _ = folder.config, folder.tokenizer_config, folder.reads_types


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"type": "Dense"}]', '[{"type": 1, "path": ""}]', "null"])
def test_broken_modules_are_one_clear_error(content, tmp_path):
    with pytest.raises(ModelError, match=r"modules\.json: expected"):
        _ = write(tmp_path, config_json={}, modules_json=content).modules


@pytest.mark.parametrize("content", ["{", "{}", '{"version": "1.0"}', "\x00"])
def test_a_tokenizer_that_cannot_be_read_is_one_clear_error(content, tmp_path):
    with pytest.raises(ModelError, match=r"tokenizer\.json: not a tokenizer this version"):
        write(tmp_path, config_json={}, tokenizer_json=content).tokens()


def test_a_folder_without_a_tokenizer_says_what_it_looked_for(tmp_path):
    with pytest.raises(ModelError, match=r"expected a tokenizer\.json \(or vocab\.txt, .*\), found none"):
        write(tmp_path, config_json={}).tokens()


def test_a_tokenizer_in_its_older_form_is_converted(tiny_model, tmp_path):
    """A vocab.txt alone, as BERT's first checkpoints have it."""
    pytest.importorskip("transformers")
    whole = ModelFolder(tiny_model("bert"))
    vocabulary = whole._tokenizer().get_vocab()
    lines = sorted(vocabulary, key=vocabulary.__getitem__)
    (tmp_path / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    older = write(tmp_path, config_json={"model_type": "bert"}, tokenizer_config_json=settings)
    for text in ("A tamis, or drum sieve.", "筛子 [SEP] été"):
        assert older.tokens().text(text) == whole.tokens().text(text)


@pytest.fixture
def copy(tiny_model, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_model("bert"), tmp_path / "a"))


def test_a_digest_is_that_of_the_files_wherever_they_lie(copy, tmp_path):
    before = ModelFolder(copy).digest()
    assert len(before) == 12
    moved = copy.rename(tmp_path / "elsewhere 别处")
    assert ModelFolder(moved).digest() == before
    linked = tmp_path / "link"
    linked.symlink_to(moved, target_is_directory=True)
    assert ModelFolder(linked).digest() == before


def test_a_digest_is_blind_to_what_hubs_keep_for_themselves(copy):
    before = ModelFolder(copy).digest()
    (copy / ".cache" / "huggingface" / "download").mkdir(parents=True)
    (copy / ".cache" / "huggingface" / "download" / "config.json.metadata").write_text("a date")
    (copy / ".gitattributes").write_text("*")
    assert ModelFolder(copy).digest() == before


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_a_digest_changes_with_one_byte_of_any_file(name, copy):
    before = ModelFolder(copy).digest()
    content = bytearray((copy / name).read_bytes())
    content[-1] ^= 1
    (copy / name).write_bytes(bytes(content))
    assert ModelFolder(copy).digest() != before


def test_a_digest_changes_with_a_files_name_and_with_a_further_file(copy):
    found = {ModelFolder(copy).digest()}
    (copy / "more.txt").write_text("")
    found.add(ModelFolder(copy).digest())
    (copy / "more.txt").rename(copy / "other.txt")
    found.add(ModelFolder(copy).digest())
    assert len(found) == 3
