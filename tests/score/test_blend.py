"""Blends: features to logits, by hand."""

import numpy as np
import pytest

from tamis.score.blend import LONG, PHRASES_FROM, TOKENS_FROM, Blend, Blends

PLAIN = {"zh": Blend(1, 0, 0, 0), "en": Blend(2, 0, 0, 0), "other": Blend(3, 0, 0, 0)}
KNOWN = {"en": Blend(0, 0, 0, 0, 0.5), "other": Blend(9, 0, 0, 0, 1, 2, 4, 8)}
BLENDS = Blends((-1.0, 2.0), PLAIN, KNOWN)


def test_the_language_of_the_query_and_what_is_known_choose_the_blend():
    features, languages = np.zeros((3, 7)), ["zh", "en", "ru"]
    features[:, 4:] = [[5, 1, 2], [5, 1, 2], [0.25, 0.5, 0.125]]
    assert BLENDS.logits(features, None, languages).tolist() == [1, 2, 3]
    assert BLENDS.logits(features, np.array([3.0, 4.0, 0.0]), languages).tolist() == [42, 2, 12.5]
    for bm25 in (None, np.zeros(0)):
        assert BLENDS.logits(np.zeros((0, 7)), bm25, []).tolist() == []


def test_what_counts_grows_with_the_document():
    cosine, maxsim, phrase = 0.8, 0.3, 0.5
    tokens = np.array([TOKENS_FROM, PHRASES_FROM, LONG, 10 * LONG])
    read = [np.arange(4), np.arange(4) / 8, np.arange(4) / 16]
    features = np.stack([np.full(4, cosine), np.full(4, maxsim), np.full(4, phrase), tokens, *read], axis=1)
    evidence = BLENDS.evidence(features, np.array([1.0, 2.0, 3.0, 0.5]))
    assert evidence[:, 0].tolist() == [cosine] * 4
    np.testing.assert_allclose(evidence[[0, 2, 3], 1], [-1 + 2 * cosine, maxsim, maxsim])
    share = np.log2(PHRASES_FROM / TOKENS_FROM) / np.log2(LONG / TOKENS_FROM)
    assert evidence[1, 1] == pytest.approx(share * maxsim + (1 - share) * (-1 + 2 * cosine))
    assert evidence[:, 2].tolist() == [0, 0, phrase, phrase]
    assert evidence[:, 3].tolist() == [1, 2, 3, 0.5]
    np.testing.assert_array_equal(evidence[:, 4:], features[:, 4:])
    assert BLENDS.evidence(features, None)[:, 3].tolist() == [0] * 4


def test_a_configuration_reads_as_what_it_was_written_from():
    assert Blends.read(BLENDS.config()) == BLENDS
    with pytest.raises(KeyError):
        Blends.read({"blends": {}})
