"""Tune the demo's policy on its 430 questions, with the demo's own first stage; a minute after the index is there.

    python recipes/demo-corpus/policy.py

The policy carries the default scorer's fingerprint: when the model changes, the demo says so, and this is run again.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "demo"))

from demo import DEPTH, opened  # noqa: E402

from tamis import load_scorer  # noqa: E402
from tamis.cli import show  # noqa: E402
from tamis.core import Document, Query  # noqa: E402
from tamis.data import Collection  # noqa: E402
from tamis.decide import MissRateAtMost  # noqa: E402
from tamis.labels import label_rankings  # noqa: E402
from tamis.tuning import Wanted, tune_policy  # noqa: E402

MOST = 0.2  # of a question's relevant candidates that may be missed, on average


def main() -> None:
    collection = Collection.open(ROOT / "demo" / "statutes")
    unscored = opened("statutes").retriever("hybrid").search(collection.judged, DEPTH)

    def grade(query: Query, document: Document) -> float:
        return float(collection.qrels[query.id].get(document.id, 0))

    with show.progress("scoring") as progress:
        found = label_rankings(unscored, grade, load_scorer("tamis-mini"), progress=progress)
    tuning = tune_policy(found, Wanted(MissRateAtMost(MOST), difficulty=True, days=None, name="demo statutes"))
    print(tuning.difficulty and tuning.difficulty.reason)
    tuning.policy().save(ROOT / "demo" / "statutes" / "policy.json")
    for row in tuning.methods:
        figures = row.held_out
        print(f"{row.method:12} {row.threshold!s:.6}  precision {figures.precision.value:.3f}, recall "
              f"{figures.recall.value:.3f}, {figures.accepted} of {figures.pairs} shown")  # fmt: skip


if __name__ == "__main__":
    main()
