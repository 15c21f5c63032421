"""The late-interaction scorer's features against their formulas written out."""

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import ModelError
from tamis.score.late import PHRASES_FROM, TOKENS_FROM, Blend, LateInteraction, long, phrases
from tamis.score.load import _text_encoder

PAIR = (
    Query("drum sieve of a cook"),
    Document("d", "The drum sieve of a cook: a purée is pressed through its mesh, and what stays behind is thrown."),
)


def test_features_equal_their_formulas():
    scorer = load_scorer("tamis-mini")
    ((_, _, features),) = scorer.features([PAIR])
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
    share = long(len(document.ids), TOKENS_FROM)
    assert 0 < share < 1
    intercept, slope = scorer.statistics.expected
    maxsim = share * weighed / total + (1 - share) * (intercept + slope * cosine)
    phrase = (
        long(len(document.ids), PHRASES_FROM)
        * len(phrases(PAIR[0].text) & phrases(PAIR[1].text))
        / len(phrases(PAIR[0].text))
    )

    np.testing.assert_allclose(features[0], [cosine, maxsim, phrase], rtol=1e-5)


def test_the_language_of_the_query_chooses_the_blend():
    scorer = load_scorer("tamis-mini")
    blends = {"zh": Blend(1, 0, 0, 0), "en": Blend(2, 0, 0, 0), "other": Blend(3, 0, 0, 0)}
    marked = LateInteraction("marked", scorer.encoder, blends=blends, statistics=scorer.statistics, made="")
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
