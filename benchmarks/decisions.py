"""Calibration and certificates on real scores: tamis-blend on development sets, split by query.

Held: the other half shows at least the precision promised. That is itself a count with chance in it, and the two halves
are no independent draws: what one has by luck the other lacks. Of all: the whole set, from which the labelled half was
drawn, has that precision, which is what a certificate promises. Contradicted: the other half shows so much less that
its own interval (one-sided, 95 %) lies below.

    scripts/bench decisions [SET ...] [--scores FOLDER] [--splits 200] [--json FILE]

Needs TAMIS_DATA. Scoring takes an hour on two cores, most of it for the two InsuranceQA sets; with ``--scores`` the
scores are kept in a folder and read again.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tamis import load_scorer
from tamis.calibrate import AutoCalibrator, Labelled, Platt, cross_fitted, reliability
from tamis.calibrate.logistic import sigmoid
from tamis.decide import FBeta, Issued, PrecisionAtLeast, at_threshold, certify
from tamis.labels import open_labelled

# Set, grade from which on a document is relevant, precisions that are promised.
SETS: dict[str, tuple[float, tuple[float, ...]]] = {
    "qbqtc_dev": (1, (0.8, 0.85, 0.9)),
    "kuake_dev": (2, (0.75, 0.8, 0.85)),
    "insuranceqa_en_dev": (1, (0.05, 0.1, 0.2)),
    "insuranceqa_zh_dev": (1, (0.05, 0.1, 0.15)),
}
Rule = Callable[[Labelled, float], float | None]


def certified(data: Labelled, least: float) -> float | None:
    found = certify(data, PrecisionAtLeast(least, confidence=0.95))
    return found.threshold if isinstance(found, Issued) else None


def empirical(data: Labelled, least: float) -> float | None:
    return PrecisionAtLeast(least).choose(data)


def platt(data: Labelled, least: float) -> float | None:
    scores = np.sort(data.scores)[::-1]
    chances = Platt().fit(data.scores, data.labels, data.groups)(scores)
    good = np.flatnonzero(np.cumsum(chances) / np.arange(1, len(scores) + 1) >= least)
    return float(scores[good[-1]]) if good.size else None


def best_f1(data: Labelled, least: float) -> float | None:
    return FBeta().choose(data)


KEYS = ("issued", "held", "whole", "contradicted", "precision", "recall")
RULES: dict[str, Rule] = {"best F1": best_f1, "empirical": empirical, "Platt": platt, "**certificate**": certified}


def scores_of(name: str, relevant_if: float, kept: Path | None) -> Labelled:
    """Labelled scores of a set, from a file where they were kept."""
    path = kept / f"{name}.npz" if kept else None
    if path and path.exists():
        found = np.load(path)
        return Labelled.of(found["scores"], found["grades"], found["groups"], relevant_if=relevant_if)
    folder = Path(os.environ["TAMIS_DATA"]) / "eval" / name
    opened = open_labelled(folder, scorer=load_scorer("tamis-blend"), relevant_if=relevant_if)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, scores=opened.data.scores, grades=opened.grades, groups=opened.data.groups)
    return opened.data


def calibration(data: Labelled) -> dict[str, Any]:
    """Cross-fitted calibration error, beside the raw sigmoid's and the base rate's log-loss."""
    held_out = reliability(cross_fitted(AutoCalibrator(), data), data)
    raw = reliability(sigmoid(data.scores), data)
    chosen = AutoCalibrator().fit(data.scores, data.labels, data.groups)
    return {
        "pairs": len(data),
        "queries": data.queries,
        "base_rate": data.base_rate,
        "chosen": chosen.name,
        "error": held_out.error,
        "error_interval": [held_out.error_low, held_out.error_high],
        "null_high": held_out.null_high,
        "raw_error": raw.error,
        "log_loss": held_out.log_loss,
        "raw_log_loss": raw.log_loss,
        "base_log_loss": held_out.base_log_loss,
    }


def promises(data: Labelled, least: float, rule: Rule, splits: int) -> dict[str, Any]:
    """A rule on one half of the queries, held against the other half, many times."""
    issued, held, whole, contradicted, precisions, recalls = 0, 0, 0, 0, [], []
    queries = np.unique(data.groups)
    for split in range(splits):
        half = np.random.default_rng([split, 5]).permutation(queries)[: len(queries) // 2]
        learnt = np.isin(data.groups, half)
        threshold = rule(data.where(learnt), least)
        if threshold is None or not np.isfinite(threshold):
            continue
        found = at_threshold(data.where(~learnt), threshold, confidence=0.9)
        issued += 1
        precise = found.precision.value if found.accepted else 1.0  # what shows nothing shows nothing wrong
        held += precise >= least
        everywhere = data.scores >= threshold
        whole += not everywhere.any() or data.labels[everywhere].mean() >= least
        contradicted += found.accepted > 0 and found.precision.high < least
        precisions.append(precise)
        recalls.append(found.recall.value)
    return {
        "issued": issued / splits,
        "held": held / issued if issued else None,
        "whole": whole / issued if issued else None,
        "contradicted": contradicted / issued if issued else None,
        "precision": float(np.mean(precisions)) if precisions else None,
        "recall": float(np.mean(recalls)) if recalls else None,
    }


def table(*columns: str) -> str:
    return f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--scores", type=Path)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, Any] = {}
    logs = "log-loss: after, raw, base rate"
    print(
        table("set", "pairs / queries", "base rate", "map", "error after (95 %)", "a perfect one", "raw sigmoid", logs)
    )
    for name in options.sets:
        data = scores_of(name, SETS[name][0], options.scores)
        found = results.setdefault(name, {})["calibration"] = calibration(data)
        low, high = found["error_interval"]
        print(
            f"| {name} | {found['pairs']:,} / {found['queries']:,} | {found['base_rate']:.3f} | {found['chosen']} | "
            f"**{found['error']:.4f}** ({low:.4f}-{high:.4f}) | {found['null_high']:.4f} | {found['raw_error']:.3f} | "
            f"{found['log_loss']:.4f}, {found['raw_log_loss']:.4f}, {found['base_log_loss']:.4f} |",
            flush=True,
        )
    print(table("set", "promised", "rule", "issued", "held", "of all", "contradicted", "precision", "recall"))
    for name in options.sets:
        data = scores_of(name, SETS[name][0], options.scores)
        for least in SETS[name][1]:
            for rule, choose in RULES.items():
                row = results[name][f"{least} {rule}"] = promises(data, least, choose, options.splits)
                shown = ["-" if row[key] is None else f"{row[key]:.3f}" for key in KEYS]
                print(f"| {name} | {least} | {rule} | {' | '.join(shown)} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
