"""Cross-encoders on both engines: what every scorer must do, to the last digit, and fingerprints that differ."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.core import Scorer
from tamis.errors import InputError

pytest.importorskip("torch")
pytest.importorskip("transformers")

QUERIES = [
    *(Query("试用期最长可以多久"), Query("how does a drum sieve work?"), Query("?")),
    *(Query("ok \ud800\x00"), Query("\x00"), Query(""), Query("tides " * 400)),
]
DOCUMENTS = [
    Document("0", "劳动合同期限三年以上的，试用期不得超过六个月。", title="劳动合同法第十九条"),
    *(Document("1", "A drum sieve, or tamis, presses food through a fine mesh."), Document("2", "")),
    *(Document("3", "rain " * 900), Document("4", "", title="only a title"), Document("5", "\x00 \ud800 \U0001f600")),
]
PAIRS = [(query, document) for query in QUERIES for document in DOCUMENTS]

MADE = {
    "bert": ("bert", "torch", "float32"),
    "deberta": ("deberta", "torch", "float32"),
    "qwen3": ("qwen3", "torch", "float32"),
    "onnx": ("wide_bert", "onnx", "float32"),
    "onnx int8": ("wide_bert", "onnx", "int8"),
}


@pytest.fixture(params=MADE, scope="module")
def made(request, tiny_model, exported):
    """What makes the scorer, anew each time."""
    from tamis.score.folder import ModelFolder
    from tamis.score.load_cross import Options, load_cross

    family, engine, dtype = MADE[request.param]
    folder = (tiny_model if engine == "torch" else exported)(family)
    # A window of 256 keeps the longest pairs quick.
    return lambda: load_cross(ModelFolder(folder), Options(engine, "cpu", dtype)).shortened(256)


@pytest.fixture(scope="module")
def scorer(made):
    return made()


@pytest.fixture(scope="module")
def scores(scorer):
    return scorer.score(PAIRS)


@pytest.fixture(scope="module")
def exact(scorer):
    """How near the same pair's score must be in another batch."""
    return {"atol": 1e-6 if scorer.engine.name.endswith("int8") else 1e-5, "rtol": 0}


def test_follows_the_protocol(scorer):
    assert isinstance(scorer, Scorer)
    assert scorer.name


def test_one_finite_logit_a_pair_whatever_the_texts(scores):
    assert scores.shape == (len(PAIRS),)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert len(np.unique(scores.round(6))) > 20, "and it tells them apart"


def test_nothing_gives_nothing(scorer):
    assert scorer.score([]).shape == (0,)
    assert scorer.notes([]) == []
    assert scorer.score_with_notes([])[1] == []


def test_order_is_kept(scorer, scores, exact):
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(len(PAIRS))
        np.testing.assert_allclose(scorer.score([PAIRS[i] for i in shuffled]), scores[shuffled], **exact)


def test_the_batch_does_not_matter(scorer, scores, exact):
    np.testing.assert_allclose([scorer.score([pair])[0] for pair in PAIRS], scores, **exact)
    for size in (2, 3, 7):
        parts = [scorer.score(PAIRS[at : at + size]) for at in range(0, len(PAIRS), size)]
        np.testing.assert_allclose(np.concatenate(parts), scores, **exact)


def test_a_pair_given_twice_scores_the_same(scorer, exact):
    twice = scorer.score([*PAIRS, *PAIRS])
    np.testing.assert_allclose(twice[: len(PAIRS)], twice[len(PAIRS) :], **exact)


@pytest.mark.parametrize("budget", [1, 64, 100_000])
def test_the_budget_of_a_batch_does_not_matter(budget, made, scores, exact):
    other = made()
    other.engine.budget = budget
    np.testing.assert_allclose(other.score(PAIRS), scores, **exact)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_the_number_of_threads_does_not_matter(threads, scorer, scores, exact, monkeypatch):
    monkeypatch.setenv("TAMIS_THREADS", threads)
    np.testing.assert_allclose(scorer.score(PAIRS), scores, **exact)


def test_the_same_call_gives_the_same_bits(scorer, scores):
    np.testing.assert_array_equal(scorer.score(PAIRS), scores)


def test_eight_threads_give_the_bits_of_one(scorer, scores):
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: scorer.score(PAIRS), range(16)):
            np.testing.assert_array_equal(found, scores)


