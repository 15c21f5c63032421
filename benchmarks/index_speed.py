"""Index build and search over many short documents: speed, memory, and recall of approximate search against exact.

    scripts/bench index [N]

Each document is two sentences drawn from the demo's statutes and abstracts, its vector the mean of their true e5-small
vectors, since encoding 100,000 texts would take most of an hour; encoding is measured by itself.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

import tamis
from tamis.core import Document, Kind, Query, Vectors
from tamis.extras import available
from tamis.recall import Index
from tamis.text import clean, sentences

DEMO = Path(__file__).resolve().parents[1] / "demo"
QUERIES, K = 200, 100
SEPARATOR = "\n"


class Recombined:
    """e5-small for queries; a document's vector is the mean of its sentences' own e5-small vectors."""

    def __init__(self, texts: list[str], vectors: Vectors) -> None:
        self.known = dict(zip(texts, vectors, strict=True))
        self.e5 = tamis.load_encoder("e5-small")
        self.dimension, self.fingerprint = self.e5.dimension, "recombined:1"

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        if kind == "query":
            return self.e5.encode(texts, kind)
        sums = np.stack([sum(self.known[part] for part in text.split(SEPARATOR)) for text in texts])
        return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


def pieces() -> list[str]:
    """The sentences of the demo corpus."""
    found = []
    for name in ("statutes", "abstracts"):
        with gzip.open(DEMO / name / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
            for row in map(json.loads, file):
                found += [clean(s).replace(SEPARATOR, " ") for s in sentences(row["text"]) if len(s) > 15]
    return list(dict.fromkeys(found))


def documents(count: int, texts: list[str]) -> Iterator[Document]:
    rng = np.random.default_rng(1)
    for at in range(count):
        yield Document(str(at), SEPARATOR.join(texts[i] for i in rng.integers(len(texts), size=2)))


def report(what: str, search: Callable[[Query], object], queries: Sequence[Query]) -> None:
    """Time one query at a time."""
    spent = []
    for query in queries:
        start = time.perf_counter()
        search(query)
        spent.append((time.perf_counter() - start) * 1000)
    print(f"{what:18} p50 {np.percentile(spent, 50):6.1f} ms, p95 {np.percentile(spent, 95):6.1f} ms")


def peak() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build(count: int, folder: Path, ann: bool) -> None:
    """In a process of its own, so that its peak memory is its own."""
    texts = pieces()
    encoder = Recombined(texts, np.load(folder.parent / "sentences.npy"))
    start, cpu = time.perf_counter(), time.process_time()
    Index.build(documents(count, texts), folder, encoder=encoder, ann=ann)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    disk = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    kind = "HNSW" if ann else "exact"
    print(f"build, {kind:5}: {wall:.1f} s, {cpu:.1f} s CPU, peak {peak():.0f} MB, disk {disk:.0f} MB", flush=True)


def search(folders: dict[bool, Path], texts: list[str], encoder: Recombined) -> None:
    rng = np.random.default_rng(2)
    queries = [Query(texts[i][:40]) for i in rng.integers(len(texts), size=QUERIES)]
    opened = time.perf_counter()
    exact = Index.open(folders[False], encoder=encoder)
    print(f"open, every byte verified: {time.perf_counter() - opened:.2f} s")
    report("encode the query", lambda q: encoder.encode([q.text], "query"), queries)
    report("BM25", lambda q: exact.search(q, K, mode="bm25"), queries)
    report("dense, exact", lambda q: exact.search(q, K, mode="dense"), queries)
    if True not in folders:
        print('approximate search was not measured: pip install "tamis[index]"')
        return
    graph = Index.open(folders[True], encoder=encoder)
    report("dense, HNSW", lambda q: graph.search(q, K, mode="dense"), queries)
    report("hybrid, HNSW", lambda q: graph.search(q, K, mode="hybrid"), queries)
    found = []
    for query in queries:
        true = {c.doc.id for c in exact.search(query, K, mode="dense")}
        found.append(len(true & {c.doc.id for c in graph.search(query, K, mode="dense")}) / len(true))
    print(f"recall@{K} of HNSW against exact: {np.mean(found):.4f} (worst of {QUERIES} queries {min(found):.2f})")
    print(f"peak memory of this process, both indexes open: {peak():.0f} MB")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        build(count, Path(sys.argv[2]), sys.argv[3] == "True")
        return
    texts = pieces()
    start = time.perf_counter()
    vectors = tamis.load_encoder("e5-small").encode(texts, "document")
    spent = time.perf_counter() - start
    print(f"e5-small: {len(texts) / spent:.0f} sentences/s ({len(texts):,} encoded); index of {count:,} documents")
    with tempfile.TemporaryDirectory() as temporary:
        np.save(Path(temporary) / "sentences.npy", vectors)
        folders = {ann: Path(temporary) / f"ann-{ann}" for ann in (False, True) if not ann or available("faiss")}
        for ann, folder in folders.items():
            subprocess.run([sys.executable, __file__, str(count), str(folder), str(ann)], check=True)
        search(folders, texts, Recombined(texts, vectors))


if __name__ == "__main__":
    main()
