"""Who may put a policy into the server, and which fit it; what the form for a threshold asks for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tamis.decide import Policy, Thresholds
from tamis.errors import InputError
from tamis.serve.served import Served
from tamis.thresholds import Contents
from tamis.workbench.tabs.thresholds import tab as thresholds
from tamis.workbench.visitors import Visitor
from tamis.workbench.words import saying


class Any:
    """A scorer of a name."""

    def __init__(self, name):
        self.name, self.fingerprint = name, f"{name}:1"

    def score(self, pairs):
        return [0.0] * len(pairs)


def desk(language="en", may=True):
    """As much of a desk as these functions look at."""
    models = SimpleNamespace(served={"mini": Served(Any("mini"))})
    return SimpleNamespace(
        service=SimpleNamespace(models=models),
        words=lambda tab: saying(tab, language),
        may_exchange=lambda holder: may and holder == "ops",
    )


def test_only_policies_of_served_models_are_put_to_use():
    thresholds.fitting(Policy(Thresholds(0.5), scorer="mini:1", stage="mini"), desk())
    with pytest.raises(InputError, match="nobody has said whose scores these are"):
        thresholds.fitting(Policy(Thresholds(0.5)), desk())
    with pytest.raises(InputError, match=r"tuned on scores of large:1, and no model here gives such: mini \(mini:1\)"):
        thresholds.fitting(Policy(Thresholds(0.5), scorer="large:1", stage="large"), desk())
    with pytest.raises(InputError, match="没有给出这种分数的模型"):
        thresholds.fitting(Policy(Thresholds(0.5), scorer="large:1", stage="large"), desk("zh"))


def test_only_some_keys_may_exchange_policies():
    def asks(holder):
        state = SimpleNamespace(request=SimpleNamespace(scope={"state": {"visitor": Visitor("v", holder)}}))
        thresholds.may_exchange(desk(), state)

    asks("ops")
    with pytest.raises(InputError, match="your key may not exchange models and policies"):
        asks("guest")


@pytest.mark.parametrize(("grades", "expected"), [((0, 1, 2), 2), ((0, 1, 2, 3), 2), ((1, 5), 5), ((0, 1), None)])
def test_the_grade_that_is_proposed_lies_above_the_middle(grades, expected):
    assert Contents(True, 9, 3, tuple(map(float, grades))).proposed == expected


def test_names_of_policies_are_made_of_names_of_files():
    assert thresholds.named("法律 labels(2).v1") == "法律-labels-2-.v1"
