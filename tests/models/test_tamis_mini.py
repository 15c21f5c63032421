"""The model that ships: 2,000 scores that may not move, its calibration, its size, the founding documents' examples."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tamis
from tamis import Document, Query
from tamis.calibrate import Calibration, default_calibration
from tamis.errors import PolicyError, PolicyMismatch
from tamis.score.load import EMBEDDED

ROOT = Path(__file__).parents[2]
LOCKED = Path(__file__).with_name("locked.npz")
QUERIES, DOCUMENTS = 100, 20  # half of the queries in each language, each with so many documents
FOLDER = EMBEDDED / "tamis-mini"


def fixed_pairs():
    """Titles of abstracts with abstracts, and questions with statutes, of what ships for the demo."""
    draw, pairs = random.Random(20261122), []
    rows = {
        room: list(map(json.loads, gzip.decompress((ROOT / f"demo/{room}/corpus.jsonl.gz").read_bytes()).splitlines()))
        for room in ("abstracts", "statutes")
    }
    questions = map(json.loads, (ROOT / "demo/statutes/queries.jsonl").read_text("utf-8").splitlines())
    asked = {"abstracts": [row["title"] for row in rows["abstracts"]], "statutes": [q["text"] for q in questions]}
    for room, texts in asked.items():
        documents = [Document(row["id"], row["text"]) for row in draw.sample(rows[room], 200)]
        for text in draw.sample(texts, QUERIES // 2):
            pairs += [(Query(text), document) for document in draw.sample(documents, DOCUMENTS)]
    return pairs


@pytest.fixture(scope="module")
def mini():
    return tamis.load_scorer("tamis-mini")


@pytest.mark.parametrize("queries", [3, pytest.param(QUERIES // 2, marks=pytest.mark.slow)])
def test_scores_stay_what_they_are(mini, queries):
    pairs, (locked,) = fixed_pairs(), np.load(LOCKED).values()
    assert len(pairs) == len(locked) == 2000
    asked = [at for at in range(2000) if at % 1000 < queries * DOCUMENTS]  # so many in each language
    found, locked = mini.score([pairs[at] for at in asked]), locked[asked]
    # Another processor's kernels round otherwise; another model or another text is out by whole logits.
    assert np.abs(found - locked).mean() < 0.02 and np.abs(found - locked).max() < 0.3


def test_the_calibration_that_ships_is_for_the_model_that_ships(mini):
    calibration = default_calibration()
    assert calibration.scorer == mini.fingerprint and calibration.stage == mini.name
    documents = ["Paris is the capital of France.", "Bananas are rich in potassium."]
    (ranking,) = calibration([tamis.rerank("What is the capital of France?", documents)])
    assert ranking[0].probability > 0.5 > 0.1 > ranking[1].probability
    with pytest.raises(PolicyMismatch):
        calibration([tamis.rerank("capital of France", documents, model="tamis-blend")])


def test_a_model_without_a_calibration_says_what_to_do():
    with pytest.raises(PolicyError, match="tamis calibrate"):
        default_calibration("e5-small")


def test_what_stands_beside_the_model_is_no_part_of_it(mini, tmp_path):
    for file in FOLDER.iterdir():
        (tmp_path / "tamis-mini").mkdir(exist_ok=True)
        if file.name not in ("calibration.json", "report.json", "README.md"):
            (tmp_path / "tamis-mini" / file.name).write_bytes(file.read_bytes())
    assert tamis.load_scorer(tmp_path / "tamis-mini").fingerprint == mini.fingerprint


def test_the_box_is_small(tmp_path):
    """All models, packed as a wheel packs them."""
    with zipfile.ZipFile(tmp_path / "models.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for file in (file for file in EMBEDDED.rglob("*") if file.is_file()):
            packed.write(file)
    assert (tmp_path / "models.zip").stat().st_size < 60e6
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 8e6


def test_the_report_and_the_calibration_are_of_the_same_pairs():
    report = json.loads((FOLDER / "report.json").read_text("utf-8"))
    calibration = Calibration.load(FOLDER / "calibration.json")
    assert report["pairs"] == calibration.pairs and report["queries"] == calibration.queries
