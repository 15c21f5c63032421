"""Index build and search over many short documents, beside faiss, usearch and bm25s used directly.

    scripts/bench index [N]              build and search, 100,000 documents
    scripts/bench index N --folder DIR   keep what was built there, and use it again
    scripts/bench index N --without usearch   whose build takes longest by far from some 100,000 on

Each document is two sentences drawn from the demo's statutes and abstracts, its vector the mean of their true e5-small
vectors, since encoding a million texts would take hours; encoding is measured by itself. The peers get the same
vectors and the same tokens, and give ids and scores; the index gives documents. Each build runs in a process of its
own, so that its peak memory is its own; searches take turns, one query at a time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tamis
from tamis import Filter
from tamis.core import Document, Kind, Query, Vectors
from tamis.recall import Index
from tamis.recall.ann import ADDED, BREADTH, CONSTRUCTION, RESCORED, TRAINED
from tamis.text import clean, segment, sentences

DEMO = Path(__file__).resolve().parents[1] / "demo"
QUERIES, K, SAMPLE = 200, 100, 100_000
SEPARATOR = "\n"
BUILDS = ("tamis", "bm25s", "faiss", "usearch")


class Recombined:
    """e5-small for queries; a document's vector is the mean of its sentences' own e5-small vectors."""

    def __init__(self, texts: list[str], vectors: Vectors) -> None:
        self.known = {text: at for at, text in enumerate(texts)}
        self.vectors = vectors
        self.e5 = tamis.load_encoder("e5-small")
        self.dimension, self.fingerprint = self.e5.dimension, "recombined:1"

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        if kind == "query":
            return self.e5.encode(texts, kind)
        return self.means(np.array([[self.known[part] for part in text.split(SEPARATOR)] for text in texts]))

    def means(self, pairs: np.ndarray) -> Vectors:
        """Vectors of documents, each two sentences by number."""
        sums = self.vectors[pairs].sum(axis=1)
        return (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)


def pieces() -> list[str]:
    """The sentences of the demo corpus."""
    found = []
    for name in ("statutes", "abstracts"):
        with gzip.open(DEMO / name / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
            for row in map(json.loads, file):
                found += [clean(s).replace(SEPARATOR, " ") for s in sentences(row["text"]) if len(s) > 15]
    return list(dict.fromkeys(found))


def drawn(count: int, texts: list[str]) -> np.ndarray:
    """The sentences of each document, by number."""
    return np.random.default_rng(1).integers(len(texts), size=(count, 2))


def documents(count: int, texts: list[str]) -> Iterator[Document]:
    for at, (one, other) in enumerate(drawn(count, texts).tolist()):
        yield Document(str(at), f"{texts[one]}{SEPARATOR}{texts[other]}", fields={"part": at % 100})


def peak() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Memory:
    """Most memory of this process that is its own, watched by a thread: mapped files, which the system may take back at
    any time, count in a process' peak, too."""

    def __init__(self) -> None:
        self.most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE") / 2**20
        while not self._ended.wait(0.02):
            _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text().split())
            self.most = max(self.most, (resident - shared) * page)


class Phases:
    """Progress that remembers when reading ended and linking began."""

    def __init__(self) -> None:
        self.began = self.last = time.perf_counter()
        self.read, self.done = 0.0, 0

    def __call__(self, done: int, total: int | None) -> None:
        now = time.perf_counter()
        if done < self.done and not self.read:
            self.read = self.last - self.began
        self.done, self.last = done, now


def build_tamis(count: int, texts: list[str], encoder: Recombined, folder: Path) -> str:
    phases = Phases()
    Index.build(documents(count, texts), folder / "tamis", encoder=encoder, replace=True, progress=phases)
    disk = sum(path.stat().st_size for path in (folder / "tamis").iterdir())
    return f"read {phases.read:.0f} s; disk {disk / 2**20:.0f} MB, {disk / count:.0f} bytes a document"


def build_bm25s(count: int, texts: list[str], encoder: Recombined, folder: Path) -> str:
    import bm25s

    known: dict[str, int] = {}
    began = time.perf_counter()
    rows = [
        [known.setdefault(token, len(known)) for token in segment(clean(document.full_text))]
        for document in documents(count, texts)
    ]
    cut = time.perf_counter() - began
    engine = bm25s.BM25(k1=0.9, b=0.4, method="lucene")
    engine.index((rows, known), show_progress=False)
    engine.save(folder / "bm25s")
    return f"tokens {cut:.0f} s; disk {sum(p.stat().st_size for p in (folder / 'bm25s').iterdir()) / 2**20:.0f} MB"


