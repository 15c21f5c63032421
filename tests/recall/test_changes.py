"""Whatever is added and deleted, in whatever order: the index is the one built from what is left."""

from __future__ import annotations

import os
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis import Document
from tamis.recall import Index

names = st.sampled_from([f"{c}{n}" for c in "abé中\ud800" for n in range(4)])
words = st.sampled_from(["sieve", "drum", "soup", "court", "合同", "法院", "筛子", "appeal"])
texts = st.lists(words, max_size=6).map(" ".join)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.dictionaries(names, texts, max_size=6)),
        st.tuples(st.just("delete"), st.sets(names, max_size=6)),
    ),
    max_size=12,
)


class Letters:
    """Each text's own direction: equal texts have equal vectors."""

    dimension, fingerprint = 6, "letters"

    def encode(self, texts, kind):
        made = np.array(
            [np.random.default_rng(zlib.crc32(t.encode())).normal(size=6) for t in texts], dtype=np.float32
        ).reshape(-1, 6)
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def said(index, mode):
    return [[(c.doc, c.score, dict(c.scores)) for c in r] for r in index.search(["drum 合同", "soup"], 50, mode=mode)]


@pytest.fixture(scope="module", autouse=True)
def a_disk_that_is_not_waited_for():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@settings(max_examples=40)
@given(steps)
def test_changes_equal_a_fresh_build(sequence):
    index, kept = Index.build([], encoder=Letters()), {}
    for verb, what in sequence:
        if verb == "add":
            new = {name: text for name, text in what.items() if name not in kept}
            assert index.add(Document(name, text) for name, text in new.items()) == len(new)
            kept |= new
        else:
            gone = what & kept.keys()
            assert index.delete(gone) == len(gone)
            kept = {name: text for name, text in kept.items() if name not in gone}
        assert len(index) == len(kept)
    fresh = Index.build([Document(name, text) for name, text in sorted(kept.items(), reverse=True)], encoder=Letters())
    opened = Index.open(index.path, encoder=Letters())
    assert [d.id for d in index.documents()] == sorted(kept)
    for mode in ("bm25", "dense", "hybrid"):
        assert said(index, mode) == said(fresh, mode) == said(opened, mode)
