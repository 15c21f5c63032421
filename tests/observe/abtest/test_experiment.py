"""Experiments end to end: sentences, mismatch, the horizon, users who come again."""

import json

import numpy as np
import pytest

from tamis.errors import InputError
from tamis.observe.abtest import Arms, Experiment, MSprt, Sums, compare

HALVES = Arms("floor-7", {"active": 0.5, "canary": 0.5})
EXPERIMENT = Experiment(arms=HALVES, control="active", minimum=0.03, horizon=8000)


def rates(active: tuple[int, int], canary: tuple[int, int]) -> dict[str, Sums]:
    """Sums of successes among units."""
    return {"active": Sums(active[1], active[0], active[0]), "canary": Sums(canary[1], canary[0], canary[0])}


def test_a_difference_is_told_in_a_sentence():
    better = compare(EXPERIMENT, rates((900, 3000), (1100, 3000)))
    assert better.verdict == "better"
    assert better.decided
    assert better.fixed is None  # not at the horizon yet
    assert better.sentence == "canary is better by 0.029 to 0.104 (satisfaction 0.367 instead of 0.300)"
    worse = compare(EXPERIMENT, rates((1100, 3000), (900, 3000)))
    assert worse.sentence == "canary is worse by 0.029 to 0.104 (satisfaction 0.300 instead of 0.367)"


def test_where_lower_is_better_the_words_turn_round():
    seconds = Experiment(arms=HALVES, control="active", metric="seconds", minimum=0.03, lower_is_better=True)
    assert compare(seconds, rates((900, 3000), (1100, 3000))).verdict == "worse"


def test_what_is_not_told_says_how_much_more_it_takes():
    open_ = compare(EXPERIMENT, rates((900, 3000), (930, 3000)))
    assert open_.verdict == "open"
    assert not open_.decided
    assert open_.more is not None
    assert open_.sentence.startswith("nothing told yet: about ")
    assert open_.sentence.endswith(" more sessions")
    later = compare(
        EXPERIMENT,
        rates(
            (900 + open_.more // 2 * 3 // 10, 3000 + open_.more // 2),
            (930 + open_.more // 2 * 3 // 10, 3000 + open_.more // 2),
        ),
    )
    assert later.more is None or later.more < open_.more
    assert compare(EXPERIMENT, rates((9, 30), (12, 30))).more is None


def test_equal_arms_are_called_equal_in_the_end():
    same = compare(EXPERIMENT, rates((12_000, 40_000), (12_050, 40_000)))
    assert same.verdict == "same"
    assert same.sentence.startswith("canary and active differ by less than 0.03 in satisfaction (")


def test_a_mismatch_forbids_to_decide():
    found = compare(EXPERIMENT, rates((900, 3000), (1300, 3500)))
    assert found.sequential.decided
    assert found.verdict == "mismatch"
    assert not found.decided
    assert found.sentence.startswith(
        "do not trust: the arms' sizes (active 3,000, canary 3,500) are not the planned 50 %"
    )


def test_the_fixed_test_stands_at_the_horizon_only():
    found = compare(EXPERIMENT, rates((1200, 4000), (1290, 4000)))
    assert found.fixed is not None
    assert found.fixed.method == "z test"
    assert found.fixed.decided
    assert not found.sequential.decided  # the verdict does not take the second chance
    assert found.verdict == "open"
    rng = np.random.default_rng(1)
    values = {arm: rng.standard_normal(4000) for arm in ("active", "canary")}
    assert compare(EXPERIMENT, values).fixed.method == "Welch's t test"
    assert compare(EXPERIMENT, {arm: np.full(4000, 2.0) for arm in values}).fixed is None


def test_looks_are_joined_and_contradictions_told():
    early = compare(EXPERIMENT, rates((600, 2000), (900, 2000)))
    late = compare(EXPERIMENT, rates((6000, 20_000), (6100, 20_000)), before=early.sequential)
    assert late.verdict == "changing"
    assert "exclude each other" in late.sentence


def test_an_outcome_goes_into_json():
    for arms in (rates((900, 3000), (1100, 3000)), rates((0, 0), (0, 0)), rates((4000, 8000), (4100, 8000))):
        told = json.loads(json.dumps(compare(EXPERIMENT, arms).as_json(), allow_nan=False))
        assert told["experiment"] == "floor-7"
        assert told["sentence"]


def heavy_users(run: int, users: int = 1000, heavy: int = 15) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Two equal arms; few users come often, and users like what they see more or less than others do."""
    rng = np.random.default_rng([run, 29])
    arms = {}
    for arm in ("active", "canary"):
        likes = rng.beta(1.2, 2.8, users)
        sessions = np.where(rng.random(users) < 0.05, heavy, 1)
        user = np.repeat(np.arange(users), sessions)
        arms[arm] = ((rng.random(user.size) < likes[user]).astype(float), user)
    return arms


def test_heavy_users_break_the_naive_test_and_not_the_clustered_one():
    looks = np.arange(100, 1001, 50)
    false = {"naive": 0, "clustered": 0}
    for run in range(200):
        arms = heavy_users(run)
        p = {"naive": 1.0, "clustered": 1.0}
        for users in looks:
            parts = {arm: (values[user < users], user[user < users]) for arm, (values, user) in arms.items()}
            naive = [Sums.of(values) for values, _ in parts.values()]
            clustered = [Sums.of(values, user) for values, user in parts.values()]
            p["naive"] = min(p["naive"], MSprt(tau=0.05).look(*naive).p)
            p["clustered"] = min(p["clustered"], MSprt(tau=0.05).look(*clustered).p)
        for kind, least in p.items():
            false[kind] += least <= 0.05
    assert false["clustered"] <= 0.05 * 200
    assert false["naive"] > 0.10 * 200


def test_users_are_the_units_of_the_mismatch_too():
    # One busy user more in an arm is no mismatch of users, but is one of sessions.
    values = {"active": [0, 1] * 500, "canary": [0, 1] * 650}
    users = {"active": np.arange(1000), "canary": np.minimum(np.arange(1300), 1000)}
    found = compare(EXPERIMENT, values, groups=users)
    assert not found.mismatch.alarm
    assert found.control.units == 1000
    assert compare(EXPERIMENT, values).mismatch.alarm


def test_open_experiments_of_users_count_users():
    arms = heavy_users(1)
    found = compare(EXPERIMENT, {a: v for a, (v, _) in arms.items()}, groups={a: u for a, (_, u) in arms.items()})
    assert found.sentence.endswith("more users")


@pytest.mark.parametrize(
    "options",
    [
        {"control": "other"},
        {"minimum": 0.0},
        {"level": 0.0},
        {"horizon": 2},
        {"arms": Arms("x", {"active": 0.5, "b": 0.3, "c": 0.2})},
    ],
)
def test_what_is_no_experiment_is_refused(options):
    with pytest.raises(InputError):
        Experiment(**{"arms": HALVES, "control": "active", **options})


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="expected values of the arms"):
        compare(EXPERIMENT, {"active": [1.0]})
    with pytest.raises(InputError, match="users cannot be told from sums"):
        compare(EXPERIMENT, rates((1, 2), (1, 2)), groups={"active": ["a", "b"]})
    with pytest.raises(InputError, match="one arm is summed by user"):
        compare(EXPERIMENT, {"active": [1.0, 0.0], "canary": [1.0]}, groups={"active": ["a", "b"]})
