"""The late-interaction scorer's features against their formulas written out."""

import numpy as np
import pytest

from tamis import Document, Query, load_scorer
from tamis.errors import ModelError
from tamis.score.blend import Blend, Blends
from tamis.score.late import LateInteraction, phrases, unit
from tamis.score.load import EMBEDDED, _text_encoder
from tamis.score.nearest import nearest

PAIR = (
    Query("drum sieve of a cook"),
    Document("d", "The drum sieve of a cook: a purée is pressed through its mesh, and what stays behind is thrown."),
)


def test_features_equal_their_formulas():
    scorer = load_scorer("tamis-blend")
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

    np.testing.assert_allclose(features, [cosine, weighed / total, phrase, len(document.ids), 0, 0, 0], rtol=1e-5)
    assert phrase > 0


def test_the_language_of_the_query_chooses_the_blend():
    scorer = load_scorer("tamis-blend")
    texts = {"zh": Blend(1, 0, 0, 0), "en": Blend(2, 0, 0, 0), "other": Blend(3, 0, 0, 0)}
    blends = Blends((0, 0), texts, {"other": Blend(4, 0, 0, 0)})
    marked = LateInteraction("marked", scorer.encoder, blends=blends, statistics=scorer.statistics, made="")
    document = Document("d", "text")
    pairs = [(Query(text), document) for text in ("如何退货", "how to return", "как вернуть")]
    assert marked.score(pairs).tolist() == [1, 2, 3]
    assert marked.score_with_evidence(pairs, {"bm25": np.zeros(3)}).tolist() == [4, 4, 4]


@pytest.mark.parametrize(("query", "document"), [(1, 1), (1, 500), (3, 1000), (8, 85), (8, 86), (30, 512), (500, 9)])
def test_the_nearest_token_is_found_whatever_the_blocks(query, document):
    rng = np.random.default_rng(0)
    left, right = (unit(rng.standard_normal((rows, 384)).astype(np.float32)) for rows in (query, document))
    np.testing.assert_allclose(nearest(left, right), (left @ right.T).max(axis=1), atol=1e-6)


def test_nothing_is_near_where_there_is_nothing():
    some, none = np.eye(2, 384, dtype=np.float32), np.zeros((0, 384), np.float32)
    assert nearest(some, none).tolist() == [-1, -1]
    assert nearest(none, some).tolist() == []


def test_what_is_not_read_is_noted():
    scorer = load_scorer("tamis-blend")
    long_one, short_one = scorer.notes([(Query("q"), Document("a", "sieve " * 1000)), PAIR])
    assert long_one["truncated_tokens"] > 1000
    assert short_one == {}


def test_a_folder_without_its_files_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"architecture": "late-interaction", "encoder": "e5-small", "blends": {}}')
    with pytest.raises(ModelError, match="is not a late-interaction model folder"):
        LateInteraction.load(tmp_path, _text_encoder)


BROKEN = [("heads.onnx", None), ("heads.onnx", b"no graph"), ("terms.npz", None), ("terms.npz", b"PK no table")]


@pytest.mark.parametrize(("file", "content"), [*BROKEN, ("tokens.npz", b"PK no table")])
def test_a_broken_file_of_a_model_is_one_clear_error(tmp_path, file, content):
    for source in (EMBEDDED / "tamis-mini").iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ModelError, match=r"is not a late-interaction model folder|heads\.onnx: not a graph"):
        LateInteraction.load(tmp_path, _text_encoder)


def test_bm25_is_weighed_in_where_it_is_known():
    scorer = load_scorer("tamis-blend")
    (texts,) = scorer.score([PAIR])
    some, more = scorer.score_with_evidence([PAIR] * 2, {"bm25": np.array([2.0, 5.0])})
    assert more - some == pytest.approx(3 * scorer.blends.with_bm25["en"].bm25)
    assert more > some != texts
