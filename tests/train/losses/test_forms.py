"""Losses by their words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tamis.errors import InputError
from tamis.train.losses.forms import DEFAULTS, LOSSES, loss


def test_words_are_known_without_pytorch():
    source = "import sys, tamis.train.losses.forms as forms; print(*forms.LOSSES); assert 'torch' not in sys.modules"
    found = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert found.stdout.split() == list(LOSSES)


def test_every_row_loads_a_loss_of_its_name():
    pytest.importorskip("torch")
    assert all(loss(name).name == name == row.load().name for name, row in LOSSES.items())


def test_defaults_read_a_teacher_where_there_is_one():
    pytest.importorskip("torch")
    assert all(("teacher" in loss(name).reads) == taught for (_, taught), name in DEFAULTS.items())


def test_options_are_read():
    pytest.importorskip("torch")
    from tamis.train.losses.lambdas import NDCG2, LambdaLoss
    from tamis.train.losses.listwise import Softmax

    assert loss("softmax:scale=20") == Softmax(scale=20.0)
    assert loss(" Lambda@5:weighting=ndcg2, sigma=2 ") == LambdaLoss(NDCG2(), k=5, sigma=2.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rank-net", "no loss is named 'rank-net': did you mean 'ranknet'?"),
        ("", "no loss is named '': known: bce, mse, margin"),
        ("ranknet@10", "no option of 'ranknet' is named 'k': known: sigma"),
        ("listnet:scale=2", "no option of 'listnet' is named 'scale': known: none"),
        ("softmax:scael=2", "did you mean 'scale'?"),
        ("softmax:scale=high", "scale must be a number, got 'high'"),
        ("softmax:scale", "scale must be a number, got ''"),
        ("lambda@ten", "k must be a whole number, as in lambda@10, got 'ten'"),
        ("lambda@0", "k must be a whole number of at least 1, got 0"),
        ("lambda:weighting=ndcg3", "no weighting is named 'ndcg3': did you mean 'ndcg2'?"),
    ],
)
def test_mistakes_are_named(text, says):
    pytest.importorskip("torch")
    with pytest.raises(InputError) as caught:
        loss(text)
    assert says in str(caught.value)
