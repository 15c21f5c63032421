"""Merging: the same index in fewer segments, while others read and write it."""

from __future__ import annotations

import threading

import pytest

from tamis import Document
from tamis.errors import IndexMismatchError, IndexStoreError
from tamis.recall import Index, merge, store, write
from tamis.recall.manifest import SegmentRecord


def record(live: int, gone: int = 0, name: str = "") -> SegmentRecord:
    return SegmentRecord(live + gone, 0, {"documents": name or f"{live}-{gone}-{id(object())}"}, gone)


def said(index: Index):
    found = [index.search(["drum court", "法院 soup"], 500, mode=mode) for mode in ("bm25", "dense", "hybrid")]
    return [[(c.doc, c.score, dict(c.scores)) for c in ranking] for rankings in found for ranking in rankings]


@pytest.fixture
def many(encoder, documents, tmp_path, monkeypatch) -> Index:
    """An index of nine segments that a write would not merge."""
    monkeypatch.setattr(write, "AT_ONCE", 0)
    index = Index.build(documents(20), tmp_path / "index", encoder=encoder)
    for start in range(20, 180, 20):
        index.add(documents(20, start=start))
    index.delete(["d00003", "d00155"])
    assert len(index._snapshot.manifest.segments) == 9
    return index


def test_what_is_due():
    assert merge.due([record(10) for _ in range(7)]) == ()
    assert len(merge.due([record(10) for _ in range(8)])) == 8
    assert len(merge.due([record(10_000), *(record(10) for _ in range(8))])) == 8
    assert len(merge.due([record(100_000) for _ in range(9)], most=500_000)) == 5
    assert merge.due([record(400_000) for _ in range(9)], most=500_000) == ()
    sparse = record(70, gone=30)
    assert merge.due([record(500), sparse]) == (sparse,)
    assert merge.due([record(80, gone=20)]) == ()


def test_documents_are_copied_about_as_often_as_their_logarithm_says():
    segments, copied = [], 0
    for _ in range(4096):
        segments.append(record(512))
        while chosen := merge.due(segments):
            copied += sum(one.live for one in chosen)
            segments = [one for one in segments if one not in chosen] + [record(sum(one.live for one in chosen))]
    assert copied <= 5 * 4096 * 512
    assert len(segments) <= 7 * 5


def test_merged_is_the_same_index(many, encoder):
    before = said(many)
    assert many.merge() == 1
    assert len(many._snapshot.manifest.segments) == 1
    assert said(many) == before == said(Index.open(many.path, encoder=encoder))
    assert many.merge() == 0


def test_writes_during_a_merge_are_in_it(many, encoder, documents, monkeypatch):
    """While segments are joined: documents are deleted from them and others are added; a writer sweeps."""
    other = Index.open(many.path, encoder=encoder)
    real = merge.joined

    def meanwhile(*args):
        made = real(*args)
        other.delete(["d00007", "d00041", "d00179"])
        other.add(documents(5, start=300))
        return made

    monkeypatch.setattr(merge, "joined", meanwhile)
    assert many.merge() == 1
    monkeypatch.setattr(merge, "joined", real)
    expected = Index.build([d for d in many.documents()], encoder=encoder)
    ids = {d.id for d in many.documents()}
    assert len(many) == 180 - 2 - 3 + 5 == len(ids)
    assert not ids & {"d00003", "d00155", "d00007", "d00041", "d00179"} and "d00304" in ids
    assert said(many) == said(expected) == said(Index.open(many.path, encoder=encoder))


def test_an_index_that_was_built_anew_meanwhile_stays(many, encoder, documents, monkeypatch):
    real = merge.joined

    def meanwhile(*args):
        made = real(*args)
        Index.build(["new"], many.path, encoder=encoder, replace=True)
        return made

    monkeypatch.setattr(merge, "joined", meanwhile)
    many.merge()
    assert [d.text for d in many.documents()] == ["new"] == [d.text for d in Index.open(many.path).documents()]


def test_two_merges_at_once_are_one_error(many):
    with store.merging(many.path), pytest.raises(IndexStoreError, match="is merging this index"):
        many.merge()


def test_what_a_killed_merge_left_goes(many, documents):
    for name in ("m00000090-documents.jsonl", "m00000090-ids.npy"):
        (many.path / name).write_bytes(b"x")
    with store.merging(many.path):  # somebody is at it
        many.add(documents(1, start=900))
        assert len(list(many.path.glob("m00000090*"))) == 2
    many.add(documents(1, start=901))
    assert not list(many.path.glob("m00000090*"))


def test_searches_go_on_during_a_merge(many):
    before, wrong = said(many), []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            if said(many) != before:
                wrong.append(True)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert many.merge() == 1
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_others_take_up_what_was_written(many, encoder, other_encoder, documents):
    reader = Index.open(many.path, encoder=encoder)
    assert reader.refresh() is False
    many.add([Document("fresh", "violin")])
    assert len(reader.search("violin", mode="bm25")) == 0
    assert reader.refresh() is True and reader.refresh() is False
    assert [c.doc.id for c in reader.search("violin", mode="bm25")] == ["fresh"]
    Index.build(["x"], many.path, encoder=other_encoder, replace=True)
    with pytest.raises(IndexMismatchError, match="hashing-32-1"):
        reader.refresh()
    assert [c.doc.id for c in reader.search("violin", mode="bm25")] == ["fresh"]  # it goes on with what it has
