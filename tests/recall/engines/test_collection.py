"""Collections: written, replaced and deleted from in each engine; what made them is held to; scores are the index'."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tamis import Document, Query
from tamis.errors import IndexMismatchError, IndexStoreError, InputError
from tamis.filters import AnyOf, Filter
from tamis.recall import Index
from tamis.recall.engines import create_collection, open_collection, open_retriever
from tamis.recall.engines.collection import BLOCK

from .conftest import HashingEncoder, make_documents

QUERIES = [Query("drum sieve drum"), Query("法院 合同"), Query("wing flow appeal court contract soup")]
AWKWARD = [
    Document('it\'s "quoted"; DROP TABLE x; --', "a drum's \\ back'slash", fields={"a.b": 1, "c d": "'; --"}),
    Document("筛子/%s?{}", "法院 and a NUL \0 inside", "题 %s", {"名": "值", "big": 2**53, "no": None, "yes": True}),
    Document(" leading", "half \ud83d of a character", fields={"x": 0.1, "y": -1e-9, "many": ["a", 1]}),
    Document("blank", "", fields={"kind": "empty"}),
]


@pytest.fixture
def made(url):
    held = create_collection(url, encoder=HashingEncoder())
    yield held
    held.close()


def scores(ranking, stage):
    return {c.doc.id: c.scores[stage] for c in ranking}


def test_awkward_documents_come_back(made):
    made.add(AWKWARD)
    for document in AWKWARD:
        given = replace(document, text=document.text.replace("\ud83d", "\ufffd"))
        assert made.get(document.id) == given
        where = Filter.of({name: value for name, value in document.fields.items() if not isinstance(value, list)})
        (found,) = made.search([Query("a drum 法院", where=where)], 10, mode="dense")
        # Neither of the two servers takes a vector without a length, which is what this encoder makes of no text.
        lost = not document.text and made.name.startswith(("OpenSearch", "Elasticsearch"))
        assert [c.doc.id for c in found] == ([] if lost else [document.id])
    assert [c.doc.id for c in made.search(["back'slash"], 5, mode="bm25")[0]] == [AWKWARD[0].id]


def test_adding_again_replaces(made):
    documents = make_documents(BLOCK + 20)
    told = []
    assert made.add(iter(documents), lambda done, total: told.append((done, total))) == len(documents)
    assert told == [(BLOCK, None), (BLOCK + 20, None)] and len(made) == len(documents)
    before = [scores(r, "bm25") for r in made.search(QUERIES, 50, mode="bm25")]
    made.add(documents)
    assert len(made) == len(documents)
    assert [scores(r, "bm25") for r in made.search(QUERIES, 50, mode="bm25")] == before
    made.add([Document(documents[0].id, "something else: xylophone"), Document(documents[0].id, "a xylophone")])
    assert made.get(documents[0].id).text == "a xylophone" and len(made) == len(documents)
    assert [c.doc.id for c in made.search(["xylophone"], 5, mode="bm25")[0]] == [documents[0].id]
    assert made.search(["something"], 5, mode="bm25")[0].items == ()


def test_documents_without_an_id_are_named_by_what_they_say(made):
    assert made.add(["a drum", {"text": "a sieve", "year": 1900}]) == 2
    assert made.add(["a drum", "a third"]) == 2
    assert len(made) == 3


def test_deleting(made):
    documents = make_documents(30)
    made.add(documents)
    assert made.delete([documents[3].id, documents[4].id, documents[3].id]) == 2
    assert len(made) == 28
    with pytest.raises(InputError, match="'d00003' is not in"):
        made.delete([documents[5].id, documents[3].id])
    assert len(made) == 28 and made.get(documents[5].id) == documents[5]
    for ranking in made.search(QUERIES, 30):
        assert not {documents[3].id, documents[4].id} & {c.doc.id for c in ranking}
    with pytest.raises(InputError, match="must be a list"):
        made.delete("d00005")
    with pytest.raises(InputError, match="id is a str"):
        made.get(5)
    for unheard in ("", "\0", "\ud800"):
        with pytest.raises(InputError, match="is not in"):
            made.get(unheard)


def test_scores_are_the_indexs(made):
    """Qdrant's mean length is that of the first block, so all are in it; vectors of PostgreSQL have 16 bits."""
    documents = make_documents(200)
    made.add([Document(d.id, "old " + d.text) for d in documents[:20]])
    made.delete([d.id for d in documents[:20]])
    if made.name.startswith("Qdrant"):
        made.close()
        made = create_collection("qdrant+memory:", encoder=HashingEncoder())
    made.add(documents)
    index = Index.build(documents, encoder=HashingEncoder())
    for stage, error in (("bm25", 2e-6), ("dense", 5e-4)):
        pairs = zip(made.search(QUERIES, 200, mode=stage), index.search(QUERIES, 200, mode=stage), strict=True)
        for ours, theirs in pairs:
            assert scores(ours, stage) == pytest.approx(scores(theirs, stage), abs=error)
    for ours, theirs in zip(made.search(QUERIES, 200), index.search(QUERIES, 200), strict=True):
        assert scores(ours, "hybrid") == pytest.approx(scores(theirs, "hybrid"), abs=5e-3)
        assert ours.fingerprints == theirs.fingerprints


