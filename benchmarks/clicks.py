"""What clicks tell, beside what they would without correction: relevance, calibrations, places, values of policies.

    scripts/bench clicks [relevance | calibration | places | values ...]

The first three are simulated, so that the truth is known: pages of ten documents (world W6 of the reference: one query
of ten documents with normal logits, relevant at a share of .2 on the mean, looked at with probability 1 / rank, clicked
with .8 or .1). The last is real: two logs of a shop's page (``clicks/`` of the data, ``TAMIS_DATA``), of items drawn at
random and by Thompson sampling, in which the value of each policy is told from the other's log.
"""

from __future__ import annotations

import csv
import gzip
import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tamis.calibrate.maps.platt import Platt
from tamis.observe.clicks import (
    ClickLog,
    ClickModel,
    PositionBias,
    by_em,
    by_intervention,
    by_random_ranks,
    fit_clicks,
    importance,
    ips,
    snips,
)

Floats = NDArray[np.float64]
DATA = Path(os.environ.get("TAMIS_DATA") or Path(__file__).resolve().parents[2] / "shared/data")
MEANS, SPREADS, SHARES = np.array([3.0, 0.3, -2.5]), np.array([1.5, 1.2, 1.5]), np.array([0.2, 0.3, 0.5])
DOCUMENTS, ITEMS, CLIP = 10, 80, 10.0
MODEL = ClickModel(PositionBias(1.0, least=0.01))
PLAIN = ClickModel(PositionBias(1.0, least=0.01), relevant=1.0, noise=0.0)


class Visits(NamedTuple):
    """A row a shown document."""

    scores: Floats
    labels: Floats
    positions: Floats
    clicks: Floats
    sessions: NDArray[np.int64]


def visits(count: int, trial: int = 0, between: float = 1.0) -> Visits:
    """Visits to pages whose documents stand in the order of their scores."""
    rng = np.random.default_rng([count, trial, 7])
    relevant = np.where(rng.random(count) < 0.7, 0.2 / 0.7, 0.0)[:, None]
    drawn = rng.random((count, DOCUMENTS))
    grades = np.where(drawn < relevant, 0, np.where(drawn < relevant + (1 - relevant) * 0.375, 1, 2))
    offsets = math.sqrt(between) * rng.standard_normal((count, 1))
    scores = MEANS[grades] + offsets + np.sqrt(SPREADS**2 - between)[grades] * rng.standard_normal((count, DOCUMENTS))
    order = np.argsort(-scores, axis=1)
    scores, labels = (np.take_along_axis(column, order, axis=1) for column in (scores, (grades == 0) * 1.0))
    places = np.broadcast_to(np.arange(1.0, DOCUMENTS + 1), scores.shape)
    rng = np.random.default_rng([count, trial, 5])
    clicks = (rng.random(scores.shape) < 1 / places) & (rng.random(scores.shape) < np.where(labels == 1, 0.8, 0.1))
    columns = (scores, labels, places, clicks * 1.0)
    return Visits(*(column.ravel() for column in columns), np.repeat(np.arange(count), DOCUMENTS))


def relevance() -> None:
    print("relevance by rank, 40,000 visits (W6)")
    print("  rank   true   raw clicks   IPS without noise   corrected (95 %)")
    seen = visits(40_000)
    for rank in range(1, 6):
        at = seen.positions == rank
        found, plain = (model.relevance(seen.clicks[at], seen.positions[at]) for model in (MODEL, PLAIN))
        true, raw = seen.labels[at].mean(), seen.clicks[at].mean()
        ends = f"({found.low:.3f} to {found.high:.3f})"
        print(f"  {rank:4}   {true:.3f}   {raw:10.3f}   {plain.value:17.3f}   {found.value:.3f} {ends}")


def calibration() -> None:
    print("mean distance of the probability to the true posterior, on 20,000 scores; means of 5 worlds")
    print("  sessions   queries' spread   clicks as labels   likelihood, unweighted   fit_clicks   from labels")
    rng = np.random.default_rng(99)
    grades = rng.choice(3, size=20_000, p=SHARES)
    scores = MEANS[grades] + SPREADS[grades] * rng.standard_normal(20_000)
    density = SHARES * np.exp(-(((scores[:, None] - MEANS) / SPREADS) ** 2) / 2) / SPREADS
    truth = density[:, 0] / density.sum(axis=1)
    for count in (500, 2_000, 20_000):
        for between in (0.0, 1.0):
            off = np.mean([_calibrated(visits(count, trial, between), scores, truth) for trial in range(5)], axis=0)
            cells = "   ".join(f"{value:.4f}" for value in off)
            print(f"  {count:8}   {between:15}   {cells}")


def _calibrated(seen: Visits, scores: Floats, truth: Floats) -> list[float]:
    # An inverse propensity of one over the look undoes the weights that fit_clicks gives by itself.
    looks = MODEL.examination.at(seen.positions)
    undone = looks.min() / looks
    columns = (seen.scores, seen.positions, seen.clicks, seen.sessions)
    found: list[Floats] = [
        Platt().fit(seen.scores, seen.clicks)(scores),
        fit_clicks(*columns, MODEL, propensities=undone).probability(scores),
        fit_clicks(*columns, MODEL).probability(scores),
        Platt().fit(seen.scores, seen.labels)(scores),
    ]
    return [float(np.abs(one - truth).mean()) for one in found]


