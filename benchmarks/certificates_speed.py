"""How long thresholds take: a sweep and a tuned threshold beside scikit-learn's, certificates, plans, one thread.

    scripts/bench decide

Needs ``pip install scikit-learn``. Each contender runs in turn for some rounds; the median is shown, and beside a
promised figure whether it is kept. Results are checked against each other before anything is timed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import TunedThresholdClassifierCV

from tamis.calibrate import Labelled
from tamis.decide import (
    Cost,
    FBeta,
    MissRateAtMost,
    PrecisionAtLeast,
    RecallAtLeast,
    certify,
    cost_curve,
    plan_labels,
    sweep,
    tune,
)
from tamis.evaluate.distributions import student_quantile

ROUNDS = 5
TARGET = PrecisionAtLeast(0.9)


class Score(ClassifierMixin, BaseEstimator):
    """A classifier whose decision is the one column it is given: scikit-learn tunes the thresholds of classifiers."""

    def fit(self, X: NDArray[np.float64], y: NDArray[np.float64]) -> Score:
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return X[:, 0]

    def predict(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.classes_[(X[:, 0] >= 0).astype(int)]


@dataclass(frozen=True, slots=True)
class Task:
    """What is timed: contenders by name, ours first, and the seconds that were promised of ours."""

    title: str
    contenders: Mapping[str, Callable[[], object]]
    most: float | None = None


def drawn(queries: int, documents: int = 10, seed: int = 0) -> Labelled:
    """Lists of which a fifth is relevant, with logits that tell it from the rest about as well as a reranker does."""
    rng = np.random.default_rng(seed)
    relevant = rng.random((queries, documents)) < 0.2
    scores = np.where(relevant, 3.0, -1.5) + rng.normal(size=(queries, 1)) + 1.2 * rng.normal(size=relevant.shape)
    return Labelled.of(scores.ravel(), relevant.ravel(), np.repeat(np.arange(queries), documents))


def median(run: Callable[[], object]) -> float:
    run()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def show(task: Task) -> None:
    print(f"\n{task.title}")
    found = {name: median(run) for name, run in task.contenders.items()}
    ours = next(iter(found.values()))
    for name, seconds in found.items():
        theirs = name.startswith("scikit-learn")
        beside = f"{seconds / ours:8.1f} x" if theirs else ""
        kept = f"   {'kept' if seconds < task.most else 'MISSED'} (promised < {task.most:g} s)" if task.most else ""
        print(f"  {name:56} {seconds * 1000:10.2f} ms{beside if theirs else kept}")


def of_scikit_learn(data: Labelled) -> Callable[[], float]:
    """Its threshold of best F1, from five folds, as its documentation has it; a fit that is free."""
    X, y = data.scores[:, None], data.labels

    def run() -> float:
        tuned = TunedThresholdClassifierCV(Score(), scoring="f1", response_method="decision_function", cv=5)
        return float(tuned.fit(X, y).best_threshold_)

    return run


def tuned(data: Labelled) -> float:
    """Ours, as a first call is: nothing remembered from the rounds before."""
    student_quantile.cache_clear()
    return tune(data, FBeta()).threshold


def checked(data: Labelled) -> None:
    """The sweep is scikit-learn's curve, and both tuned thresholds are near each other."""
    precision, recall, thresholds = precision_recall_curve(data.labels, data.scores)
    found = sweep(data)
    assert np.array_equal(found.thresholds[1:], thresholds[::-1])
    assert np.allclose(found.precision[1:], precision[-2::-1]) and np.allclose(found.recall, recall[::-1])
    theirs, ours = of_scikit_learn(data)(), tune(data, FBeta()).threshold
    f1 = found.f_beta()
    at = [int(np.searchsorted(-found.thresholds, -threshold)) for threshold in (theirs, ours)]
    print(f"thresholds of best F1 on {len(data):,} pairs: {ours:.3f} (F1 {f1[at[1]]:.4f}); scikit-learn {theirs:.3f} "
          f"(F1 {f1[at[0]]:.4f})")  # fmt: skip


def main() -> None:
    small, lists, million = drawn(50), drawn(10_000), drawn(100_000)
    checked(drawn(500))
    pairs = Labelled.of(lists.scores, lists.labels)
    pool = million.scores
    tasks = [
        Task("every threshold of 1,000,000 pairs", {
            "tamis sweep": lambda: sweep(million),
            "scikit-learn precision_recall_curve": lambda: precision_recall_curve(million.labels, million.scores),
        }, 2.0),
        Task("every threshold of 500 pairs", {
            "tamis sweep": lambda: sweep(small),
            "scikit-learn precision_recall_curve": lambda: precision_recall_curve(small.labels, small.scores),
        }),
        Task("one threshold of best F1, 500 pairs of 50 queries, five folds", {
            "tamis tune: whole queries, figures with intervals": lambda: tuned(small),
            "tamis: the threshold alone": lambda: FBeta().choose(small),
            "scikit-learn TunedThresholdClassifierCV": of_scikit_learn(small),
        }),
        Task("one threshold of best F1, 100,000 pairs, five folds", {
            "tamis tune: whole queries, figures with intervals": lambda: tuned(lists),
            "tamis: the threshold alone": lambda: FBeta().choose(lists),
            "scikit-learn TunedThresholdClassifierCV": of_scikit_learn(lists),
        }),
        Task("a certificate, 100,000 pairs of 10,000 queries", {
            "precision": lambda: certify(lists, TARGET),
            "precision, strict": lambda: certify(lists, TARGET, strict=True),
            "precision, independent pairs": lambda: certify(pairs, TARGET),
            "recall": lambda: certify(lists, RecallAtLeast(0.9)),
            "miss rate, on average": lambda: certify(lists, MissRateAtMost(0.1)),
            "miss rate, with confidence": lambda: certify(lists, MissRateAtMost(0.1, confidence=0.95)),
        }, 1.0),
        Task("others, 100,000 pairs of 10,000 queries", {
            "cost curve": lambda: cost_curve(lists),
            "threshold by cost (a calibration is chosen and fitted)": lambda: Cost(0.5, 0.2).choose(lists),
            "plan of 200 labels from a pool of 1,000,000": lambda: plan_labels(pool, TARGET, 200, labelled=small),
        }),
    ]  # fmt: skip
    for task in tasks:
        show(task)


if __name__ == "__main__":
    main()
