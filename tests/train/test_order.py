"""An order becomes the command's arguments, and comes back from JSON as it was."""

from __future__ import annotations

from dataclasses import fields

import pytest
import typer

from tamis.cli.app import app
from tamis.errors import InputError
from tamis.train import order as room
from tamis.train.order import Order, lacking

ORDER = Order("faq", ("a.csv", "b.jsonl"), rate=5e-5, tune="lora", lora_rank=4, scenario="precise-qa")


def test_only_what_was_said_is_an_argument():
    assert Order("faq", ("a.csv",)).arguments() == [
        *("train", "--data", "a.csv", "-o", "model/faq", "--dev", "0.1", "--base", "e5-small"),
        *("--kind", "cross-encoder", "--conflicts", "refuse", "--tune", "full"),
        *("--batch-size", "16", "--documents", "8", "--device", "auto"),
    ]
    said = " ".join(ORDER.arguments(resume=True))
    assert "--data a.csv --data b.jsonl" in said and "--rate 5e-05" in said and said.endswith("--resume")
    assert "--lora-rank 4" in said and "--scenario precise-qa" in said and "--loss" not in said


def test_every_choice_is_an_option_of_the_command():
    options = {flag for one in typer.main.get_command(app).commands["train"].params for flag in one.opts}
    assert {f"--{field.name.replace('_', '-')}" for field in fields(Order)[1:]} <= options


def test_an_order_comes_back_from_json():
    assert Order.of(ORDER.as_json()) == ORDER
    for broken in ({}, {"name": "x"}, {**ORDER.as_json(), "colour": "red"}):
        with pytest.raises(InputError, match="begin a new one"):
            Order.of(broken)


@pytest.mark.parametrize("name", ["", "..", ".x", "a/b", "a b", "模型", "-o", "x" * 61])
def test_names_that_no_folder_gets(name):
    with pytest.raises(InputError, match="cannot name a model"):
        Order(name, ("a.csv",))


def test_no_data():
    with pytest.raises(InputError, match="there are no data"):
        Order("faq", ())


def test_what_is_not_installed(monkeypatch):
    monkeypatch.setattr(room, "available", lambda name: name != "peft")
    assert lacking() == [] and lacking("lora") == ["peft"]
    monkeypatch.setattr(room, "available", lambda name: False)
    assert lacking("head") == ["torch", "safetensors"]
