"""The PyTorch engine: packed batches of any make-up, and prefixes computed once and soon forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import InputError
from tamis.score.engine import Batch

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
from tamis.score.torch_engine import PREFIXES, chosen_device  # noqa: E402

DOCUMENTS = [Document(str(at), text * (1 + at % 7)) for at, text in enumerate(["Paris. ", "筛子。", "x", ""] * 5)]


@pytest.fixture
def engine(tiny_model):
    """``engine(family)``: an engine of its own, with nothing in its store."""
    from tamis.score.folder import ModelFolder
    from tamis.score.load_cross import Options, load_cross

    return lambda family: load_cross(ModelFolder(tiny_model(family)), Options("torch", "cpu"))


def asked(text: str, documents=DOCUMENTS):
    return [(Query(text), document) for document in documents]


@pytest.mark.parametrize("family", ["bert", "modernbert", "deberta", "qwen3"])
def test_sequences_of_any_lengths_go_together(family, engine):
    runs = [[1], [1, 1, 1], [5, 5, 1, 5], [100, 1, 99, 100, 100, 2], [300, 3]]
    scorer, draw = engine(family), np.random.default_rng(1)
    for lengths in runs:
        ids = [draw.integers(5, 500, n).tolist() for n in lengths]
        second = [n // 2 for n in lengths]
        together = scorer.engine.logits(Batch(ids, second))
        alone = [scorer.engine.logits(Batch([i], [s]))[0] for i, s in zip(ids, second, strict=True)]
        assert together.dtype == np.float32
        np.testing.assert_allclose(together, alone, atol=1e-5, rtol=1e-5)


def test_a_shared_prefix_is_the_same_as_reading_it_every_time(engine):
    scorer, draw = engine("qwen3"), np.random.default_rng(2)
    prefix = tuple(draw.integers(5, 1000, 40).tolist())
    rest = [draw.integers(5, 1000, n).tolist() for n in (1, 3, 3, 60, 1)]
    whole = [[*prefix, *ids] for ids in rest]
    shared = scorer.engine.logits(Batch(rest, [len(ids) for ids in rest], prefix))
    np.testing.assert_allclose(
        shared, scorer.engine.logits(Batch(whole, [len(ids) for ids in whole])), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("family", ["qwen3", "gemma", "mxbai_v2"])
def test_one_document_scores_as_among_many(family, engine):
    """By itself no prefix is shared; among many it is."""
    scorer = engine(family)
    pairs = asked("capital of France?")
    alone = [scorer.score([pair])[0] for pair in pairs]
    assert not scorer.engine._prefixes
    np.testing.assert_allclose(scorer.score(pairs), alone, atol=1e-5, rtol=1e-5)
    assert scorer.engine._prefixes


def test_a_document_that_is_empty_has_something_left_to_read(engine):
    """In a prompt that ends in the document, all of whose tokens are shared where it is empty."""
    from dataclasses import replace

    from tamis.score.cross import CrossEncoder
    from tamis.score.prompted import PromptTemplate
    from tamis.score.prompts import PROMPTS

    whole = engine("qwen3")
    prompt = replace(PROMPTS["qwen3"], text="Query: {query}\n{document}", instructed="", instruction="")
    template = PromptTemplate(whole.template._tokens, prompt, 200)
    scorer = CrossEncoder("bare", template, whole.engine, lambda: "")
    pairs = asked("capital?", [Document("0", "Paris"), Document("1", ""), Document("2", "Rome"), Document("3", "")])
    found = scorer.score(pairs)
    np.testing.assert_allclose(found, [scorer.score([pair])[0] for pair in pairs], atol=1e-5, rtol=1e-5)
    assert found[1] == found[3] != found[0]


@pytest.mark.parametrize("threads", [1, 3])
def test_few_prefixes_are_kept_and_the_last_ones_at_that(threads, engine, monkeypatch):
    monkeypatch.setenv("TAMIS_THREADS", str(threads))
    scorer, most = engine("qwen3"), max(PREFIXES, threads + 1)
    for at in range(7):
        scorer.score(asked(f"query {at}", DOCUMENTS[:2]))
        assert len(scorer.engine._prefixes) <= most
    heads = [scorer.template.encode(asked(f"query {at}", DOCUMENTS[:1]))[0] for at in range(7 - most, 7)]
    assert list(scorer.engine._prefixes) == [tuple(e.ids[: e.shared]) for e in heads]
    kept = dict(scorer.engine._prefixes)
    scorer.score(asked("query 5", DOCUMENTS[:3]))
    assert all(scorer.engine._prefixes[prefix] is held for prefix, held in kept.items()), "computed once"


def test_queries_that_take_turns_score_as_one_after_the_other(engine):
    scorer = engine("qwen3")
    queries = [f"query {at} {'about sieves ' * at}" for at in range(4)]
    lists = [asked(query) for query in queries]
    apart = [scorer.score(pairs) for pairs in lists]
    mixed = [pair for row in zip(*lists, strict=True) for pair in row]
    np.testing.assert_allclose(scorer.score(mixed), np.stack(apart, axis=1).ravel(), atol=1e-5, rtol=1e-5)


def test_eight_threads_with_queries_of_their_own(engine):
    scorer = engine("qwen3")
    lists = [asked(f"query {at} {'about sieves ' * at}", DOCUMENTS[:6]) for at in range(8)]
    expected = [scorer.score(pairs) for pairs in lists]
    with ThreadPoolExecutor(8) as pool:
        for at, found in pool.map(lambda at: (at, scorer.score(lists[at])), [*range(8)] * 6):
            np.testing.assert_array_equal(found, expected[at])
    assert len(scorer.engine._prefixes) <= max(PREFIXES, scorer.engine.threads + 1)


def test_long_queries_cut_differently_for_each_document_do_not_mix(engine):
    """Then the beginning is no longer the same for all, and only what is the same is shared."""
    scorer = engine("qwen3").shortened(160)
    pairs = asked("gravity attracts bodies " * 40, [Document(str(n), "tides " * n) for n in (0, 1, 5, 40, 80, 80, 300)])
    assert len({e.shared for e in scorer.template.encode(pairs)}) > 2
    np.testing.assert_allclose(scorer.score(pairs), [scorer.score([p])[0] for p in pairs], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", ["bert", "qwen3"])
def test_half_precision_is_near_and_says_so(family, tiny_model, pairs_in_many_languages):
    pairs = pairs_in_many_languages[:60]
    exact = load_scorer(tiny_model(family), engine="torch", dtype="float32")
    half = load_scorer(tiny_model(family), engine="torch", dtype="bfloat16")
    assert (exact.engine.name, half.engine.name) == ("torch:cpu:float32", "torch:cpu:bfloat16")
    difference = np.abs(exact.score(pairs) - half.score(pairs))
    assert 0 < difference.max() < 0.5 and np.isfinite(difference).all()


@pytest.mark.parametrize("dtype", ["int8", "float64", "fp32", ""])
def test_an_unknown_dtype_is_told_with_those_known(dtype, tiny_model):
    with pytest.raises((InputError), match=rf"dtype='{dtype}': .*(float32, bfloat16, float16|'float32')"):
        load_scorer(tiny_model("bert"), engine="torch", dtype=dtype)


@pytest.mark.parametrize("device", ["cuda:9", "tpu", "mps", "gpu", "cuda"])
def test_a_device_that_is_not_there_is_told_with_those_that_are(device, tiny_model):
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if there.get(device.split(":")[0]):
        pytest.skip(f"{device} is there")
    with pytest.raises(InputError, match=rf"device='{device}': PyTorch finds .*cpu here"):
        load_scorer(tiny_model("bert"), engine="torch", device=device)


def test_the_fastest_device_is_taken():
    known = ("cuda", "mps", "cpu")
    there = (torch.cuda.is_available(), torch.backends.mps.is_available(), True)
    assert chosen_device("auto") == next(name for name, found in zip(known, there, strict=True) if found)
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize("family", ["bert", "modernbert", "deberta", "qwen3"])
def test_the_form_for_accelerators_gives_the_same_scores(family, engine, monkeypatch):
    """Attention over one padded shape, which the CPU is spared; weights, prefixes and batches are the same."""
    scorer = engine(family)
    pairs = [*asked("capital of France?"), *asked("首都", DOCUMENTS[:5])]
    expected = scorer.score(pairs)
    from tamis.score.nets import packing

    def padded(lengths):
        return packing._padded(lengths, torch.device("cpu"))

    monkeypatch.setattr(packing, "Sequences", padded)
    scorer.engine._prefixes.clear()
    np.testing.assert_allclose(scorer.score(pairs), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
@pytest.mark.parametrize("family", ["bert", "modernbert", "deberta", "qwen3"])
def test_cuda_in_32_bits_gives_the_scores_of_the_cpu(family, tiny_model, pairs_in_many_languages):
    cpu, cuda = (load_scorer(tiny_model(family), device=d, dtype="float32") for d in ("cpu", "cuda"))
    expected = cpu.score(pairs_in_many_languages)
    np.testing.assert_allclose(cuda.score(pairs_in_many_languages), expected, atol=1e-4, rtol=1e-4)
