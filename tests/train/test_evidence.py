"""The training task of late-interaction models: pairs are read once, languages find their rows, gradients are right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tamis import load_scorer
from tamis.core import Document, Query
from tamis.data import Example
from tamis.score.late import LateInteraction
from tamis.train.bases.late import Weights
from tamis.train.evidence import Evidence, Reading
from tamis.train.losses.listwise import Softmax
from tamis.train.options import Options
from tamis.train.processes.base import Alone

LISTS = [
    Example("how to return goods", ("Send it back within seven days.", "It rained."), (1.0, 0.0)),
    Example("怎么退货", ("签收后七天内可以退货。", "今天下雨。", "工资按月发放。"), (1.0, 0.0, 0.0)),
    Example("как вернуть товар", ("Верните его.", "Идёт дождь."), (1.0, 0.0)),
]


@pytest.fixture
def reading():
    base = load_scorer("tamis-mini")
    return Reading(base, base.blends, "now")


def task(reading):
    return Evidence(reading, tuple(reading.blends.texts), torch.device("cpu"))


def test_a_pair_is_read_once_whatever_the_weights(reading, monkeypatch):
    read: list[int] = []
    real = LateInteraction.features
    monkeypatch.setattr(LateInteraction, "features", lambda self, pairs: read.append(len(pairs)) or real(self, pairs))
    pairs = [(Query("q"), Document("a", "text")), (Query("q"), Document("b", "text")), (Query("q"), Document("c", "x"))]
    first = reading.features(pairs)
    assert read == [2]
    np.testing.assert_array_equal(Reading(reading, reading.blends, "later").features(pairs), first)
    assert read == [2, 0]
    np.testing.assert_allclose(first, load_scorer("tamis-mini").features(pairs))


def test_nothing_to_read(reading):
    assert reading.score([]).tolist() == []


def test_every_language_finds_its_row(reading):
    read = task(reading).read(LISTS)
    names = list(reading.blends.texts)
    assert [names[row] for row in read.rows.tolist()] == ["en"] * 2 + ["zh"] * 3 + ["other"] * 2
    assert read.targets.real.sum() == 7 and read.tokens > 50


def test_a_step_is_the_gradient_of_the_mean_loss(reading):
    network, loss, processes = Weights(reading.blends), Softmax(), Alone()
    processes.ready(network, Options())
    read = task(reading).read(LISTS)
    done = task(reading).step(network, read, loss, processes)
    assert done.pairs == 7 and done.units == 3
    slopes, nudge, losses = network.grown.grad.flatten(), 5e-5, []
    at = int(slopes.abs().argmax())
    for moved in (nudge, -2 * nudge):
        with torch.no_grad():
            network.grown.flatten()[at] += moved
        network.grown.grad = None
        losses.append(task(reading).step(network, read, loss, processes).loss)
    assert (losses[0] - losses[1]) / 3 / (2 * nudge) == pytest.approx(float(slopes[at]), rel=0.05)
