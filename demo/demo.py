"""The main job on real corpora: index, search, rerank, decide, in Chinese and English.

Run by ``scripts/demo``. The index is built once, in ``.demo/``, and opened after that.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import tamis
from tamis.cli import show
from tamis.core import Decision, Ranking
from tamis.data import read_documents
from tamis.decide import Policy
from tamis.errors import IndexMismatchError
from tamis.pipeline import Pipeline, Rerank
from tamis.rewrite import Offline
from tamis.widening import Widened

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

# Asked after one of the questions: what "it" is stands there.
FOLLOW_UPS = {
    "statutes": tamis.Query("它的工资有最低标准吗？", history=("试用期最长可以多久？",)),
    "abstracts": tamis.Query(
        "does it raise blood pressure?", history=("how does obesity lead to insulin resistance?",)
    ),
}


def opened(name: str) -> tamis.Index:
    """The index of one corpus, built if it is not there, or if an earlier version's encoder made its vectors."""
    folder = HERE.parent / ".demo" / name
    if folder.exists():
        with suppress(IndexMismatchError):
            return tamis.Index.open(folder, encoder="e5-small")
    documents = read_documents(HERE / name / "corpus.jsonl.gz")
    with show.progress(f"indexing {name}") as progress:
        return tamis.Index.build(documents, folder, replace=True, progress=progress)


def policy_of(name: str) -> Policy | None:
    """The policy tuned on a corpus' labelled questions; None where it has none, and everything is shown."""
    path = HERE / name / "policy.json"
    return Policy.load(path) if path.exists() else None


def print_answer(words: Ranking, decision: Decision, seconds: float) -> None:
    """The best documents, where word search alone had put them, and what was left out."""
    place = {item.doc.id: str(at) for at, item in enumerate(words, 1)}
    asked = decision.ranking.query
    typed = f"{asked.history[-1]} – {asked.source} → " if asked.source else ""
    found = show.table(
        f"{typed}{asked.text}  ({seconds:.1f} s)", "rank", "BM25 rank", "score", "probability", "document"
    )
    for rank, item in enumerate(decision.ranking[:SHOWN], 1):
        chance = "-" if item.probability is None else f"{item.probability:.2f}"
        where = place.get(item.doc.id, f"> {len(words)}")
        found.add_row(str(rank), where, f"{item.score:.2f}", chance, show.excerpt(item))
    if decision.none_relevant is not None:
        found.caption = (
            f"{len(decision.ranking)} good enough, {len(decision.rejected)} left out; "
            f"none of the {len(decision.ranking) + len(decision.rejected)} answers: {decision.none_relevant:.2f}"
        )
    show.out(found)


def main() -> None:
    start = time.perf_counter()
    scorer = tamis.load_scorer("tamis-mini")
    for name, questions in QUESTIONS.items():
        index, policy = opened(name), policy_of(name)
        promise = policy.certificate["promise"] if policy and policy.certificate else "no labels, and so no threshold"
        show.say(f"{name}: {len(index):,} documents; {promise}")
        retriever = Widened(index.retriever("hybrid"), Offline(variants=1))
        pipeline = Pipeline(retriever, (Rerank(scorer),), policy, k=DEPTH)
        for question in (*map(tamis.Query, questions), FOLLOW_UPS[name]):
            asked = time.perf_counter()
            decision = pipeline.ask(question)
            words = index.search(question.text, DEPTH, mode="bm25")
            print_answer(words, decision, time.perf_counter() - asked)
    show.say(
        f"Done in {time.perf_counter() - start:.0f} s. Scores are raw logits; probabilities and thresholds come from "
        "labelled questions: tamis tune demo/statutes -k 12 --miss-rate 0.2 --difficulty"
    )


if __name__ == "__main__":
    main()
