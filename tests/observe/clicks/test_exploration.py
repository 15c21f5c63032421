"""Exploration: as often as said, the same everywhere, only what the threshold left out, and with true propensities."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.core import Candidate, Document, Query, Ranking
from tamis.decide.policies.cuts import Thresholds
from tamis.decide.policies.policy import Policy
from tamis.decide.rules.wording import BannedWords, MinLength
from tamis.errors import InputError
from tamis.observe import Decided
from tamis.observe.clicks import Exploration, propensities, with_propensities

TEXTS = ("a drum sieve", "a colander", "a hat with a rim", "oh", "a felt hat", "rain")


def decided(scores=(0.9, 0.8, 0.6, 0.5, 0.4, 0.3), threshold=0.7, **options):
    items = tuple(Candidate(Document(str(at), text), 0.0) for at, text in enumerate(TEXTS))
    found = Ranking(Query("sieve"), items).rescored("mini", scores, fingerprint="mini:1")
    return Policy(Thresholds(threshold), scorer="mini:1", stage="mini", **options).decide(found)


def requests(count=20_000):
    return [f"request {number}" for number in range(count)]


def test_off_by_default():
    decision = decided()
    assert all(Exploration().apply(decision, name) is decision for name in ("", "r1"))


def test_the_rate_and_each_candidates_chance_are_as_said():
    decision, exploration = decided(), Exploration(0.05, depth=3)
    shown = Counter(
        added[0].doc.id for name in requests() if (added := exploration.apply(decision, name).ranking.items[2:])
    )
    assert set(shown) == {"2", "3", "4"}
    assert sum(shown.values()) == pytest.approx(1000, abs=4 * 1000**0.5)
    assert all(count == pytest.approx(1000 / 3, abs=4 * (1000 / 3) ** 0.5) for count in shown.values())


def test_requests_decide_and_nothing_else():
    decision, exploration = decided(), Exploration(0.05)
    explores = [name for name in requests(2000) if len(exploration.apply(decision, name).ranking) == 3]
    again = [name for name in requests(2000) if len(Exploration(0.05).apply(decided(), name).ranking) == 3]
    other = [name for name in requests(2000) if len(Exploration(0.05, seed=1).apply(decision, name).ranking) == 3]
    assert explores == again != other
    # A higher rate explores where a lower one did, too: raising it moves nobody out.
    fewer = [name for name in requests(2000) if len(Exploration(0.02).apply(decision, name).ranking) == 3]
    assert set(fewer) < set(explores)


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=20), st.integers(1, 9), st.floats(0.001, 0.05))
def test_candidates_are_kept_and_their_propensities_known(request_id, depth, rate):
    decision, exploration = decided(after=(MinLength(4),)), Exploration(rate, depth)
    found = exploration.apply(decision, request_id)
    assert found.ranking.items[:2] == decision.ranking.items and len(found.ranking) <= 3
    everything = [*found.ranking, *(candidate for candidate, _ in found.rejected)]
    assert sorted(candidate.doc.id for candidate in everything) == list("012345")
    chances, pool = propensities(found), min(depth, 4)
    added = [candidate.doc.id for candidate in found.ranking.items[2:]]
    for at in range(2, 6):
        expected = rate / pool if str(at) in added else 1 - rate / pool if at < 2 + pool else 1.0
        assert chances[str(at)] == pytest.approx(expected)
    assert chances["0"] == chances["1"] == 1.0
    json.dumps(found.as_json())


def test_an_explored_candidate_says_so_and_is_kept_so():
    decision, exploration = decided(), Exploration(0.05)
    name = next(name for name in requests() if len(exploration.apply(decision, name).ranking) == 3)
    found = exploration.apply(decision, name)
    assert found.ranking[2].notes == {"explored": True, "propensity": 0.05}
    kept = with_propensities(Decided.of(found, name), found)
    assert [(item.document, item.position, item.propensity) for item in kept.items[:4]] == [
        *(("0", 1, 1.0), ("1", 2, 1.0), ("2", 3, 0.05), ("3", 0, 1.0))
    ]
    quiet = next(name for name in requests() if len(exploration.apply(decision, name).ranking) == 2)
    kept = with_propensities(Decided.of(decision, quiet), exploration.apply(decision, quiet))
    assert [item.propensity for item in kept.items] == [1.0, 1.0, 0.95, 1.0, 1.0, 1.0]


def test_what_rules_leave_out_is_never_explored():
    rules = (MinLength(4), BannedWords(("hat",)))
    decision = decided(before=(MinLength(3),), after=rules)
    exploration = Exploration(0.05, depth=9)
    without = {c.doc.id for name in requests() for c in exploration.apply(decision, name).ranking.items[2:]}
    held = {c.doc.id for name in requests() for c in exploration.apply(decision, name, rules).ranking.items[2:]}
    assert without == {"2", "4", "5"}  # "oh" fell to the rule ahead of the threshold
    assert held == {"5"}


def test_an_answer_of_nothing_stays_so_unless_said():
    decision = decided(threshold=0.95)
    assert all(not len(Exploration(0.05).apply(decision, name).ranking) for name in requests(2000))
    assert any(len(Exploration(0.05, alone=True).apply(decision, name).ranking) for name in requests(2000))


def test_nothing_left_out_leaves_nothing_to_explore():
    decision = decided(threshold=0.0)
    assert Exploration(0.05).apply(decision, "r") is decision
    barred = replace(decision, rejected=((decision.ranking[0], "min_length: too short"),))
    assert Exploration(0.05).apply(barred, "r") is barred


def test_estimates_from_explored_sessions_are_unbiased():
    """How often what the threshold leaves out is relevant, from the few times that it was shown."""
    decision, exploration = decided(), Exploration(0.05, depth=2)
    relevant = {"2": 1.0, "3": 0.0}
    total = sum(
        relevant[candidate.doc.id] / candidate.notes["propensity"]
        for name in requests()
        for candidate in exploration.apply(decision, name).ranking.items[2:]
    )
    assert total / 20_000 == pytest.approx(1.0, abs=0.15)  # one relevant document a request among those two


@pytest.mark.parametrize("wrong", [{"rate": 0.06}, {"rate": -0.01}, {"rate": float("nan")}, {"depth": 0}])
def test_options_out_of_range(wrong):
    with pytest.raises(InputError, match="rate of exploration"):
        Exploration(**wrong)


def test_a_request_needs_a_name():
    with pytest.raises(InputError, match="request's id"):
        Exploration(0.05).apply(decided(), "")
