"""The late-interaction scorer's features against their formulas written out."""

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import ModelError
from tamis.score.late import Blend, LateInteraction, long, phrases
from tamis.score.load import _text_encoder

PAIR = (Query("drum sieve of a cook"), Document("d", "The drum sieve is what a cook presses a purée through, twice."))


def test_features_equal_their_formulas():
    scorer = load_scorer("tamis-mini")
    ((_, _, features),) = scorer.features([PAIR])
    encoder = scorer.encoder
    ((_, query, q),) = encoder.token_vectors(encoder.tokens([PAIR[0].text], "query"))
    ((_, document, d),) = encoder.token_vectors(encoder.tokens([PAIR[1].text], "document"))

    cosine = q.mean(0) @ d.mean(0) / np.linalg.norm(q.mean(0)) / np.linalg.norm(d.mean(0))
    total = weighed = 0.0
    for at in range(query.content.start, query.content.stop):
        left = q[at] - scorer.centres[0]
        nearest = max(
            left @ (d[j] - scorer.centres[1]) / np.linalg.norm(left) / np.linalg.norm(d[j] - scorer.centres[1])
            for j in range(document.content.start, document.content.stop)
        )
        weight = scorer.pieces[query.ids[at]]
        total, weighed = total + weight, weighed + weight * nearest
    phrase = long(len(document.ids)) * len(phrases(PAIR[0].text) & phrases(PAIR[1].text)) / len(phrases(PAIR[0].text))

    np.testing.assert_allclose(features[0], [cosine, weighed / total, phrase], rtol=1e-5)
    assert phrase > 0


def test_the_language_of_the_query_chooses_the_blend():
    scorer = load_scorer("tamis-mini")
    blends = {"zh": Blend(1, 0, 0, 0), "en": Blend(2, 0, 0, 0), "other": Blend(3, 0, 0, 0)}
    marked = LateInteraction(
        "marked", scorer.encoder, blends=blends, pieces=scorer.pieces, centres=scorer.centres, made=""
    )
    document = Document("d", "text")
    queries = [Query("如何退货"), Query("how to return"), Query("как вернуть")]
    assert marked.score([(query, document) for query in queries]).tolist() == [1, 2, 3]


def test_what_is_not_read_is_noted():
    scorer = load_scorer("tamis-mini")
    long_one, short_one = scorer.notes([(Query("q"), Document("a", "sieve " * 1000)), PAIR])
    assert long_one["truncated_tokens"] > 1000
    assert short_one == {}


def test_a_folder_without_its_files_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"architecture": "late-interaction", "encoder": "e5-small", "blends": {}}')
    with pytest.raises(ModelError, match="is not a late-interaction model folder"):
        LateInteraction.load(tmp_path, _text_encoder)
