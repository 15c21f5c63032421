"""What scores BM25: our postings, bm25s or tantivy, on the same tokens of real documents, one thread.

    python benchmarks/bm25_engines.py [SET ...]      # folders of data/README.md; default stard_dev scifact

Needs ``pip install tantivy`` and the data folder (TAMIS_DATA, or ../shared/data beside the repository). Prints for
each engine: seconds to index, bytes a document on disk, seconds to open, query p50 and p95 (top 100, ids included),
nDCG@10, and how many of the top 10 the engines share. Segmentation is timed apart: it is the same for both.

tantivy has no choice of parameters (k1 = 1.2, b = .75) and rounds lengths to one byte, so ours are shown with those
parameters too: what then still differs is the rounding. bm25s is asked for all scores, and the best are chosen as ours
are: its own way to choose takes several times longer.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tamis.data import Collection
from tamis.evaluate import evaluate, nDCG
from tamis.recall.bm25 import Lexical, Parameters
from tamis.recall.postings import Postings, counted, term
from tamis.recall.top import top
from tamis.text import segment

K = 100
REPEATS = 3
Hits = list[tuple[str, float]]


class Engine(Protocol):
    """Indexes tokens into a folder, opens it, searches."""

    name: str

    def build(self, ids: Sequence[str], tokens: Sequence[Sequence[str]], folder: Path) -> None: ...
    def open(self, ids: Sequence[str], folder: Path) -> None: ...
    def search(self, tokens: Sequence[str]) -> Hits: ...


def numbered(tokens: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[list[int]]]:
    """Every token's number, and the documents in numbers."""
    known: dict[str, int] = {}
    return known, [[known.setdefault(token, len(known)) for token in row] for row in tokens]


def best(scores: np.ndarray[Any, Any], ids: Sequence[str], ranks: np.ndarray[Any, Any]) -> Hits:
    rows = np.flatnonzero(scores > 0)
    found = rows[top(scores[rows], ranks[rows], K)]
    return [(ids[row], float(scores[row])) for row in found.tolist()]


@dataclass
class Ours:
    """Postings as a segment of the index has them."""

    parameters: Parameters
    name: str = "tamis"
    parts: dict[str, Any] = field(default_factory=dict)

    def build(self, ids: Sequence[str], tokens: Sequence[Sequence[str]], folder: Path) -> None:
        known, rows = numbered(tokens)
        lengths = np.array([len(row) for row in rows], dtype=np.int32)
        together = np.fromiter((token for row in rows for token in row), dtype=np.int32)
        made = counted(together, lengths, np.array([term(token) for token in known], dtype=np.uint64))
        for kind in ("terms", "start", "rows", "counts", "lengths"):
            np.save(folder / f"{kind}.npy", getattr(made, kind))

    def open(self, ids: Sequence[str], folder: Path) -> None:
        kinds = ("terms", "start", "rows", "counts", "lengths")
        postings = Postings(*(np.load(folder / f"{kind}.npy", mmap_mode="r") for kind in kinds))
        norms = self.parameters.norms(postings.lengths, float(postings.lengths.mean()))
        ranks = np.argsort(np.argsort(np.array(ids)))
        self.parts = {"words": Lexical(postings, norms), "ids": ids, "ranks": ranks}

    def search(self, tokens: Sequence[str]) -> Hits:
        words = self.parts["words"]
        terms = np.array([term(token) for token in tokens], dtype=np.uint64)
        held = [part.stop - part.start for part in words.postings.places(terms)]
        weights = [self.parameters.idf(len(words.norms), df) for df in held]
        rows, scores = words.best(terms, weights, K, None)
        found = top(scores, self.parts["ranks"][rows], K)
        return [(self.parts["ids"][row], float(score)) for row, score in zip(rows[found], scores[found], strict=True)]


@dataclass
class Bm25s:
    """bm25s on our tokens."""

    parameters: Parameters
    name: str = "bm25s"
    parts: dict[str, Any] = field(default_factory=dict)

    def build(self, ids: Sequence[str], tokens: Sequence[Sequence[str]], folder: Path) -> None:
        import bm25s

        known, rows = numbered(tokens)
        engine = bm25s.BM25(k1=self.parameters.k1, b=self.parameters.b, method="lucene")
        engine.index((rows, known), show_progress=False)
        engine.save(folder)

    def open(self, ids: Sequence[str], folder: Path) -> None:
        import bm25s

        engine = bm25s.BM25.load(folder, mmap=True)
        known = {str(token): number for token, number in engine.vocab_dict.items()}
        self.parts = {"engine": engine, "known": known, "ids": ids, "ranks": np.argsort(np.argsort(np.array(ids)))}

    def search(self, tokens: Sequence[str]) -> Hits:
        known = self.parts["known"]
        numbers = [known[token] for token in tokens if token in known]
        scores = self.parts["engine"].get_scores_from_ids(numbers) if numbers else np.zeros(len(self.parts["ids"]))
        return best(scores, self.parts["ids"], self.parts["ranks"])