def places() -> None:
    print("how likely places 2, 3, 5 and 10 are looked at; truth .500 .333 .200 .100; 200,000 impressions")
    methods: Mapping[str, Callable[..., Any]] = {
        "em": by_em, "intervention": by_intervention, "random ranks": by_random_ranks
    }  # fmt: skip
    for queries, sessions, rankers in ((200, 100, 3), (2_000, 10, 3), (5_000, 4, 3), (200, 100, 0)):
        log = ranked(queries, sessions, rankers)
        order = f"{rankers} rankers" if rankers else "drawn order"
        print(f"  {queries} queries, {sessions} sessions each, {order}")
        for name, method in methods.items():
            if name == "random ranks" and rankers:
                continue
            found = method(log, rounds=50)
            said = found.examination.by_position
            cells = (f"{said[at]:.3f} ({found.low[at]:.3f} to {found.high[at]:.3f})" for at in (1, 2, 4, 9))
            print(f"    {name:13} " + "   ".join(cells))
        print(f"    {'raw clicks':13} " + "   ".join(f"{found.raw[at]:.3f}" for at in (1, 2, 4, 9)))


def ranked(queries: int, sessions: int, rankers: int) -> ClickLog:
    """A log of one of some rankers each time, or of drawn orders where there is none."""
    rng, shape = np.random.default_rng(0), (queries, sessions, DOCUMENTS)
    attraction = rng.beta(1, 3, (queries, DOCUMENTS))
    asked = np.broadcast_to(np.arange(queries)[:, None, None], shape)
    documents = rng.permuted(np.broadcast_to(np.arange(DOCUMENTS), shape), axis=2)
    if rankers:
        noisy = 4 * attraction + rng.standard_normal((rankers, queries, DOCUMENTS))
        documents = np.argsort(-noisy, axis=2)[rng.integers(0, rankers, (queries, sessions)), asked[:, :, 0]]
    at = np.broadcast_to(np.arange(1, DOCUMENTS + 1), shape)
    clicks = (rng.random(shape) < 1 / at) & (rng.random(shape) < attraction[asked, documents])
    return ClickLog.columns(asked.ravel(), documents.ravel(), at.ravel(), clicks.ravel() * 1.0)


def values() -> None:
    logs = {name: _read(DATA / "clicks" / f"{name}_all.csv.gz") for name in ("random", "bts")}
    random, bts = logs["random"], logs["bts"]
    # The sampler's chances move through the week. Its share of an item at a place over all of it is how often the item
    # stood there; the mean of the logged chances is too large, for an item is chosen when its chance is large.
    stood = np.bincount(bts["item_id"] * 4 + bts["position"], minlength=4 * ITEMS).reshape(ITEMS, 4)
    shares = stood / np.maximum(stood.sum(axis=0), 1)
    weights = {
        "random": importance(np.full(bts["click"].size, 1 / ITEMS), bts["propensity_score"]),
        "bts": importance(shares[random["item_id"], random["position"]], random["propensity_score"]),
    }
    print(
        "clicks a thousand impressions (95 %), each policy's from the other's log; so few clicks that no log tells the"
    )
    print("two policies apart: what can be seen is that no estimate contradicts what was logged")
    for wanted, other in (("random", bts), ("bts", random)):
        own = logs[wanted]
        truth = ips(own["click"], np.ones(own["click"].size))
        naive = ips(other["click"], np.ones(other["click"].size))
        print(f"  {wanted}: its own log {_said(truth)}, {int(own['click'].sum())} clicks on {own['click'].size}")
        print(f"    {'naive: mean of the other log':28} {_said(naive)}")
        found = {
            "IPS": ips(other["click"], weights[wanted]),
            "SNIPS": snips(other["click"], weights[wanted]),
            f"SNIPS, weights up to {CLIP:g}": snips(other["click"], weights[wanted], clip=CLIP),
        }
        for name, one in found.items():
            apart = one.estimate.minus(truth.estimate)
            print(
                f"    {name:28} {_said(one)}; less its own {1000 * apart.value:+.1f} ({1000 * apart.low:+.1f} to "
                f"{1000 * apart.high:+.1f}); effective rows {one.effective:.0f}, heaviest {one.heaviest:.1f}, clipped "
                f"{one.clipped:.1%}, mean weight {one.mean_weight:.3f}"
            )


def _said(found: Any) -> str:
    return f"{1000 * found.value:.1f} ({1000 * found.low:.1f} to {1000 * found.high:.1f})"


def _read(path: Path) -> dict[str, NDArray[Any]]:
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    whole = {name: np.array([int(row[name]) for row in rows]) for name in ("item_id", "position", "click")}
    return whole | {"propensity_score": np.array([float(row["propensity_score"]) for row in rows])}


SECTIONS = {"relevance": relevance, "calibration": calibration, "places": places, "values": values}

if __name__ == "__main__":
    for section in sys.argv[1:] or SECTIONS:
        SECTIONS[section]()
        print(flush=True)
