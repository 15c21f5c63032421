"""What another policy would have decided on logged queries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tamis.decide import MinLength, Policy, Thresholds
from tamis.errors import InputError
from tamis.observe import Decided, Placed
from tamis.observe.lifecycle.replay import replayed

OLD = Policy(Thresholds(1.5), scorer="mini:1", stage="mini")
NEW = replace(OLD, thresholds=Thresholds(0.5))


def logged(name, *scores, scorer="mini:1"):
    items = tuple(Placed(f"{name}{at}", score, position=(at + 1) * (score >= 1.5)) for at, score in enumerate(scores))
    return Decided(name, scorer=scorer, items=items)


def test_both_policies_decide_again():
    change = replayed([logged("a", 2.0, 1.0), logged("b", 0.7), logged("c", 3.0)], OLD, NEW)
    assert (change.queries, change.both, change.only_new, change.filled, change.changed) == (3, 2, 2, 1, 2)


def test_decisions_of_another_scorer_are_passed_over():
    change = replayed([logged("a", 2.0), logged("b", 9.0, scorer="other")], OLD, NEW)
    assert change.queries == 1
    with pytest.raises(InputError, match="nothing to replay"):
        replayed([logged("b", 9.0, scorer="other")], OLD, NEW)


def test_policies_that_look_at_texts_or_at_other_scores_are_refused():
    with pytest.raises(InputError, match="the new policy has the rule 'min_length'"):
        replayed([logged("a", 2.0)], OLD, replace(NEW, after=(MinLength(4),)))
    with pytest.raises(InputError, match="two models"):
        replayed([logged("a", 2.0)], OLD, replace(NEW, scorer="other:1"))
