"""The late-interaction scorer's features against their formulas written out."""

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import ModelError
from tamis.score.late import LateInteraction, phrases
from tamis.score.load import _text_encoder

PAIR = (
    Query("drum sieve of a cook"),
    Document("d", "The drum sieve of a cook: a purée is pressed through its mesh, and what stays behind is thrown."),
)


def test_features_equal_their_formulas():
    scorer = load_scorer("tamis-mini")
    (features,) = scorer.features([PAIR])
    encoder = scorer.encoder
    ((_, query, q),) = encoder.token_vectors(encoder.tokens([PAIR[0].text], "query"))
    ((_, document, d),) = encoder.token_vectors(encoder.tokens([PAIR[1].text], "document"))

    cosine = q.mean(0) @ d.mean(0) / np.linalg.norm(q.mean(0)) / np.linalg.norm(d.mean(0))
    query_centre, document_centre = scorer.statistics.centres
    total = weighed = 0.0
    for at in range(query.content.start, query.content.stop):
        left = q[at] - query_centre
        rights = [d[j] - document_centre for j in range(document.content.start, document.content.stop)]
        nearest = max(left @ right / np.linalg.norm(left) / np.linalg.norm(right) for right in rights)
        weight = scorer.statistics.pieces[query.ids[at]]
        total, weighed = total + weight, weighed + weight * nearest
    phrase = len(phrases(PAIR[0].text) & phrases(PAIR[1].text)) / len(phrases(PAIR[0].text))

    np.testing.assert_allclose(features, [cosine, weighed / total, phrase, len(document.ids)], rtol=1e-5)


def test_what_is_not_read_is_noted():
    scorer = load_scorer("tamis-mini")
    long_one, short_one = scorer.notes([(Query("q"), Document("a", "sieve " * 1000)), PAIR])
    assert long_one["truncated_tokens"] > 1000
    assert short_one == {}


def test_a_folder_without_its_files_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"architecture": "late-interaction", "encoder": "e5-small", "blends": {}}')
    with pytest.raises(ModelError, match="is not a late-interaction model folder"):
        LateInteraction.load(tmp_path, _text_encoder)


def test_bm25_is_weighed_in_where_it_is_known():
    scorer = load_scorer("tamis-mini")
    pairs = [PAIR] * 3
    texts, some, more = scorer.score_with_bm25(pairs, np.array([np.nan, 2.0, 5.0]))
    assert texts == scorer.score(pairs)[0]
    assert more - some == pytest.approx(3 * scorer.blends.with_bm25["en"].bm25)
    assert more > some != texts
