"""W6: visits to a page of ten documents, whose users look at place k with probability 1 / k and click by the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...calibrate.worlds import clustered

RELEVANT, NOISE = 0.8, 0.1


@dataclass(frozen=True)
class Visits:
    """A row a shown document: its raw logit, whether it is relevant, its place, the click, and the visit."""

    scores: np.ndarray
    labels: np.ndarray
    positions: np.ndarray
    clicks: np.ndarray
    sessions: np.ndarray

    def __getitem__(self, kept):
        return Visits(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


def visits(count, trial=0, *, between=1.0, eta=1.0, rates=(RELEVANT, NOISE), documents=10):
    """Each visit is one query of W2, its documents in the order of their scores."""
    drawn = clustered(count, trial, between, documents)
    scores, labels = (column.reshape(count, documents) for column in (drawn.scores, drawn.labels))
    order = np.argsort(-scores, axis=1)
    scores, labels = (np.take_along_axis(column, order, axis=1) for column in (scores, labels))
    places = np.broadcast_to(np.arange(1, documents + 1), scores.shape)
    rng = np.random.default_rng([count, trial, 5])
    looked = rng.random(scores.shape) < places.astype(float) ** -eta
    clicks = looked & (rng.random(scores.shape) < np.where(labels == 1, *rates))
    sessions = np.repeat(np.arange(count), documents)
    return Visits(scores.ravel(), labels.ravel(), places.ravel(), clicks.ravel().astype(float), sessions)