def test_ranking_given_documents_says_what_searching_says(made):
    documents = make_documents(150)
    made.add(documents)
    for mode in ("bm25", "dense"):
        (found,) = made.search(QUERIES[:1], 40, mode=mode)
        ranked = made.rank(QUERIES[0], [c.doc.id for c in found], mode=mode)
        assert [(c.doc, c.scores) for c in ranked] == [(c.doc, c.scores) for c in found]
    absent = next(d.id for d in documents if d.id not in scores(made.search(QUERIES[:1], 150, mode="bm25")[0], "bm25"))
    assert made.rank(QUERIES[0], [absent])[0].scores["bm25"] == 0
    with pytest.raises(InputError, match="'nothing' is not in"):
        made.rank("drum", ["nothing"])


def test_another_encoder_is_refused(url, made):
    if url.startswith("qdrant"):
        pytest.skip("a collection in memory is opened once")
    with pytest.raises(IndexMismatchError, match=r"hashing-32-0.*this one is hashing-32-1"):
        open_collection(url, encoder=HashingEncoder(seed=1))
    with pytest.raises(InputError, match="pass it"):
        open_collection(url).search(["drum"], 5)
    made.add(make_documents(5))
    assert len(open_retriever(url, encoder=HashingEncoder(), mode="bm25").search([Query("drum")], 5)[0]) > 0


def test_another_segmenter_is_refused(made, monkeypatch):
    made.add(make_documents(5))
    monkeypatch.setattr("tamis.recall.engines.collection.segmenter", lambda: "another")
    with pytest.raises(IndexMismatchError, match="another version of the segmenter"):
        made.search(["drum"], 5)
    with pytest.raises(IndexMismatchError, match="another version of the segmenter"):
        made.add(["drum"])
    assert len(made.search(["drum"], 5, mode="dense")[0]) == 5


def test_without_vectors(url):
    words = create_collection(url, encoder=None)
    words.add(make_documents(10))
    assert {stage for c in words.search(["drum"], 5)[0] for stage in c.scores} == {"bm25"}
    with pytest.raises(InputError, match="encoder=None"):
        words.search(["drum"], 5, mode="dense")
    words.close()


def test_made_once_and_never_silently(url):
    if url.startswith("qdrant"):
        pytest.skip("another memory is another place")
    with pytest.raises(IndexStoreError, match="does not exist: make it with tamis index"):
        open_collection(url)
    create_collection(url, encoder=None).close()
    with pytest.raises(IndexStoreError, match="is there already"):
        create_collection(url, encoder=None)


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        ("text", "put it in a list"),
        ([Document("", "x")], "at least one character"),
        ([Document("a\0b", "x")], "without NUL"),
        ([Document("a\ud800", "x")], "without NUL and half"),
        ([Document("a", "x", fields={"f": float("nan")})], "a field holds what JSON cannot"),
        ([Document("a", "x", fields={"f": "\0"})], "holds NUL"),
        ([Document("a", "x", fields={"f": 2**64})], "does not fit 64 bits"),
        ([Document("a", 5)], "must be strings"),
        ([{"title": 5, "text": "x"}], "must be strings"),
        ([7], "got int"),
    ],
)
def test_documents_that_cannot_be_kept(documents, says):
    held = create_collection("qdrant+memory:", encoder=None)
    with pytest.raises(InputError, match=says):
        held.add(documents)
    assert len(held) == 0


@pytest.mark.parametrize(
    ("queries", "k", "mode", "says"),
    [
        (["  "], 5, "auto", "the query is empty"),
        ("drum", 5, "auto", "must be a list"),
        (["drum"], 0, "auto", "k must be at least 1"),
        (["drum"], 10**9, "auto", "k must be at least 1 and at most"),
        (["drum"], "5", "auto", "whole number"),
        (["drum"], 5, "words", "mode must be one of"),
        ([Query("drum", where=Filter.of({"a": "\0"}))], 5, "auto", "a filter holds NUL"),
        ([Query("drum", where=Filter((AnyOf("a", (math.nan,)),)))], 5, "auto", "a filter holds what no"),
    ],
)
def test_searches_that_cannot_be(queries, k, mode, says):
    held = create_collection("qdrant+memory:", encoder=HashingEncoder())
    with pytest.raises(InputError, match=says):
        held.search(queries, k, mode=mode)


def test_an_empty_collection_finds_nothing(made):
    assert [len(ranking) for ranking in made.search(QUERIES, 5)] == [0, 0, 0]
    assert len(made) == 0
