"""Put tamis-mini together: tamis-blend's weights, the heads' columns, biases, a calibration and a report.

    TAMIS_DATA=/path/to/data PYTHONPATH=benchmarks python recipes/tamis-mini/finish.py HEADS [-o FOLDER]

HEADS is what ``heads.py`` wrote. Biases, calibration and report come of the labelled sets that tamis-blend was fitted
on (cmrc2018, drcd, pubmedqa, docs_sections); the latter two of questions that nothing was fitted on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tamis-blend"))
import numpy as np
from fit import Examples, examples
from remembering import Remembering
from training import Training, training_sets

import tamis
from tamis.calibrate import Beta, Calibration, Labelled, score_report
from tamis.data import atomic_write
from tamis.score.blend import EVIDENCE, Blend, Blends
from tamis.score.heads import GRAPH, TABLE, Heads
from tamis.score.late import LateInteraction
from tamis.text import detect

MODELS = Path(tamis.__file__).parent / "models"
NAME, BASE = "tamis-mini", "tamis-blend"
# What the heads' columns count. Of the texts alone: chosen on wikiqa_train, trecqa_train and kuake_qtr_train, none of
# which is learnt from, with the development sets in sight. Beside BM25 in English: chosen on cacm and scifact; there
# BM25 says what the terms would.
COLUMNS = ("terms", "meaning", "topic")
TEXTS = (5.0, 6.0, 2.0)
MAXSIM = {"zh": -2.0}  # besides, of the texts alone: chosen on kuake_qtr_train, kuake_dev and insuranceqa_zh_dev
WITH_BM25 = {"zh": (5.0, 6.0, 0.0), "en": (0.0, 0.0, 2.0), "other": (3.0, 3.0, 1.0)}
FITTED, KEPT_BACK = (400, 500), (2000, 1000)  # queries and documents of a set: biases; drawn from for the calibration
CALIBRATED = 300  # queries of a set


def bare(heads: Path) -> LateInteraction:
    """tamis-blend's scorer with the heads beside it."""
    base = tamis.load_scorer(BASE)
    statistics = replace(base.statistics, heads=Heads.load(heads))
    encoder = Remembering(base.encoder, whole=True)
    return LateInteraction(NAME, encoder, blends=base.blends, statistics=statistics, made="")


def blended(base: Blends, sets: Sequence[Examples]) -> Blends:
    """The base's weights with those of the heads' columns; logit 0 lies midway between relevant and others."""
    found = {}
    for name, added, more in (("texts", dict.fromkeys(WITH_BM25, TEXTS), MAXSIM), ("with_bm25", WITH_BM25, {})):
        before: dict[str, Blend] = getattr(base, name)
        found[name] = {
            language: _centred(_added(before[language], row, more.get(language, 0.0)), language, sets)
            for language, row in added.items()
        }
    return Blends(base.expected, **found)


def _added(blend: Blend, row: Sequence[float], maxsim: float) -> Blend:
    return replace(blend, maxsim=round(blend.maxsim + maxsim, 4), **dict(zip(COLUMNS, row, strict=True)))


def _centred(blend: Blend, language: str, sets: Sequence[Examples]) -> Blend:
    middles = []
    for own in sets:
        if language in (own.training.language, "other"):
            logits = replace(blend, bias=0.0).logits(own.evidence if blend.bm25 else _without_bm25(own))
            middles.append((logits[own.labels > 0].mean() + logits[own.labels == 0].mean()) / 2)
    return replace(blend, bias=round(-float(np.mean(middles)), 4))


def _without_bm25(own: Examples) -> np.ndarray:
    evidence = own.evidence.copy()
    evidence[:, EVIDENCE.index("bm25")] = 0
    return evidence


def kept_back(data: Path, fitted: Sequence[Training]) -> list[Training]:
    """The sets with questions that nothing was fitted on."""
    found = []
    for own, more in zip(fitted, training_sets(data, *KEPT_BACK), strict=True):
        used = {query.text for query in own.queries}
        fresh = [query for query in more.queries if query.text not in used]
        found.append(replace(more, queries=fresh[:CALIBRATED]))
    return found


def labelled(sets: Sequence[Examples], blends: Blends) -> Labelled:
    """Scores of the texts alone, with their labels and queries."""
    scores = [blends.logits(s.features, None, [detect(query.text) for query, _ in s.pairs]) for s in sets]
    queries = [f"{s.training.name}:{query}" for s in sets for query in s.query.tolist()]
    return Labelled.of(np.concatenate(scores), np.concatenate([s.labels for s in sets]), queries)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("heads", type=Path)
    options.add_argument("-o", "--output", type=Path, default=MODELS / NAME)
    options.add_argument("--share", type=float, default=1.0, help="of the labelled sets, for a quick run")
    asked = options.parse_args()
    data = Path(os.environ.get("TAMIS_DATA", "../shared/data")) / "train"
    scorer = bare(asked.heads)
    training = training_sets(data, *(round(size * asked.share) for size in FITTED))
    sets = [examples(own, scorer) for own in training]
    blends = blended(scorer.blends, sets)
    asked.output.mkdir(parents=True, exist_ok=True)
    for source in (MODELS / BASE / "tokens.npz", asked.heads / GRAPH, asked.heads / TABLE):
        shutil.copyfile(source, asked.output / source.name)
    config = {
        "architecture": "late-interaction",
        "encoder": "e5-small",
        **blends.config(),
        "biases_fitted_on": {own.training.name: len(own.training.queries) for own in sets},
    }
    with atomic_write(asked.output / "config.json") as out:
        out.write(json.dumps(config, indent=2) + "\n")
    judge([examples(own, scorer) for own in kept_back(data, training)], blends, asked.output)


def judge(sets: Sequence[Examples], blends: Blends, folder: Path) -> None:
    """The default calibration and the default score report, beside the model."""
    data = labelled(sets, blends)
    made = tamis.load_scorer(folder)
    # For other people's data: a smooth map, not isotonic's steps, which would give unlike candidates one probability.
    calibration = Calibration.fit(data, Beta(), scorer=made.fingerprint, stage=NAME)
    calibration.save(folder / "calibration.json")
    report = score_report(data, calibrator=calibration.calibrator, stage=NAME)
    with atomic_write(folder / "report.json") as out:
        out.write(json.dumps(report.as_json(), indent=1) + "\n")
    print(f"{len(data)} pairs of {data.queries} questions; AUC {report.separation.auc:.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()
