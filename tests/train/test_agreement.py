"""A student beside its teacher: rank correlation as scipy has it, sizes from the disk, speeds in turns."""

import time

import numpy as np
import pytest
from scipy.stats import spearmanr

from tamis.core import Document, Query
from tamis.data import Example
from tamis.score.load import EMBEDDED
from tamis.train import agreement as room
from tamis.train.after.figures import measure
from tamis.train.agreement import agreement, megabytes, order_as_grades, speeds
from tamis.train.teaching import Recorded

from .teachers import Rule, unlabelled, worth


class Slow(Rule):
    """The rule after a pause."""

    def score(self, pairs):
        time.sleep(0.0005 * len(pairs))
        return super().score(pairs)


class Blurred(Rule):
    """The rule, and something that depends on the texts alone."""

    def score(self, pairs):
        return np.array([worth(q.text, d.text) + 3 * np.sin(sum(map(ord, q.text + d.text))) for q, d in pairs])


@pytest.fixture
def taught():
    from dataclasses import replace

    found = [replace(one, scores=tuple(worth(one.query, t) for t in one.documents)) for one in unlabelled(20, 3)]
    return [*found, Example("all alike", ("a", "b"), scores=(1.0, 1.0))]


def test_agreement_is_spearmans_within_each_query(taught):
    dev = list(map(order_as_grades, taught))
    figures = measure(dev, {"teacher": Recorded("rule", "rule", taught), "before": Blurred(), "after": Rule()})
    found = agreement(figures)
    assert set(found) == {"bm25", "before", "after"} and found["after"].mean == pytest.approx(1)
    pairs = [[(Query(one.query), Document("", text)) for text in one.documents] for one in taught[:-1]]
    expected = np.mean([spearmanr(Rule().score(column), Blurred().score(column)).statistic for column in pairs])
    assert found["before"].mean == pytest.approx(expected) and found["before"].queries == len(pairs)
    assert figures["teacher"].intervals[next(iter(figures["teacher"].intervals))].mean == 1


def test_the_teachers_order_as_grades():
    example = Example(
        "q", tuple("abcd"), (1.0, 0.0, 0.0, 0.0), scores=(-3.0, 5.0, 2.0, 2.0), weights=(1.0, 1.0, 1.0, 2.0)
    )
    found = order_as_grades(example)
    assert found.labels == (0.25, 1.0, 0.5, 0.5) and found.weights == () and found.scores == example.scores


def test_sizes(tmp_path):
    assert megabytes(None) is None and megabytes(tmp_path) is None
    for name, size in (("model.safetensors", 3_000_000), ("2_Dense/model.safetensors", 500_000), ("model.onnx", 9)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    for name in ("training/old.safetensors", ".hub/x.safetensors"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(bytes(100_000))
    assert megabytes(tmp_path) == 3.5


def test_the_size_of_a_model_in_the_box():
    """e5-small's word vectors and its graph; tamis-blend reads with it."""
    files = [EMBEDDED / "e5-small" / name for name in ("embeddings.bin", "model.onnx")]
    encoder = sum(file.stat().st_size for file in files) / 1e6
    assert megabytes(EMBEDDED / "e5-small") == pytest.approx(encoder, abs=1e-3)
    assert encoder < megabytes(EMBEDDED / "tamis-blend") < encoder + 5


def test_speeds_are_in_the_scorers_order(monkeypatch):
    monkeypatch.setattr(room, "SECONDS", 0.3)
    pairs = [(Query(one.query), Document("", text)) for one in unlabelled(8, 0) for text in one.documents]
    slow, fast = speeds(Slow(), Rule(), pairs)
    assert 500 < slow < 2001 and fast > 2 * slow
