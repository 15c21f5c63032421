"""The main job on a real corpus: index, search, rerank, in Chinese and English.

Run by ``scripts/demo``. The index is built once, in ``.demo/``, and opened after that.
"""

from __future__ import annotations

import time
from pathlib import Path

import tamis
from tamis.cli import show
from tamis.core import Ranking
from tamis.data import read_documents
from tamis.pipeline import Pipeline, Rerank

HERE = Path(__file__).resolve().parent
DEPTH, SHOWN = 12, 3

QUESTIONS = {
    "statutes": ("试用期最长可以多久？", "网购的东西不喜欢可以退货吗？", "离婚后孩子归谁抚养？"),
    "abstracts": (
        "does lowering blood pressure help patients on dialysis",
        "how does obesity lead to insulin resistance?",
        "what changes how much vitamin D the skin makes",
    ),
}


def opened(name: str) -> tamis.Index:
    """The index of one corpus, built if it is not there."""
    folder = HERE.parent / ".demo" / name
    if folder.exists():
        return tamis.Index.open(folder)
    with show.progress(f"indexing {name}") as progress:
        return tamis.Index.build(read_documents(HERE / f"{name}.jsonl.gz"), folder, progress=progress)


def print_answer(words: Ranking, reranked: Ranking, seconds: float) -> None:
    """The best documents, and where word search alone had put them."""
    place = {item.doc.id: str(at) for at, item in enumerate(words, 1)}
    title = f"{reranked.query.text}  ({seconds:.1f} s)"
    found = show.table(title, "rank", "BM25 rank", "score", "document")
    for rank, item in enumerate(reranked[:SHOWN], 1):
        found.add_row(str(rank), place.get(item.doc.id, f"> {len(words)}"), f"{item.score:.2f}", show.excerpt(item))
    show.out(found)


def main() -> None:
    start = time.perf_counter()
    scorer = tamis.load_scorer("tamis-mini")
    for name, questions in QUESTIONS.items():
        index = opened(name)
        show.say(f"{name}: {len(index):,} documents")
        pipeline = Pipeline(index.retriever("hybrid"), (Rerank(scorer),), k=DEPTH)
        for question in questions:
            asked = time.perf_counter()
            (reranked,) = pipeline.search([question])
            print_answer(index.search(question, DEPTH, mode="bm25"), reranked, time.perf_counter() - asked)
    show.say(
        f"Done in {time.perf_counter() - start:.0f} s. Scores are raw logits: they order documents, and say nothing "
        "across models until calibrated."
    )


if __name__ == "__main__":
    main()
