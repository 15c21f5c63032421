"""Vectors of every body, pooling and module beside sentence-transformers' on the same folder: equal to 1e-5 in fp32."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tamis import load_encoder

for package in ("torch", "transformers", "safetensors", "sentence_transformers"):
    pytest.importorskip(package)

from .texts import pairs  # noqa: E402
from .tiny_bi import BI  # noqa: E402

TEXTS = [text for query, document in pairs()[:50] for text in (query.text, document.text)]
TOLERANCE = {"atol": 1e-5, "rtol": 1e-5}
QUICK = ("bi_bert", "bi_roberta", "bi_electra", "bi_modernbert", "bi_qwen3")
EVERY = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in BI if name not in QUICK)]


@cache
def their_model(folder):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def theirs(folder, texts, kind):
    """``encode_document`` of version 6.2 passes over a prompt that is called "passage"; asked by name, it is there."""
    model = their_model(folder)
    encode = model.encode_query if kind == "query" else model.encode_document
    named = {"prompt_name": "passage"} if kind == "document" and "passage" in model.prompts else {}
    return encode(texts, batch_size=8, normalize_embeddings=True, **named)


@pytest.mark.parametrize("family", EVERY)
def test_vectors_equal_those_of_sentence_transformers(family, tiny_model):
    folder = tiny_model(family)
    encoder = load_encoder(folder)
    for kind in ("query", "document"):
        expected = theirs(folder, TEXTS, kind)
        assert expected.shape == (100, encoder.dimension)
        np.testing.assert_allclose(encoder.encode(TEXTS, kind), expected, **TOLERANCE)
    again = encoder.encode(TEXTS[::-1] + TEXTS[:5], "document")
    np.testing.assert_allclose(again, np.concatenate([expected[::-1], expected[:5]]), **TOLERANCE)
    cosines = (expected @ expected.T)[np.triu_indices(len(TEXTS), 1)]
    assert np.std(cosines) > 0.02, "else equality would say little"


@pytest.mark.parametrize("family", ["bi_bert", "bi_roberta", "bi_modernbert", "bi_qwen3"])
def test_a_kind_has_its_prefix(family, tiny_model):
    encoder = load_encoder(tiny_model(family))
    assert np.abs(encoder.encode(TEXTS[:9], "query") - encoder.encode(TEXTS[:9], "document")).max() > 1e-2


@pytest.mark.parametrize("family", ["bi_bert", "bi_roberta", pytest.param("bi_xlm_roberta", marks=pytest.mark.slow)])
def test_long_texts_are_cut_where_sentence_transformers_cuts_them(family, tiny_model):
    long = ["gravity attracts two bodies and ocean tides follow " * 60, "the capital " * 31]
    folder = tiny_model(family)
    np.testing.assert_allclose(load_encoder(folder).encode(long, "query"), theirs(folder, long, "query"), **TOLERANCE)
    model = their_model(folder)
    before, model.max_seq_length = model.max_seq_length, 20
    try:
        expected = theirs(folder, long, "query")
    finally:
        model.max_seq_length = before
    np.testing.assert_allclose(load_encoder(folder, max_length=20).encode(long, "query"), expected, **TOLERANCE)