def build_faiss(count: int, texts: list[str], encoder: Recombined, folder: Path) -> str:
    import faiss

    pairs = drawn(count, texts)
    graph = faiss.index_factory(encoder.dimension, "HNSW16_SQ8", faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = CONSTRUCTION
    graph.train(encoder.means(pairs[:: max(1, -(-count // TRAINED))]))
    for start in range(0, count, ADDED):
        graph.add(encoder.means(pairs[start : start + ADDED]))
    faiss.write_index(graph, str(folder / "faiss"))
    return f"disk {(folder / 'faiss').stat().st_size / 2**20:.0f} MB"


def build_usearch(count: int, texts: list[str], encoder: Recombined, folder: Path) -> str:
    from usearch.index import Index as Usearch

    pairs = drawn(count, texts)
    graph = Usearch(
        ndim=encoder.dimension, metric="ip", dtype="f16", connectivity=16, expansion_add=CONSTRUCTION,
        expansion_search=BREADTH,
    )  # fmt: skip
    for start in range(0, count, ADDED):
        part = encoder.means(pairs[start : start + ADDED])
        graph.add(np.arange(start, start + len(part)), part, threads=2)
    graph.save(str(folder / "usearch"))
    return f"disk {(folder / 'usearch').stat().st_size / 2**20:.0f} MB"


def build(name: str, count: int, folder: Path) -> None:
    texts = pieces()
    encoder = Recombined(texts, np.load(folder / "sentences.npy"))
    before = peak()
    start, cpu = time.perf_counter(), time.process_time()
    with Memory() as memory:
        told = globals()[f"build_{name}"](count, texts, encoder, folder)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"{name:8} {wall:7.1f} s ({cpu:.0f} s CPU), {count / wall:,.0f} documents/s, memory {memory.most:.0f} MB, "
        f"with mapped files {peak():.0f} MB (before it began {before:.0f}); {told}",
        flush=True,
    )


def opened(folder: Path, encoder: Recombined) -> dict[str, Callable[[Query], Any]]:
    """What is timed, by name: tamis beside what it stands on, used directly."""
    import bm25s
    import faiss

    start = time.perf_counter()
    index = Index.open(folder / "tamis", encoder=encoder)
    verified = time.perf_counter() - start
    start = time.perf_counter()
    Index.open(folder / "tamis", encoder=encoder, verify=False)
    print(f"open: {verified:.2f} s with every byte verified, {time.perf_counter() - start:.3f} s without")
    words = bm25s.BM25.load(folder / "bm25s")
    known = {str(token): number for token, number in words.vocab_dict.items()}
    graph = faiss.read_index(str(folder / "faiss"))
    parameters = faiss.SearchParametersHNSW(efSearch=BREADTH)

    def by_bm25s(query: Query) -> Any:
        tokens = [known[token] for token in segment(clean(query.text)) if token in known]
        return words.retrieve([tokens], k=K, show_progress=False, n_threads=0)

    peers = {}
    if (folder / "usearch").exists():
        from usearch.index import Index as Usearch

        other = Usearch.restore(str(folder / "usearch"))
        peers["dense usearch"] = lambda q: other.search(
            encoder.encode([clean(q.text)], "query")[0], RESCORED, threads=1
        )
    one, tenth = Filter.of({"part": 7}), Filter.of({"part": {"lt": 10}})
    return {
        "bm25 tamis": lambda q: index.search(q, K, mode="bm25"),
        "bm25 bm25s": by_bm25s,
        "dense tamis": lambda q: index.search(q, K, mode="dense"),
        "dense faiss": lambda q: graph.search(encoder.encode([clean(q.text)], "query"), RESCORED, params=parameters),
        **peers,
        "hybrid tamis": lambda q: index.search(q, K, mode="hybrid"),
        "hybrid, 1 % pass": lambda q: index.search(Query(q.text, where=one), K, mode="hybrid"),
        "hybrid, 10 % pass": lambda q: index.search(Query(q.text, where=tenth), K, mode="hybrid"),
        "encode alone": lambda q: encoder.encode([clean(q.text)], "query"),
    }


def timed(ways: dict[str, Callable[[Query], Any]], queries: Sequence[Query]) -> None:
    """One query at a time, the ways in turns, all queries twice: what is mapped is read in the first round."""
    for what in ("first round", "second round"):
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for query in queries:
            for name, way in ways.items():
                start = time.perf_counter()
                way(query)
                spent[name].append((time.perf_counter() - start) * 1000)
        print(f"{what}, ms:")
        for name, took in spent.items():
            print(f"  {name:18} p50 {np.percentile(took, 50):6.2f}, p95 {np.percentile(took, 95):6.2f}")
    for ours, theirs in (("bm25 tamis", "bm25 bm25s"), ("dense tamis", "dense faiss")):
        share = np.median(np.array(spent[ours]) / np.array(spent[theirs])) - 1
        print(f"{ours} over {theirs}: {100 * share:+.0f} % (median over queries)")


def recalled(
    count: int, texts: list[str], encoder: Recombined, ways: dict[str, Callable[[Query], Any]], queries: Sequence[Query]
) -> None:
    """recall@100 against exact search: over all documents, and with the sample's documents alone in the index' list."""
    pairs = drawn(count, texts)
    asked = np.concatenate([encoder.encode([clean(query.text)], "query") for query in queries])
    best: list[Any] = [(np.zeros(0, np.float32), np.zeros(0, np.int64)) for _ in queries]
    for start in range(0, count, ADDED):
        products = asked @ encoder.means(pairs[start : start + ADDED]).T
        for at, row in enumerate(products):
            top = np.argpartition(-row, min(K, len(row) - 1))[:K]
            scores, ids = np.append(best[at][0], row[top]), np.append(best[at][1], start + top)
            kept = np.argsort(-scores, kind="stable")[:K]
            best[at] = scores[kept], ids[kept]
    found: dict[str, list[float]] = {}
    for query, (_, wanted) in zip(queries, best, strict=True):
        true = set(wanted.tolist())
        given = {
            "tamis": {int(c.doc.id) for c in ways["dense tamis"](query)},
            "faiss": set(ways["dense faiss"](query)[1][0][:K].tolist()),
        }
        if "dense usearch" in ways:
            given["usearch"] = set(ways["dense usearch"](query).keys[:K].tolist())
        for name, ids in given.items():
            found.setdefault(name, []).append(len(true & ids) / K)
    for name, shares in found.items():
        print(
            f"recall@{K} of {name} against exact search of all {count:,}: {np.mean(shares):.4f} "
            f"(worst {min(shares):.2f})"
        )


def search(count: int, folder: Path, texts: list[str], encoder: Recombined) -> None:
    rng = np.random.default_rng(2)
    queries = [Query(texts[i][:40]) for i in rng.integers(len(texts), size=QUERIES)]
    ways = opened(folder, encoder)
    timed(ways, queries)
    recalled(count, texts, encoder, ways, queries)
    print(f"peak memory of this process, everything open: {peak():.0f} MB")


def changed(count: int, folder: Path, texts: list[str], encoder: Recombined) -> None:
    """What small writes take in an index of this size, and how soon another process finds them."""
    index, reader = (Index.open(folder / "tamis", encoder=encoder, verify=False) for _ in range(2))
    pairs = np.random.default_rng(3).integers(len(texts), size=(1_000, 2)).tolist()
    name = f"new{time.time_ns()}"
    new = [Document(f"{name}-{at}", f"{texts[a]}{SEPARATOR}{texts[b]}") for at, (a, b) in enumerate(pairs)]
    for what, act in (
        ("add 1,000 documents", lambda: index.add(new)),
        ("take that up elsewhere", reader.refresh),
        ("delete 1,000 documents", lambda: index.delete([document.id for document in new])),
        ("add one document", lambda: index.add(new[:1])),
        ("delete it", lambda: index.delete([new[0].id])),
    ):
        start = time.perf_counter()
        act()
        print(f"{what}: {time.perf_counter() - start:.2f} s")


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("count", type=int, nargs="?", default=100_000)
    told.add_argument("--folder", type=Path)
    told.add_argument("--build", choices=BUILDS)
    told.add_argument("--without", choices=BUILDS[1:], action="append", default=[])
    options = told.parse_args()
    if options.build:
        build(options.build, options.count, options.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        texts = pieces()
        if not (folder / "sentences.npy").exists():
            start = time.perf_counter()
            vectors = tamis.load_encoder("e5-small").encode(texts, "document")
            print(f"e5-small: {len(texts) / (time.perf_counter() - start):.0f} sentences/s ({len(texts):,} encoded)")
            np.save(folder / "sentences.npy", vectors)
        print(f"{options.count:,} documents", flush=True)
        for name in BUILDS:
            if name not in options.without and not (folder / name).exists():
                command = [sys.executable, __file__, str(options.count), "--folder", str(folder), "--build", name]
                subprocess.run(command, check=True, env={**os.environ, "TAMIS_THREADS": "2", "OMP_NUM_THREADS": "2"})
        encoder = Recombined(texts, np.load(folder / "sentences.npy"))
        search(options.count, folder, texts, encoder)
        changed(options.count, folder, texts, encoder)


if __name__ == "__main__":
    main()
