"""Dense search, exact and approximate, against plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tamis import Document
from tamis.core import Kind, Vectors
from tamis.errors import MissingExtraError, ModelError
from tamis.recall import Index, vectors
from tamis.recall.top import top


class TableEncoder:
    """Looks vectors up: the text is the row."""

    def __init__(self, table: Vectors) -> None:
        self.table, self.dimension, self.fingerprint = table, table.shape[1], "table"

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        return self.table[[int(text) for text in texts]]


def clustered(count: int, dimension: int, seed: int = 0) -> Vectors:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(count // 50 + 1, dimension))
    made = centres[random.integers(0, len(centres), count)] + 0.7 * random.normal(size=(count, dimension))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def brute(table: Vectors, rows: list[int], query: int, k: int) -> list[str]:
    scores = (table[rows].astype(np.float64) * table[query].astype(np.float64)).sum(axis=1)
    return [str(rows[at]) for at in sorted(range(len(rows)), key=lambda at: (-scores[at], str(rows[at])))[:k]]


def ids(ranking) -> list[str]:
    return [candidate.doc.id for candidate in ranking]


@pytest.mark.parametrize("rows", [1, 7, 8192])
def test_exact_search_is_exact_whatever_the_block(rows, monkeypatch):
    monkeypatch.setattr(vectors, "ROWS", rows)
    table = clustered(300, 24)
    table[40:80] = table[40]  # equal vectors: ties
    index = Index.build((str(at) for at in range(300)), encoder=TableEncoder(table), ann=False)
    index.delete(["41", "299"])
    kept = [at for at in range(300) if at not in (41, 299)]
    for query in (40, 0, 150):
        for k in (1, 10, 35, 298, 5000):
            assert ids(index.search(str(query), k=k, mode="dense")) == brute(table, kept, query, k)


def test_a_graph_finds_what_exact_search_finds():
    pytest.importorskip("faiss")
    table = clustered(6000, 48)
    encoder = TableEncoder(table)
    index = Index.build((str(at) for at in range(5000)), encoder=encoder, ann=True)
    index.add(Document(str(at), str(at)) for at in range(5000, 6000))
    deleted = {str(at) for at in range(0, 6000, 7)}
    index.delete(deleted)
    kept = [at for at in range(6000) if str(at) not in deleted]
    recall = []
    for query in range(100):
        found = ids(index.search(str(query), k=100, mode="dense"))
        assert len(found) == 100 and not deleted & set(found)
        recall.append(len(set(found) & set(brute(table, kept, query, 100))) / 100)
    assert np.mean(recall) >= 0.97


def test_a_small_k_only_cuts_what_a_graph_finds():
    pytest.importorskip("faiss")
    table = clustered(3000, 48)
    table[:200] = table[0] + 1e-3 * np.random.default_rng(0).standard_normal((200, 48))  # alike in 8 bits
    table[:200] /= np.linalg.norm(table[:200], axis=1, keepdims=True)
    index = Index.build((str(at) for at in range(3000)), encoder=TableEncoder(table), ann=True)
    for query in range(0, 3000, 60):
        hundred = ids(index.search(str(query), k=100, mode="dense"))
        assert all(ids(index.search(str(query), k=k, mode="dense")) == hundred[:k] for k in (1, 3, 10))


def test_a_graph_returns_all_when_asked_for_all():
    pytest.importorskip("faiss")
    table = clustered(200, 16)
    index = Index.build((str(at) for at in range(200)), encoder=TableEncoder(table), ann=True)
    index.delete(["3"])
    assert len(index.search("0", k=1000, mode="dense")) == 199


def test_auto_takes_a_graph_from_the_threshold(monkeypatch):
    pytest.importorskip("faiss")
    monkeypatch.setattr("tamis.recall.ann.THRESHOLD", 100)
    monkeypatch.setattr("tamis.recall.ann.LEAST", 50)
    encoder = TableEncoder(clustered(170, 16))
    index = Index.build((str(at) for at in range(90)), encoder=encoder)
    files = index.path
    assert not list(files.glob("*faiss"))
    index.add(Document(str(at), str(at)) for at in range(90, 150))
    assert len(list(files.glob("*faiss"))) == 2  # the segment that was there gets its own
    assert ids(index.search("5", k=1, mode="dense")) == ["5"]
    index.add(Document(str(at), str(at)) for at in range(150, 170))
    assert len(list(files.glob("*faiss"))) == 2  # so few are searched exactly
    assert ids(index.search("160", k=1, mode="dense")) == ["160"]


def test_without_faiss(monkeypatch, tmp_path):
    pytest.importorskip("faiss")
    encoder = TableEncoder(clustered(150, 16))
    monkeypatch.setattr("tamis.recall.ann.THRESHOLD", 100)
    monkeypatch.setattr("tamis.recall.ann.LEAST", 100)
    graph = Index.build((str(at) for at in range(150)), tmp_path / "graph", encoder=encoder)
    expected = ids(graph.search("5", k=10, mode="dense"))

    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    monkeypatch.setattr("tamis.recall.ann.available", lambda module: False)
    monkeypatch.setattr("tamis.recall.snapshot.available", lambda module: False)
    with pytest.raises(MissingExtraError, match=r"pip install \"tamis\[index\]\""):
        Index.build(["1"], encoder=encoder, ann=True)
    opened = Index.open(tmp_path / "graph", encoder=encoder)  # "auto" searches exactly instead
    assert ids(opened.search("5", k=10, mode="dense")) == expected
    built = Index.build((str(at) for at in range(150)), encoder=encoder)
    assert ids(built.search("5", k=10, mode="dense")) == expected


def test_an_encoder_that_breaks_its_word(tmp_path):
    table = clustered(10, 8)
    encoder = TableEncoder(table)
    encoder.dimension = 9
    with pytest.raises(ModelError, match="shape"):
        Index.build(["1"], encoder=encoder)
    table[3, 0] = np.nan
    with pytest.raises(ModelError, match="finite"):
        Index.build(["1", "3"], encoder=TableEncoder(table))


def test_top_orders_equal_scores_by_rank():
    scores = np.array([1.0, 2.0, 2.0, 2.0, 0.0])
    ranks = np.array([0, 3, 1, 2, 4])
    assert top(scores, ranks, 2).tolist() == [2, 3]
    assert top(scores, ranks, 99).tolist() == [2, 3, 1, 0, 4]
    assert top(np.zeros(0), np.zeros(0, dtype=int), 3).tolist() == []