def test_loading_again_gives_the_same_scores_and_fingerprint(made, scorer, scores):
    again = made()
    assert again is not scorer
    assert again.fingerprint == scorer.fingerprint
    np.testing.assert_array_equal(again.score(PAIRS), scores)


def test_notes_are_those_of_the_same_pass(scorer, scores):
    found, notes = scorer.score_with_notes(PAIRS)
    np.testing.assert_array_equal(found, scores)
    assert notes == scorer.notes(PAIRS)
    long = [at for at, (_, document) in enumerate(PAIRS) if document.id == "3"]
    assert all(notes[at]["truncated_tokens"] > 100 for at in long)
    assert not notes[0] and not notes[1]
    json.dumps(notes)


def test_a_shorter_window_reads_less_and_a_longer_one_is_refused(scorer, scores):
    short = scorer.shortened(150)
    assert (short.max_length, scorer.max_length) == (150, 256)
    assert all(len(encoded.ids) <= 150 for encoded in short.template.encode(PAIRS))
    assert short.fingerprint != scorer.fingerprint
    assert not np.allclose(short.score(PAIRS), scores, atol=1e-3)
    with pytest.raises(InputError, match="max_length must be at most 256, the model's window, got 257"):
        scorer.shortened(257)


@pytest.fixture
def copy(tiny_model, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_model("bert"), tmp_path / "a"))


def fingerprint(folder: Path, **options) -> str:
    from tamis.score import load

    load._scorer.cache_clear()
    return load_scorer(folder, **({"engine": "torch"} | options)).fingerprint


def test_a_fingerprint_is_the_same_wherever_the_folder_lies(copy, tmp_path):
    before = fingerprint(copy)
    moved = copy.rename(tmp_path / "b c")
    assert fingerprint(moved) == before
    deeper = tmp_path / "d" / "e"
    shutil.copytree(moved, deeper)
    assert fingerprint(deeper) == before


def test_a_fingerprint_changes_with_whatever_changes_scores(copy):
    from safetensors.torch import load_file, save_file

    found = {
        "as it is": fingerprint(copy),
        "window": fingerprint(copy, max_length=256),
        "dtype": fingerprint(copy, dtype="bfloat16"),
    }
    words = {"prompts": {"web": "Find the page: "}, "default_prompt_name": "web"}
    (copy / "config_sentence_transformers.json").write_text(json.dumps(words))
    found["prompt"] = fingerprint(copy)
    (copy / "config_sentence_transformers.json").unlink()
    assert fingerprint(copy) == found["as it is"]

    tensors = load_file(copy / "model.safetensors")
    tensors["classifier.weight"][0, 0] += 2**-10
    save_file(tensors, copy / "model.safetensors", {"format": "pt"})
    found["weights"] = fingerprint(copy)
    settings = (copy / "tokenizer.json").read_text(encoding="utf-8")
    assert '"lowercase": true' in settings
    (copy / "tokenizer.json").write_text(settings.replace('"lowercase": true', '"lowercase": false'), encoding="utf-8")
    found["tokenizer"] = fingerprint(copy)
    assert len(set(found.values())) == len(found), found


def test_a_fingerprint_changes_with_the_form_of_the_question(tiny_model):
    folder = tiny_model("qwen3")
    plain, other = (load_scorer(folder, engine="torch", template=template) for template in ("qwen3", "qwen3-eval"))
    assert load_scorer(folder, engine="torch").fingerprint == plain.fingerprint, "its family's own"
    told = plain.template.with_instruction("Find the page")
    assert len({plain.template.digest, other.template.digest, told.digest}) == 3
    assert plain.template.digest in plain.fingerprint and other.template.digest in other.fingerprint


def test_engines_and_their_dtypes_have_fingerprints_of_their_own(exported, tiny_model):
    whole, small = (load_scorer(exported("wide_bert"), dtype=dtype) for dtype in ("float32", "int8"))
    torch = load_scorer(tiny_model("wide_bert"), engine="torch")
    assert len({whole.fingerprint, small.fingerprint, torch.fingerprint}) == 3
    assert whole.fingerprint.rsplit(":onnx", 1)[0] == small.fingerprint.rsplit(":onnx", 1)[0], "but for the engine"
