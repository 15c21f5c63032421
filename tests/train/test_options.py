"""Options: what cannot be used is refused where it is stated, and what is written down can be read back."""

from __future__ import annotations

import json

import pytest

from tamis.errors import InputError
from tamis.train.losses.forms import loss
from tamis.train.options import Batches, Learning, Options, Watch
from tamis.train.tune import Full, Lora


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Batches(queries=0), "queries must be at least 1, got 0"),
        (lambda: Batches(documents=1), "documents must be at least 2, got 1"),
        (lambda: Batches(tokens=-5), "tokens must be at least 1"),
        (lambda: Batches(max_steps=0), "max_steps must be at least 1"),
        (lambda: Batches(epochs=0), "epochs must be above 0"),
        (lambda: Batches(epochs=float("nan")), "epochs must be above 0"),
        (lambda: Learning(rate=-1), "rate must be at least 0"),
        (lambda: Learning(rate=float("nan")), "rate must be at least 0"),
        (lambda: Learning(warmup=1.5), "warmup is a share"),
        (lambda: Learning(clip=0), "clip above 0"),
        (lambda: Watch(evaluate=0), "evaluate must be at least 1"),
        (lambda: Watch(patience=0), "patience must be at least 1"),
        (lambda: Watch(keep=0), "keep must be at least 1"),
        (lambda: Lora(rank=0), "a rank is 1 or more"),
        (lambda: Lora(dropout=1.0), "a dropout in"),
    ],
)
def test_values_that_cannot_be_used(make, said):
    with pytest.raises(InputError, match=said):
        make()


def test_as_json():
    options = Options(loss("lambda@10"), Lora(4), Batches(8, max_steps=3), seed=5)
    found = json.loads(json.dumps(options.as_json()))
    assert found["loss"] == {"name": "lambda", "weighting": {"name": "ndcg2++", "mu": 10.0}, "k": 10, "sigma": 1.0}
    assert found["tune"] == {"name": "lora", "rank": 4, "alpha": None, "dropout": 0.0}
    assert found["batches"]["max_steps"] == 3 and found["seed"] == 5 and found["learning"]["warmup"] == 0.1


def test_other_options_are_other_json():
    """By this a checkpoint of another run is told."""
    made = [
        Options(),
        Options(loss("bce")),
        Options(loss("bce:top_grade=3")),
        Options(loss("lambda:weighting=ndcg1")),
        Options(loss("lambda:weighting=ndcg2")),
        Options(tune=Full(1)),
        Options(tune=Lora()),
        Options(batches=Batches(8)),
        Options(learning=Learning(rate=1e-3)),
        Options(max_length=64),
        Options(recompute=True),
    ]
    assert len({json.dumps(one.as_json()) for one in made}) == len(made)
