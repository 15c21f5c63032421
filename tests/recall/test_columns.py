"""Filters: whatever is written, deleted and merged, what is found is what the filter admits."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis import Document, Filter, Query
from tamis.recall import Index

values = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([1.0, 0.5, "1", "a", "b"])
fields = st.dictionaries(st.sampled_from(["x", "y"]), values | st.just([1]), max_size=2)
FILTERS = [
    Filter.of(told)
    for told in (
        {"x": 1},
        {"x": True},
        {"x": [None, "a"]},
        {"x": {"gte": 1}},
        {"x": {"not": {"gte": "a"}}},
        {"x": {"not": [0, 1]}, "y": {"lt": 2}},
        {"z": None},
        {"z": 3},
    )
]


@pytest.fixture(scope="module", autouse=True)
def a_disk_that_is_not_waited_for():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


class Ones:
    """Every text is alike."""

    dimension, fingerprint = 2, "ones"

    def encode(self, texts, kind):
        return np.ones((len(texts), 2), dtype=np.float32) / np.sqrt(2, dtype=np.float32)


@settings(max_examples=40)
@given(st.lists(st.lists(fields, max_size=5), min_size=1, max_size=10), st.data())
def test_what_is_found_is_what_the_filter_admits(parts, data):
    index, kept = Index.build([], encoder=Ones()), {}
    for number, part in enumerate(parts):
        new = {f"d{number}-{at}": Document(f"d{number}-{at}", "drum", fields=own) for at, own in enumerate(part)}
        index.add(new.values())
        kept |= new
        gone = data.draw(st.sets(st.sampled_from(sorted(kept)), max_size=3)) if kept else set()
        index.delete(gone)
        kept = {name: document for name, document in kept.items() if name not in gone}
    for only in FILTERS:
        wanted = sorted(name for name, document in kept.items() if only.admits(document.fields))
        for mode in ("bm25", "dense", "hybrid"):
            found = index.search(Query("drum", where=only), 100, mode=mode)
            assert [c.doc.id for c in found] == wanted


def test_equal_to_python_is_not_equal_to_a_filter():
    index = Index.build(
        [Document("one", "drum", fields={"x": 1}), Document("yes", "drum", fields={"x": True})], encoder=Ones()
    )
    asked = [Query("drum", where=Filter.of({"x": value})) for value in (1, True, 1.0)]
    for mode in ("bm25", "dense"):
        assert [[c.doc.id for c in found] for found in index.search(asked, mode=mode)] == [["one"], ["yes"], ["one"]]


def test_statistics_are_those_of_the_whole_index():
    """A filter changes who is found, not what a word is worth."""
    index = Index.build(
        [{"id": str(at), "text": "drum " * (at + 1), "even": at % 2 == 0} for at in range(9)], encoder=None
    )
    everything = {c.doc.id: c.score for c in index.search("drum")}
    found = {c.doc.id: c.score for c in index.search(Query("drum", where=Filter.of(["even=true"])))}
    assert found == {name: score for name, score in everything.items() if int(name) % 2 == 0}


@pytest.mark.parametrize("share", [0.002, 0.03, 0.3])
def test_a_graph_under_a_filter(share, monkeypatch):
    pytest.importorskip("faiss")
    monkeypatch.setattr("tamis.recall.ann.FEW", 50)
    random = np.random.default_rng(0)
    table = random.normal(size=(6000, 24)).astype(np.float32)
    table /= np.linalg.norm(table, axis=1, keepdims=True)

    class Rows:
        dimension, fingerprint = 24, "rows"

        def encode(self, texts, kind):
            return table[[int(text) for text in texts]]

    chosen = random.random(6000) < share
    documents = (Document(str(at), str(at), fields={"in": bool(chosen[at])}) for at in range(6000))
    index = Index.build(documents, encoder=Rows(), ann=True)
    recall = []
    for query in range(40):
        found = {c.doc.id for c in index.search(Query(str(query), where=Filter.of({"in": True})), 20, mode="dense")}
        best = np.argsort(-(table[chosen] @ table[query]))[:20]
        wanted = {str(at) for at in np.flatnonzero(chosen)[best]}
        assert len(found) == len(wanted)
        recall.append(len(found & wanted) / len(wanted))
    assert np.mean(recall) >= 0.95


def test_values_are_kept_once(tmp_path):
    index = Index.build(
        ({"id": str(at), "text": "drum", "lang": "zh" if at % 2 else "en"} for at in range(100)),
        tmp_path / "i",
        encoder=None,
    )
    (told,) = index.path.glob("*columns.json")
    assert json.loads(told.read_text()) == {"names": ["lang"], "start": [0, 2]}
