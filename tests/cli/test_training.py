"""The options that ``train`` and ``distill`` share: each reaches the place that it decides."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tamis.cli.training import How
from tamis.errors import InputError
from tamis.train.losses.forms import loss
from tamis.train.options import Batches, Learning, Options, Watch
from tamis.train.tune import Full, Head, Lora

CHANGED = {
    "loss": ("bce", loss("bce")),
    "freeze_layers": (2, Full(2)),
    "layers": (4, 4),
    "dropout": (0.2, 0.2),
    "recompute": (True, True),
    "max_length": (64, 64),
    "seed": (7, 7),
    "precision": ("bfloat16", "bfloat16"),
    "device": ("cpu", "cpu"),
    "batch_size": (3, Batches(queries=3)),
    "documents": (5, Batches(documents=5)),
    "epochs": (0.5, Batches(epochs=0.5)),
    "max_steps": (9, Batches(max_steps=9)),
    "in_batch": (False, Batches(in_batch=False)),
    "tokens": (512, Batches(tokens=512)),
    "rate": (1e-3, Learning(rate=1e-3)),
    "head_rate": (1e-2, Learning(head_rate=1e-2)),
    "warmup": (0.0, Learning(warmup=0.0)),
    "schedule": ("cosine", Learning(falling="cosine")),
    "weight_decay": (0.1, Learning(decay=0.1)),
    "evaluate_every": (11, Watch(evaluate=11)),
    "checkpoint_every": (13, Watch(checkpoint=13)),
    "patience": (2, Watch(patience=2)),
}
WHERE = {Batches: "batches", Learning: "learning", Watch: "watch", Full: "tune"}


@pytest.mark.parametrize("name", CHANGED)
def test_an_option_reaches_its_place_and_no_other(name):
    given, expected = CHANGED[name]
    place = WHERE.get(type(expected), name)
    usual, found = How().options(), How(**{name: given}).options()
    assert getattr(found, place) == expected
    assert all(getattr(found, other) == getattr(usual, other) for other in Options.__slots__ if other != place)


def test_what_the_command_line_leaves_out_is_the_librarys_own():
    assert How().options() == Options()


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"tune": "head"}, Head()), ({"tune": "lora", "lora_rank": 4, "lora_alpha": 2.0}, Lora(4, 2.0))],
)
def test_what_learns(given, expected):
    assert How(**given).options().tune == expected


def test_every_option_is_tested_here_or_is_not_of_the_library():
    others = {"tune", "lora_rank", "lora_alpha", "scenario", "old_policy", "resume", "nproc", "strategy"}
    assert {field.name for field in fields(How)} == CHANGED.keys() | others


def test_a_rate_below_nothing():
    with pytest.raises(InputError, match="head_rate must be at least 0, got -1"):
        How(head_rate=-1.0).options()
