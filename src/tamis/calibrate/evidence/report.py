"""The score report: what a scorer's scores look like on labelled pairs, how well they separate, what to distrust."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.cross import cross_fitted
from tamis.calibrate.evidence.bins import CurvePoint, curve
from tamis.calibrate.evidence.operating import Operating, operating
from tamis.calibrate.evidence.reading import Reading, Signs, reading
from tamis.calibrate.evidence.reliability import Reliability, reliability
from tamis.calibrate.evidence.remarks import remarks
from tamis.calibrate.evidence.separation import Separation, Zone, quantile_zone, separation, undecided_zone
from tamis.calibrate.evidence.spread import Histogram, Statistics, histogram, parts, statistics, weighted_quantiles
from tamis.calibrate.evidence.words import Note
from tamis.calibrate.labelled import Labelled, group_sums
from tamis.calibrate.maps.platt import Platt
from tamis.calibrate.precision import Resolution, resolution
from tamis.core import Calibrator, Floats
from tamis.errors import InputError

SCORE_BINS = 20
SUSPECTS = 20


@dataclass(frozen=True, slots=True)
class PerQuery:
    """Relevant pairs by query.

    Attributes:
        base_rate: mean over queries of the share of relevant pairs.
        quantiles: 5, 25, 50, 75 and 95 % quantiles of that share.
        without_relevant: share of queries in which no labelled pair is relevant.
        pairs: mean number of pairs a query.
    """

    base_rate: float
    quantiles: tuple[float, ...]
    without_relevant: float
    pairs: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """A pair whose label its score contradicts: perhaps a wrong label, perhaps a fault of the scorer.

    Attributes:
        index: position in the data.
        query: the query's name, or its number where names are not known; empty for data without queries.
        probability: of relevance, by a map fitted on other queries.
    """

    index: int
    query: str
    score: float
    label: int
    probability: float


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """All evidence about the scores of one stage.

    Attributes:
        stage: what gave the scores.
        pairs: how many labelled pairs.
        queries: how many queries they belong to; None where that is not known.
        base_rate: weighted share of relevant pairs.
        overall: statistics of all scores.
        by_part: statistics by label, or by grade where grades were given.
        histogram: counts by the same parts.
        per_query: relevant pairs by query; None for data without queries.
        separation: AUC, overlap, distance; None where all labels are equal.
        overlap_zone: from the 5 % quantile of relevant scores to the 95 % quantile of irrelevant ones.
        undecided_zone: scores whose share of relevant pairs may lie on either side of one half.
        relevance: share of relevant pairs by score, with intervals.
        operating: precision and recall over thresholds.
        resolution: ties, saturation and signs of half precision.
        calibrator: name of the map behind ``reliability`` and ``suspects``.
        reliability: of cross-fitted probabilities; None where they cannot be had.
        suspects: pairs whose label the rest of the data contradicts most, at most 20, worst first.
        reading: the reading rules by query; None for data without queries.
        notes: what a reader should know before believing the figures.
    """

    stage: str
    pairs: int
    queries: int | None
    base_rate: float
    overall: Statistics
    by_part: Mapping[str, Statistics]
    histogram: Histogram
    per_query: PerQuery | None
    separation: Separation | None
    overlap_zone: Zone | None
    undecided_zone: Zone | None
    relevance: tuple[CurvePoint, ...]
    operating: Operating
    resolution: Resolution
    calibrator: str
    reliability: Reliability | None
    suspects: tuple[Suspect, ...]
    reading: Reading | None
    notes: tuple[Note, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values; what is not finite is null."""
        notes = [{"code": note.code, "values": dict(note.values), "text": note.text()} for note in self.notes]
        found: dict[str, Any] = _plain(self)
        return found | {"notes": _plain(notes)}