@dataclass
class Tantivy:
    """tantivy with our tokens, joined with blanks; ids from a fast field."""

    name: str = "tantivy k1=1.2 b=.75, lengths in a byte"
    parts: dict[str, Any] = field(default_factory=dict)

    def build(self, ids: Sequence[str], tokens: Sequence[Sequence[str]], folder: Path) -> None:
        import tantivy

        index = tantivy.Index(self._schema(), path=str(folder))
        writer = index.writer(256_000_000, num_threads=1)
        for row, words in enumerate(tokens):
            document = tantivy.Document()
            document.add_unsigned("row", row)
            document.add_text("body", " ".join(words))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def _schema(self) -> Any:
        import tantivy

        schema = tantivy.SchemaBuilder()
        schema.add_unsigned_field("row", stored=False, fast=True, indexed=False)
        schema.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
        return schema.build()

    def open(self, ids: Sequence[str], folder: Path) -> None:
        import tantivy

        index = tantivy.Index.open(str(folder))
        self.parts = {"searcher": index.searcher(), "schema": index.schema, "ids": ids}

    def search(self, tokens: Sequence[str]) -> Hits:
        import tantivy

        schema, searcher = self.parts["schema"], self.parts["searcher"]
        words = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "body", token)) for token in tokens]
        found = searcher.search(tantivy.Query.boolean_query(words), K, count=False).hits
        rows = searcher.fast_field_values("row", [address for _, address in found])
        return [(self.parts["ids"][row], float(score)) for row, (score, _) in zip(rows, found, strict=True)]


@dataclass(frozen=True)
class Outcome:
    """What one engine did on one set."""

    indexing: float
    opening: float
    bytes_a_document: float
    times: np.ndarray[Any, np.dtype[np.float64]]
    run: dict[str, Hits]


def measured(
    engine: Engine, ids: Sequence[str], tokens: Sequence[Sequence[str]], queries: dict[str, list[str]]
) -> Outcome:
    """Build, open and search once; a query's time is its best of three."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        engine.build(ids, tokens, Path(folder))
        built = time.perf_counter()
        engine.open(ids, Path(folder))
        opened = time.perf_counter()
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        times, run = [], {}
        for name, words in queries.items():
            trials = []
            for _ in range(REPEATS):
                start = time.perf_counter()
                run[name] = engine.search(words)
                trials.append(time.perf_counter() - start)
            times.append(min(trials))
        return Outcome(built - started, opened - built, size / len(ids), np.array(times), run)


def compare(folder: Path) -> None:
    """Print one table."""
    collection = Collection.open(folder)
    ids = sorted(collection.documents)
    started = time.perf_counter()
    tokens = [segment(collection.documents[name].full_text) for name in ids]
    seconds = time.perf_counter() - started
    queries = {query.id: segment(query.text) for query in collection.queries if query.id in collection.qrels}
    print(
        f"\n{folder.name}: {len(ids)} documents, {sum(map(len, tokens)) / len(ids):.0f} tokens each "
        f"(segmentation {seconds:.1f} s), {len(queries)} queries"
    )
    print(f"{'engine':42} index s  open s  bytes/doc  p50 ms  p95 ms  nDCG@10  top 10 as first")
    first: Outcome | None = None
    for engine in (
        Ours(Parameters(), "tamis k1=.9 b=.4"),
        Ours(Parameters(1.2, 0.75), "tamis k1=1.2 b=.75"),
        Bm25s(Parameters(), "bm25s k1=.9 b=.4"),
        Tantivy(),
    ):
        outcome = measured(engine, ids, tokens, queries)
        first = first or outcome
        quality = evaluate({name: dict(hits) for name, hits in outcome.run.items()}, collection.qrels, [nDCG @ 10])
        p50, p95 = np.percentile(outcome.times * 1000, [50, 95])
        print(
            f"{engine.name:42} {outcome.indexing:7.2f} {outcome.opening:7.2f} {outcome.bytes_a_document:10.0f} "
            f"{p50:7.2f} {p95:7.2f} {quality.means['ndcg@10']:8.4f}  {_shared(first.run, outcome.run):.3f}"
        )


def _shared(one: dict[str, Hits], two: dict[str, Hits]) -> float:
    """Mean share of the first ten documents that stand in both."""
    shares = [
        len({d for d, _ in hits[:10]} & {d for d, _ in two[name][:10]}) / max(1, len(hits[:10]))
        for name, hits in one.items()
    ]
    return float(np.mean(shares))


def main() -> None:
    """Compare on the sets that are named, or on the default ones."""
    data = Path(os.environ.get("TAMIS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    folders = [Path(name) for name in sys.argv[1:]] or [data / "eval" / name for name in ("stard_dev", "scifact")]
    for folder in folders:
        if not folder.is_dir():
            sys.exit(f"{folder} is absent: set TAMIS_DATA to the data folder, or name the folders of sets")
        compare(folder)


if __name__ == "__main__":
    main()
