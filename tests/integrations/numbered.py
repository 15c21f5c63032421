"""A scorer whose scores stand in the texts, and a policy and a calibration for it: exact answers for integrations."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from tamis.calibrate import Calibration, Labelled, Platt
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy


class Numbered:
    """The score of a text is the number that it begins with."""

    name, fingerprint = "numbered", "numbered:1"

    def __init__(self):
        self.threads, self.seen = set(), []

    def score(self, pairs):
        self.threads.add(threading.current_thread())
        self.seen += pairs
        return np.array([float(document.text.split()[0]) for _, document in pairs])


CALIBRATION = Calibration.fit(
    Labelled.of([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1, 1]),
    Platt(),
    scorer="numbered:1",
    stage="numbered",
)


def policy(threshold: float = 0.5, **fields) -> Policy:
    return Policy(Thresholds(threshold), **{"scorer": "numbered:1", "stage": "numbered", **fields})


def policy_of_mini(threshold: float) -> Policy:
    """A policy for what ``tamis-mini`` says of the texts alone."""
    from tamis import load_scorer

    return Policy(Thresholds(threshold), scorer=load_scorer("tamis-mini").fingerprint, stage="tamis-mini")


def saved(artefact, path: Path) -> Path:
    artefact.save(path)
    return path


def probability(score: float) -> float:
    return float(CALIBRATION.calibrator(np.array([score]))[0])