def score_report(
    data: Labelled,
    *,
    calibrator: Calibrator | None = None,
    reference: Signs | None = None,
    stage: str = "",
    grades: ArrayLike | None = None,
    query_ids: Sequence[str] | None = None,
) -> ScoreReport:
    """Look at labelled scores from all sides; nothing here chooses a threshold.

    Args:
        data: the pairs.
        calibrator: the map that is cross-fitted for reliability and suspects; without one Platt's.
        reference: the gaps, spreads and means of other queries by the same scorer; without it, the data's own.
        stage: what gave the scores, for people.
        grades: each pair's grade, shape ``(n,)``, where labels come from grades; up to eight are shown apart.
        query_ids: names of the queries by their number in the data.

    Raises:
        InputError: another number of grades than pairs, or of names than queries.

    >>> data = Labelled.of([0.1, 0.4, 0.35, 0.8] * 10, [0, 0, 1, 1] * 10, [i // 4 for i in range(40)])
    >>> report = score_report(data, stage="demo")
    >>> report.separation.auc, report.queries, [note.code for note in report.notes]
    (0.75, 10, ['few_queries', 'few_relevant', 'in_unit', 'ties'])
    """
    if query_ids is not None and len(query_ids) <= int(data.groups.max()) and data.grouped:
        raise InputError(f"expected a name for each of {int(data.groups.max()) + 1} queries, got {len(query_ids)}")
    names = query_ids if data.grouped else None
    masks = parts(data, grades)
    both = len(np.unique(data.labels)) == 2
    shares = curve(data.scores, data, bins=SCORE_BINS)
    fitted = calibrator if calibrator is not None else _platt(data)
    chances, hindrance = _cross_fitted(fitted, data)
    found = resolution(data.scores)
    read = reading(data, reference, names=names) if data.grouped else None
    return ScoreReport(
        stage=stage,
        pairs=len(data),
        queries=data.queries if data.grouped else None,
        base_rate=data.base_rate,
        overall=statistics(data.scores, data.weights),
        by_part={name: statistics(data.scores[mask], data.weights[mask]) for name, mask in masks.items()},
        histogram=histogram(data, masks),
        per_query=_per_query(data) if data.grouped else None,
        separation=separation(data) if both else None,
        overlap_zone=quantile_zone(data) if both else None,
        undecided_zone=undecided_zone(data, shares),
        relevance=shares,
        operating=operating(data),
        resolution=found,
        calibrator=_name(fitted),
        reliability=None if chances is None else reliability(chances, data),
        suspects=() if chances is None else _suspects(chances, data, names),
        reading=read,
        notes=remarks(data, found, hindrance),
    )


def _platt(data: Labelled) -> Platt:
    inside = data.scores.min() >= 0 and data.scores.max() <= 1
    return Platt(inputs="share") if inside else Platt()


def _cross_fitted(calibrator: Calibrator, data: Labelled) -> tuple[Floats | None, str]:
    """Probabilities from maps that have not seen the pair's query, or why there are none."""
    try:
        return cross_fitted(calibrator, data), ""
    except InputError as error:
        return None, str(error)


def _name(calibrator: Calibrator) -> str:
    """The map's name; a map that chooses among others has theirs, and none before it has chosen."""
    try:
        return str(getattr(calibrator, "name", type(calibrator).__name__))
    except InputError:
        return type(calibrator).__name__


def _per_query(data: Labelled) -> PerQuery:
    groups = np.unique(data.groups, return_inverse=True)[1]
    sizes, relevant = group_sums(np.ones(len(data)), groups), group_sums(data.labels, groups)
    shares = group_sums(data.weights * data.labels, groups) / group_sums(data.weights, groups)
    return PerQuery(
        base_rate=float(shares.mean()),
        quantiles=weighted_quantiles(shares, np.ones(shares.size), (0.05, 0.25, 0.5, 0.75, 0.95)),
        without_relevant=float((relevant == 0).mean()),
        pairs=float(sizes.mean()),
    )


def _suspects(chances: Floats, data: Labelled, names: Sequence[str] | None) -> tuple[Suspect, ...]:
    """Pairs that look like a typical pair of the other label (confident learning: Northcutt et al., JAIR 2021)."""
    is_relevant = data.labels == 1
    typical = [float(np.average(chances[mask], weights=data.weights[mask])) for mask in (is_relevant, ~is_relevant)]
    against = np.where(is_relevant, chances <= typical[1], chances >= typical[0])
    candidates = np.flatnonzero(against)
    doubt = np.abs(data.labels - chances)[candidates]
    worst = candidates[np.argsort(-doubt, kind="stable")][:SUSPECTS]
    return tuple(
        Suspect(
            index=int(i),
            query="" if not data.grouped else names[data.groups[i]] if names is not None else str(data.groups[i]),
            score=float(data.scores[i]),
            label=int(data.labels[i]),
            probability=float(chances[i]),
        )
        for i in worst
    )


def _plain(value: Any) -> Any:
    """JSON values; NaN and infinities become null, which JSON can say."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
