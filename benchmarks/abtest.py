"""How often tests of two arms are wrong, and how soon they are right, each beside the test made for one look.

False alarms where both arms are the same and somebody looks 100 times; rare successes in a small canary; intervals that
hold the truth at every look; sessions until a real difference is found, simulated beside planned; users who come again;
sizes of arms that are not those planned. All is drawn from fixed seeds; nothing is downloaded.

    scripts/bench abtest

A minute on one core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tamis.observe.abtest import (
    AlwaysValid,
    ConfidenceSequence,
    MSprt,
    Sums,
    mismatch,
    plan_rates,
    running,
    two_means,
    two_proportions,
)

Numbers = NDArray[np.float64]

SESSIONS = 20_000  # an arm
LOOKS = np.arange(200, SESSIONS + 1, 200)
Z = 1.959964
TESTS: Mapping[str, AlwaysValid] = {
    "mSPRT, tau .03": MSprt(tau=0.03),
    "confidence sequence, tuned for 10,000": ConfidenceSequence(tuned_for=10_000),
}


@dataclass(frozen=True, slots=True)
class Runs:
    """Simulated experiments as they are seen at the looks; arrays of the shape ``(runs, looks)``."""

    difference: Numbers
    variances: tuple[Numbers, Numbers]
    units: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def z(self) -> Numbers:
        """What a test made for one look goes by."""
        return self.difference / np.sqrt(sum(self.variances))


def simulated(
    runs: int, key: int, rates: tuple[float, float], units: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Runs:
    """Bernoulli streams with the key ``[run, key]``, the control first."""
    found = []
    for run in range(runs):
        rng = np.random.default_rng([run, key])
        (one, first), (two, second) = (
            running(rng.random(at[-1]) < rate, at) for rate, at in zip(rates, units, strict=True)
        )
        found.append((two - one, first, second))
    difference, first, second = (np.stack(part) for part in zip(*found, strict=True))
    return Runs(difference, (first, second), units)


def row(name: str, *cells: object) -> None:
    print(f"  {name:52}", *(f"{cell:>11}" for cell in cells))


def percent(share: float) -> str:
    return f"{100 * float(share):.1f} %"


def same_arms() -> None:
    print("\nFalse alarms: .30 in both arms, 20,000 sessions an arm, 100 looks, 400 runs (W10; allowed 5 %)")
    runs = simulated(400, 2, (0.3, 0.3), (LOOKS, LOOKS))
    for name, test in TESTS.items():
        row(name, percent((test.trace(runs.difference, runs.variances, runs.units).p[:, -1] < 0.05).mean()))
    row("z test at every look (baseline)", percent((np.abs(runs.z) > Z).any(axis=1).mean()))
    row("z test, one look at the end", percent((np.abs(runs.z[:, -1]) > Z).mean()))


def rare_successes() -> None:
    print("\nFalse alarms: 100 looks from 100 sessions in the smaller arm to 4,000, 500 runs (allowed 5 %)")
    row("", "mSPRT", "sequence", "own variances", "z test")
    small = np.unique(np.geomspace(100, 4000, 100).astype(int))
    for rate in (0.3, 0.05, 0.01, 0.003):
        for times in (1, 9):
            units = (times * small, small)
            runs = simulated(500, 23, (rate, rate), units)
            alarms = [t.trace(runs.difference, runs.variances, units).p[:, -1] < 0.05 for t in TESTS.values()]
            plain, told = MSprt(tau=0.03), sum(runs.variances) > 0
            v = np.where(told, sum(runs.variances), 1.0)
            alone = told & (plain.log_ratio(runs.difference, v, sum(units)) > np.log(20))
            found = [*(a.mean() for a in alarms), alone.any(axis=1).mean()]
            with np.errstate(invalid="ignore", divide="ignore"):
                found.append((np.abs(runs.z) > Z).any(axis=1).mean())
            row(f"rate {rate:g}, canary {100 / (1 + times):g} %", *map(percent, found))


def held_at_every_look() -> None:
    print("\nThe true difference lies in the intervals of all 100 looks: 1,000 runs (promised 95 %)")
    row("", "same", ".30 / .33", "width at end")
    for name, test in TESTS.items():
        cells = []
        for rates in ((0.30, 0.30), (0.30, 0.33)):
            runs = simulated(1000, 12, rates, (LOOKS, LOOKS))
            found, true = test.trace(runs.difference, runs.variances, runs.units), rates[1] - rates[0]
            cells.append(percent(((found.low[:, -1] <= true) & (true <= found.high[:, -1])).mean()))
        row(name, *cells, f"{np.median(found.high[:, -1] - found.low[:, -1]):.4f}")
    error = np.sqrt(sum(runs.variances))
    held = (np.abs(runs.difference - 0.03) <= Z * error).all(axis=1).mean()
    row("z interval at every look (baseline)", "", percent(held), f"{np.median(2 * Z * error[:, -1]):.4f}")


def how_soon() -> None:
    print("\nSessions of both arms until .30 against .34 is found, looked at every 100 sessions, 1,000 runs")
    row("", "median", "80 %", "90 %", "planned 50", "planned 80")
    looks = np.arange(50, SESSIONS + 1, 50)
    runs = simulated(1000, 14, (0.30, 0.34), (looks, looks))
    tests = {f"mSPRT, tau {tau:g}": MSprt(tau=tau) for tau in (0.02, 0.03, 0.04, 0.08)}
    for name, test in {**tests, "sequence, tuned for 5,000": ConfidenceSequence(tuned_for=5000)}.items():
        found = test.trace(runs.difference, runs.variances, runs.units).p <= test.level
        needed = np.where(found.any(axis=1), 2 * looks[found.argmax(axis=1)], np.inf)
        plan = plan_rates(0.30, 0.04, test=test)
        row(name, *(f"{np.quantile(needed, q):,.0f}" for q in (0.5, 0.8, 0.9)), f"{plan.usual:,}", f"{plan.most:,}")
    fixed = plan_rates(0.30, 0.04).fixed
    rng = np.random.default_rng(15)
    wins = (rng.binomial(fixed // 2, rate, 4000) for rate in (0.30, 0.34))
    power = np.mean([two_proportions((x, fixed // 2), (y, fixed // 2)).decided for x, y in zip(*wins, strict=True)])
    row("z test, one look, planned for 80 %", f"{fixed:,}", f"{fixed:,}", f"power {percent(power)}")


def once(rng: np.random.Generator, users: int) -> NDArray[np.int64]:
    """Everybody comes once."""
    return np.ones(users, dtype=np.int64)


def often(rng: np.random.Generator, users: int) -> NDArray[np.int64]:
    """A twentieth comes fifteen times."""
    return np.where(rng.random(users) < 0.05, 15, 1)


def skewed(rng: np.random.Generator, users: int) -> NDArray[np.int64]:
    """Pareto: nine in ten come less than five times, a few up to 100 times."""
    return np.minimum(100, np.ceil(rng.pareto(1.5, users) + 1e-9)).astype(np.int64)


def users_who_come_again() -> None:
    print("\nFalse alarms with users: equal arms of 2,000 users, 20 looks, 300 runs (allowed 5 %)")
    row("", "naive", "by user", "t naive", "t by user")
    for counts in (once, often, skewed):
        for mixed in (False, True):
            alarms = np.array([with_users(run, counts, mixed) for run in range(300)])
            order = "in any order" if mixed else "one user after the other"
            row(f"{counts.__doc__.partition(':')[0].rstrip('.')}, {order}", *map(percent, alarms.mean(axis=0)))


def with_users(run: int, counts: Callable[[np.random.Generator, int], NDArray[np.int64]], mixed: bool) -> list[bool]:
    """Alarms of one run: the mSPRT by session and by user at any look, Welch's test by both at the end."""
    rng = np.random.default_rng([run, 29])
    arms = []
    for _ in range(2):
        users = 2000
        likes, sessions = rng.beta(1.2, 2.8, users), counts(rng, users)
        user = np.repeat(np.arange(users), sessions)
        if mixed:
            user = rng.permutation(user)
        arms.append(((rng.random(user.size) < likes[user]).astype(np.float64), user))
    p = [1.0, 1.0]
    for part in np.linspace(0.05, 1, 20):
        seen = [(values[: int(part * user.size)], user[: int(part * user.size)]) for values, user in arms]
        pairs = [[Sums.of(values) for values, _ in seen], [Sums.of(values, user) for values, user in seen]]
        p = [min(least, MSprt(tau=0.05).look(*pair).p) for least, pair in zip(p, pairs, strict=True)]
    return [*(least <= 0.05 for least in p), *(two_means(*pair).decided for pair in pairs)]


def sizes_of_arms() -> None:
    print("\nSizes of arms: planned halves, 100 looks to 40,000 users, threshold .01, 500 runs")
    row("", "always", "chi-square", "delay always")
    for share in (0.5, 0.49, 0.48, 0.45):
        alarms, delays = np.zeros(2), []
        for run in range(500):
            b = (np.random.default_rng([run, 17]).random(40_000) < share).cumsum()
            found = [mismatch({"a": n - int(b[n - 1]), "b": int(b[n - 1])}, {"a": 0.5, "b": 0.5}) for n in 2 * LOOKS]
            alarms += [any(f.always_p < 0.01 for f in found), any(f.p < 0.01 for f in found)]
            delays.append(next((int(n) for n, f in zip(2 * LOOKS, found, strict=True) if f.always_p < 0.01), np.inf))
        middle = np.median(delays)
        row(f"true share {share:g}", *map(percent, alarms / 500), f"{middle:,.0f}" if np.isfinite(middle) else "never")


def main() -> None:
    for part in (same_arms, rare_successes, held_at_every_look, how_soon, users_who_come_again, sizes_of_arms):
        part()


if __name__ == "__main__":
    main()
