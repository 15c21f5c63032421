"""Fit how far BM25 and the cosine of a first stage count beside the model's logit; written as evidence.json.

    PYTHONPATH=benchmarks python recipes/tamis-mini/weigh.py MODEL TEXTS [--queries 150]

MODEL is the exported folder, TEXTS what ``texts/build.py`` made. Needs scipy. The queries are none of those that
``candidates.py`` draws for training: there the model's own logit would look better than it is.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from candidates import SEED, asked_of, pooled
from numpy.typing import NDArray
from scipy.optimize import minimize

import tamis
from tamis.core import Floats
from tamis.data import Collection
from tamis.evaluate import evaluate, measure
from tamis.recall import Index
from tamis.score.weighing import EvidenceWeights, Weights

NDCG = measure("ndcg@10")
SETS = {
    "zh": ("drcd.zh", "cmrc2018.zh", "statutes.zh", "docs_sections.zh", "libreoffice.zh"),
    "en": ("pubmedqa.en", "docs_sections.en", "packages.en", "foldoc.en", "python.en"),
}
DOCUMENTS = 1500  # of a set
DEPTH = 15  # candidates by words and by vectors each
COLUMNS = ("logit", "bm25", "dense")
ROWS = {"bm25": ("logit", "bm25"), "dense": ("logit", "dense"), "bm25+dense": COLUMNS}
# Whoever wrote these queries had the text before their eyes, which searchers have not: of the lead that an answer has
# in exact words, this part is taken for copied, as for tamis-blend.
COPIED = 0.3
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of one set's held-out queries: a column for each name of ``COLUMNS``, labels, the query of each."""

    name: str
    columns: Floats
    labels: Floats
    query: NDArray[np.int64]

    def design(self, names: Sequence[str]) -> Floats:
        """The named columns, BM25 without what is taken for copied."""
        found, relevant = self.columns.copy(), self.labels > 0
        n = int(self.query.max()) + 1
        others = np.maximum(np.bincount(self.query[~relevant], minlength=n), 1)
        at = COLUMNS.index("bm25")
        usual = np.bincount(self.query[~relevant], found[~relevant, at], n) / others
        found[relevant, at] -= COPIED * (found[relevant, at] - usual[self.query[relevant]])
        return found[:, [COLUMNS.index(name) for name in names]]

    def ndcg(self, scores: Floats) -> float:
        """Mean nDCG@10 when the candidates are ordered by scores."""
        run: dict[str, dict[str, float]] = {}
        qrels: dict[str, dict[str, int]] = {}
        for at, (query, score) in enumerate(zip(self.query.tolist(), scores.tolist(), strict=True)):
            run.setdefault(str(query), {})[str(at)] = score
            qrels.setdefault(str(query), {})[str(at)] = int(self.labels[at])
        return float(evaluate(run, qrels, [NDCG]).values[NDCG].mean())


def examples(scorer: tamis.Scorer, folder: Path, queries: int, used: set[str]) -> Examples:
    """Recall, score and label the candidates of a set's held-out queries."""
    collection, draw = Collection.open(folder), random.Random(f"{SEED}:weigh:{folder.name}")
    asked = sorted((query for query in collection.judged if query.id not in used), key=lambda query: query.id)
    asked = draw.sample(asked, min(queries, len(asked)))
    index = Index.build([collection.documents[doc] for doc in pooled(collection, asked, DOCUMENTS, draw)])
    pairs, columns, labels, query_of = [], [], [], []
    for number, query in enumerate(asked):
        grades = collection.qrels[query.id]
        found = {c.doc.id for mode in ("bm25", "dense") for c in index.search(query, DEPTH, mode=mode)}
        found |= {doc for doc, grade in grades.items() if grade > 0}
        for candidate in index.rank(query, sorted(found), mode="hybrid"):
            pairs.append((query, candidate.doc))
            columns.append((0.0, candidate.scores["bm25"], candidate.scores["dense"]))
            labels.append(float(grades.get(candidate.doc.id, 0) > 0))
            query_of.append(number)
    table = np.array(columns)
    table[:, 0] = scorer.score(pairs)
    return Examples(folder.name, table, np.array(labels), np.array(query_of))


def fit(sets: Sequence[Examples], names: Sequence[str]) -> Floats:
    """Weights at or above zero by a listwise softmax (ListNet, Cao et al. 2007, top one); each set counts alike."""
    designs = [s.design(names) for s in sets]
    scale = np.vstack(designs).std(axis=0) + 1e-9

    def loss(w: Floats) -> tuple[float, Floats]:
        total, gradient = RIDGE * w @ w, 2 * RIDGE * w
        for s, design in zip(sets, designs, strict=True):
            x, n = design / scale, int(s.query.max()) + 1
            logits = x @ w
            top = np.full(n, -np.inf)
            np.maximum.at(top, s.query, logits)
            odds = np.exp(logits - top[s.query])
            p = odds / np.bincount(s.query, odds, n)[s.query]
            target = s.labels / np.maximum(np.bincount(s.query, s.labels, n), 1)[s.query]
            total -= (target * np.log(np.maximum(p, 1e-30))).sum() / n
            gradient += (p - target) @ x / n
        return total, gradient

    bounds = [(0, None)] * len(names)
    return minimize(loss, np.ones(len(names)), jac=True, method="L-BFGS-B", bounds=bounds).x / scale


def weights(sets: Sequence[Examples], names: Sequence[str]) -> Weights:
    """Fitted weights in the logit's own unit; the bias keeps the mean of all candidates where the logit has it."""
    found = fit(sets, names)
    table = np.vstack([s.columns[:, [COLUMNS.index(name) for name in names]] for s in sets])
    own = table[:, names.index("logit")]
    whole = table @ found
    slope = own.std() / whole.std()  # so that logits with evidence spread as those without
    row = dict(zip(names, (round(float(value), 4) for value in slope * found), strict=True))
    return Weights(bias=round(float(own.mean() - slope * whole.mean()), 4), **row)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("texts", type=Path)
    options.add_argument("--queries", type=int, default=150, help="of a set")
    asked = options.parse_args()
    scorer, used = tamis.load_scorer(asked.model), asked_of(asked.texts)
    sets = {
        language: [
            examples(scorer, asked.texts / name, asked.queries, used) for name in names if (asked.texts / name).is_dir()
        ]
        for language, names in SETS.items()
    }
    measured = {}
    for found in sets.values():
        for s in found:
            row = {name: s.ndcg(s.columns[:, at]) for at, name in enumerate(COLUMNS)}
            for key, names in ROWS.items():  # weights of the other sets, of all languages: none of this one
                others = [o for many in sets.values() for o in many if o is not s]
                row[f"with {key}"] = s.ndcg(s.columns[:, [COLUMNS.index(n) for n in names]] @ fit(others, names))
            measured[s.name] = {name: round(value, 4) for name, value in row.items()}
            print(s.name, int(s.query.max()) + 1, "queries", measured[s.name], flush=True)
    rows = {
        key: {
            **{language: weights(found, names) for language, found in sets.items()},
            "other": weights([s for found in sets.values() for s in found], names),
        }
        for key, names in ROWS.items()
    }
    found = EvidenceWeights(rows)
    found.write(asked.model, fitted_on={s.name: int(s.query.max()) + 1 for many in sets.values() for s in many},
                **{"ndcg@10_by_weights_of_other_sets": measured})  # fmt: skip
    print(json.dumps({key: {name: str(row) for name, row in many.items()} for key, many in rows.items()}, indent=2))


if __name__ == "__main__":
    main()
