"""The index's life: built, opened, added to, deleted from; and what it says to wrong input."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tamis import Document, Query
from tamis.errors import IndexMismatchError, InputError
from tamis.recall import Index, Weighted


def ids(ranking) -> list[str]:
    return [candidate.doc.id for candidate in ranking]


def test_documents_come_back_as_they_were(encoder, tmp_path):
    given = [
        Document("中文", "正文", title="标题", fields={"year": 1900, "ok": True, "none": None, "x": 1.5, "s": "文"}),
        Document("b", ""),
        Document("", "no id is an id too"),
        Document("\ud800\x00", "lone \udfff surrogate and \x00 NUL \u2028 line \n break"),
    ]
    Index.build(given, tmp_path / "index", encoder=encoder)
    index = Index.open(tmp_path / "index", encoder=encoder)
    assert {d.id: d for d in index.documents()} == {d.id: d for d in given}
    assert [index.get(d.id) for d in given] == given
    assert ids(index.search("surrogate", mode="bm25")) == ["\ud800\x00"]
    assert ids(index.search("lone \udc00 \x00", mode="bm25")) == ["\ud800\x00"]
    assert len(index.search("\ud800", k=3)) == 3


def test_documents_may_be_strings_mappings_or_a_stream(encoder):
    index = Index.build(iter(["a drum", {"text": "a sieve", "year": 3}, Document("x", "soup")]), encoder=encoder)
    assert [d.id for d in index.documents()] == ["0", "1", "x"]
    assert index.get("1").fields == {"year": 3}
    index.add(["named by its position"])
    assert index.get("3").text == "named by its position"


def test_a_document_of_ten_megabytes(encoder):
    text = "sieve 筛子 " * 800_000
    index = Index.build([Document("big", text), Document("small", "sieve")], encoder=encoder)
    assert index.get("big").text == text
    assert set(ids(index.search("筛子 sieve"))) == {"big", "small"}


def test_only_new_documents_are_encoded(encoder, documents, tmp_path):
    index = Index.build(documents(20), tmp_path / "index", encoder=encoder)
    encoder.texts.clear()
    new = documents(3, start=20)
    index.add(new)
    assert encoder.texts == [d.full_text for d in new]
    index.delete(["d00001", "d00022"])
    for _ in range(12):  # merges segments on the way
        new = documents(1, seed=9, start=len(index) + 100)
        index.add(new)
    assert len(encoder.texts) == 3 + 12
    assert len(list(tmp_path.glob("index/*vectors*"))) <= 8


def test_empty_index(encoder, tmp_path):
    for model in (encoder, None):
        path = tmp_path / f"index{model is None}"
        Index.build([], path, encoder=model)
        index = Index.open(path, encoder=model)
        assert len(index) == 0 and list(index.documents()) == []
        assert len(index.search("anything")) == 0
        assert index.search([], 5) == []
        index.add(["sieve"])
        assert ids(index.search("sieve")) == ["0"]
        index.delete(["0"])
        assert len(index.search("sieve")) == 0


def test_progress_is_told(encoder, documents):
    told = []
    Index.build(documents(1100), encoder=encoder, progress=lambda done, total: told.append((done, total)))
    assert told == [(512, 1100), (1024, 1100), (1100, 1100)]
    Index.build(iter(documents(3)), encoder=None, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3, None)


def test_one_query_or_many(encoder, documents):
    index = Index.build(documents(30), encoder=encoder)
    one = index.search("drum sieve", k=5)
    assert index.search(Query("drum sieve"), k=5) == one
    assert index.search(["drum sieve", "soup"], 5)[0] == one
    assert index.search((Query("drum sieve"),), k=np.int64(5)) == [one]


def test_modes(encoder, documents):
    both, lexical = Index.build(documents(30), encoder=encoder), Index.build(documents(30), encoder=None)
    assert both.search("drum") == both.search("drum", mode="hybrid")
    assert lexical.search("drum") == lexical.search("drum", mode="bm25") == both.search("drum", mode="bm25")
    assert (
        ids(both.search("drum", mode="hybrid", fusion=Weighted(dense=1.0)))
        == ids(both.search("drum", mode="dense"))[: len(both.search("drum"))]
    )
    for mode in ("dense", "hybrid"):
        with pytest.raises(InputError, match="encoder=None"):
            lexical.search("drum", mode=mode)


def test_hybrid_scores_are_those_of_its_stages(encoder, documents):
    index = Index.build(documents(300), encoder=encoder)
    stages = {
        mode: {c.doc.id: c.score for c in index.search("drum soup 法院", 300, mode=mode)} for mode in ("bm25", "dense")
    }
    for candidate in index.search("drum soup 法院", 50):
        assert candidate.scores["dense"] == stages["dense"][candidate.doc.id]
        assert candidate.scores["bm25"] == stages["bm25"].get(candidate.doc.id, 0.0)


def test_a_ranking_with_cosines_says_whose_vectors_they_are_of(encoder, documents):
    index = Index.build(documents(20), encoder=encoder)
    for mode in ("dense", "hybrid"):
        for found in (index.search("drum", mode=mode), index.rank("drum", ["d00003"], mode=mode)):
            assert found.fingerprints == {"dense": "hashing-32-0"}
    assert index.search("drum", mode="bm25").fingerprints == {}


@pytest.mark.parametrize("mode", ["bm25", "dense", "hybrid"])
def test_given_documents_are_ranked_by_the_scores_of_search(encoder, documents, mode):
    index = Index.build(documents(300), encoder=encoder)
    index.delete([f"d{at:05d}" for at in range(0, 300, 9)])
    given = [f"d{at:05d}" for at in range(1, 300, 9)]
    ranked = index.rank("drum soup 法院", given, mode=mode)
    assert sorted(ids(ranked)) == sorted(given)
    keys = [(-c.score, c.doc.id) for c in ranked]
    assert keys == sorted(keys)
    found = {c.doc.id: c for c in index.search("drum soup 法院", 300, mode=mode)}
    for candidate in ranked:
        stages = {"bm25", "dense"} & candidate.scores.keys()
        expected = found[candidate.doc.id].scores if candidate.doc.id in found else dict.fromkeys(stages, 0.0)
        assert {stage: candidate.scores[stage] for stage in stages} == {stage: expected[stage] for stage in stages}
    assert len(index.rank("drum", [], mode=mode)) == 0
    with pytest.raises(InputError, match="'d00000' is not in the index"):
        index.rank("drum", ["d00000"], mode=mode)


@pytest.mark.parametrize("query", ["", "  \n", Query("\t"), 3, None])
def test_blank_query(encoder, query):
    index = Index.build(["a"], encoder=encoder)
    with pytest.raises(InputError):
        index.search([query])
    with pytest.raises(InputError):
        index.search(query)


@pytest.mark.parametrize("k", [0, -1, 2.5, "3", None])
def test_wrong_k(encoder, k):
    with pytest.raises(InputError, match="at least 1"):
        Index.build(["a"], encoder=encoder).search("a", k=k)


def test_a_fusion_that_breaks_its_word(encoder):
    class Short:
        def fuse(self, query, stages):
            return np.zeros(1)

    with pytest.raises(InputError, match="must give 2 finite scores"):
        Index.build(["a drum", "b"], encoder=encoder).search("drum", fusion=Short())


def test_wrong_mode_and_ann(encoder):
    with pytest.raises(InputError, match="mode must be one of"):
        Index.build(["a"], encoder=encoder).search("a", mode="sparse")
    with pytest.raises(InputError, match="ann must be"):
        Index.build(["a"], encoder=encoder, ann="yes")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("one string", "put it in a list"),
        (Document("a", "b"), "put it in a list"),
        ([{"text": "a"}, 5], "item 1 of the documents"),
        ([{"text": 7}], "must be strings"),
        ([Document("a", "x"), Document("a", "y")], "stands twice"),
        ([Document("a", "x", fields={"f": object()})], "what JSON cannot"),
        ([Document(7, "x")], "must be strings"),
        (["fine", {"id": "0", "text": "taken"}], "'0' stands twice"),
    ],
)
def test_wrong_documents(encoder, wrong, says, tmp_path):
    with pytest.raises(InputError, match=says):
        Index.build(wrong, tmp_path / "index", encoder=encoder)
    Index.build(["fine"], tmp_path / "index", encoder=encoder)  # nothing was left that is in the way


def test_adding_an_id_that_is_there_writes_nothing(encoder, documents, tmp_path):
    index = Index.build(documents(10), tmp_path / "index", encoder=encoder)
    before = sorted((p.name, p.stat().st_mtime_ns) for p in index.path.iterdir() if p.name != "writer.lock")
    with pytest.raises(InputError, match=r"'d00003' is in the index already: delete\(\['d00003'\]\) first"):
        index.add([*documents(5, start=10), Document("d00003", "again")])
    assert sorted((p.name, p.stat().st_mtime_ns) for p in index.path.iterdir() if p.name != "writer.lock") == before
    assert len(index) == 10
    index.delete(["d00003"])
    index.add([Document("d00003", "again")])
    assert index.get("d00003").text == "again"


def test_deleting_what_is_not_there_deletes_nothing(encoder, documents):
    index = Index.build(documents(10), encoder=encoder)
    with pytest.raises(InputError, match="'nope' is not in the index"):
        index.delete(["d00001", "nope"])
    with pytest.raises(InputError, match=r"write delete\(\['d00001'\]\)"):
        index.delete("d00001")
    with pytest.raises(InputError, match="a document id is a str"):
        index.delete([1])
    assert len(index) == 10
    assert index.delete([]) == 0
    assert index.delete(["d00001", "d00001"]) == 1
    with pytest.raises(InputError):
        index.get("d00001")


def test_a_reader_that_fails_midway_leaves_the_index(encoder, documents, tmp_path):
    def broken():
        yield from documents(600, start=10)
        raise OSError("the network went away")

    index = Index.build(documents(10), tmp_path / "index", encoder=encoder)
    files = sorted(p.name for p in index.path.iterdir())
    with pytest.raises(OSError, match="network"):
        index.add(broken())
    assert sorted(p.name for p in index.path.iterdir()) == files
    assert len(Index.open(index.path)) == 10


def test_build_where_something_is(encoder, tmp_path):
    Index.build(["old"], tmp_path / "index", encoder=encoder)
    with pytest.raises(InputError, match="holds an index already"):
        Index.build(["new"], tmp_path / "index", encoder=encoder)
    with pytest.raises(InputError, match="stands twice"):
        Index.build([Document("a", "a")] * 2, tmp_path / "index", encoder=encoder, replace=True)
    assert Index.open(tmp_path / "index").get("0").text == "old"
    Index.build(["new", "newer"], tmp_path / "index", encoder=None, replace=True)
    assert Index.open(tmp_path / "index").get("0").text == "new"
    assert len({p.name[:9] for p in (tmp_path / "index").glob("g*")}) == 1  # nothing of the old one is left
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="neither empty nor an index"):
        Index.build(["new"], tmp_path / "mine", encoder=encoder, replace=True)
    with pytest.raises(InputError, match="this is a file"):
        Index.build(["new"], tmp_path / "mine" / "thesis.txt", encoder=encoder)


def test_another_encoder_is_refused(encoder, other_encoder, tmp_path):
    Index.build(["a"], tmp_path / "index", encoder=encoder)
    with pytest.raises(IndexMismatchError, match=r"hashing-32-0.*this one is hashing-32-1"):
        Index.open(tmp_path / "index", encoder=other_encoder)
    opened = Index.open(tmp_path / "index")
    assert ids(opened.search("a", mode="bm25")) == ["0"]
    with pytest.raises(InputError, match="an Encoder object made its vectors"):
        opened.search("a")
    Index.build(["a"], tmp_path / "lexical", encoder=None)
    with pytest.raises(IndexMismatchError, match="has no vectors"):
        Index.open(tmp_path / "lexical", encoder=encoder)


def test_an_encoder_named_by_its_spec_is_loaded_when_needed(encoder, other_encoder, tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr("tamis.recall.index._loaded", lambda spec: loaded.append(spec) or encoder)
    Index.build(["a drum"], tmp_path / "index", encoder="some-model")
    opened = Index.open(tmp_path / "index")
    assert loaded == ["some-model"]
    assert len(opened.search("drum")) == 1
    opened.search("drum")
    assert loaded == ["some-model"] * 2
    monkeypatch.setattr("tamis.recall.index._loaded", lambda spec: other_encoder)
    with pytest.raises(IndexMismatchError, match="some-model"):
        Index.open(tmp_path / "index").search("drum")


def test_an_index_built_anew_with_another_encoder_is_noticed_before_writing(encoder, other_encoder, tmp_path):
    opened = Index.build(["a drum"], tmp_path / "index", encoder=encoder)
    Index.build(["a drum"], tmp_path / "index", encoder=other_encoder, replace=True)
    assert len(opened.search("drum", mode="dense")) == 1  # still reads what it had opened
    with pytest.raises(IndexMismatchError, match="hashing-32-1"):
        opened.add(["b"])
    assert len(Index.open(tmp_path / "index", encoder=other_encoder)) == 1


def test_another_segmenter_is_refused(encoder, tmp_path, monkeypatch):
    Index.build(["a drum"], tmp_path / "index", encoder=encoder)
    monkeypatch.setattr("tamis.recall.snapshot.segmenter", lambda: "another")
    opened = Index.open(tmp_path / "index", encoder=encoder)
    assert len(opened.search("drum", mode="dense")) == 1
    for use in (lambda: opened.search("drum", mode="bm25"), lambda: opened.add(["b"])):
        with pytest.raises(IndexMismatchError, match="another version of the segmenter"):
            use()


def test_an_index_in_memory_leaves_nothing(encoder):
    index = Index.build(["a"], encoder=encoder)
    folder = index.path
    assert folder.is_dir()
    del index
    gc.collect()
    assert not folder.exists()


def test_searches_run_beside_writes(encoder, documents):
    index = Index.build(documents(200), encoder=encoder)
    expected = {len(index.search("drum", 1000, mode="dense"))}
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(lambda: len(index.search("drum", 1000, mode="dense"))) for _ in range(20)]
        writes = [threads.submit(index.add, documents(5, start=200 + 5 * at)) for at in range(4)]
        found += [threads.submit(lambda: len(index.search("drum", 1000, mode="dense"))) for _ in range(40)]
    assert [write.result() for write in writes] == [5] * 4
    assert {f.result() for f in found} <= expected | {205, 210, 215, 220}
    assert len(index) == 220


def test_importing_needs_only_numpy():
    code = (
        "import sys; import tamis.recall; "
        "print([m for m in ('onnxruntime', 'faiss', 'bm25s', 'scipy', 'tokenizers', 'rjieba') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_nothing_is_printed_or_logged(encoder, documents, capfd, caplog):
    with caplog.at_level(0):
        Index.build(documents(30), encoder=encoder).search("drum")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_the_stored_documents_are_plain_json_lines(documents, tmp_path):
    index = Index.build(documents(5), tmp_path / "index", encoder=None)
    (lines,) = index.path.glob("*documents.jsonl")
    assert [json.loads(row)["id"] for row in lines.read_text("utf-8").splitlines()] == [d.id for d in documents(5)]
