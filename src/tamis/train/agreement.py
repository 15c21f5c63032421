"""A student beside its teacher: how alike they order documents, how large they are and how fast."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tamis.core import Pair, Scorer
from tamis.data import Example
from tamis.evaluate import Interval, interval
from tamis.score.export import rank_correlation
from tamis.score.folder import ModelFolder
from tamis.score.load import EMBEDDED
from tamis.train.after.card import TEACHER
from tamis.train.after.figures import Figures
from tamis.train.teaching import Recorded, Scale, Teacher

WEIGHTS = ("*.safetensors", "*.bin", "*.onnx", "*.npz")  # the first kind that is there
SECONDS = 2.0  # that both are timed for
TIMED = 64  # pairs of a turn, at most


def order_as_grades(example: Example) -> Example:
    """The list with the teacher's order as labels: 1 / rank, so that the places above count most.

    Equal scores have the rank of the first of them. Measures that know only relevant and not look for the first two.

    >>> order_as_grades(Example("q", ("a", "b", "c"), scores=(0.1, 7.0, 0.1))).labels
    (0.5, 1.0, 0.5)
    """
    ranks = [1 + sum(other > score for other in example.scores) for score in example.scores]
    return replace(example, labels=tuple(1 / rank for rank in ranks), weights=())


def agreement(figures: Figures) -> dict[str, Interval]:
    """How alike each measured system and the teacher order a query's documents.

    Spearman's rank correlation within each dev query, its mean over queries with a 95 % bootstrap interval. Queries all
    of whose documents the teacher scores alike are left out; a system that scores all alike counts 0.
    """
    taught = figures.ranked(TEACHER).scores
    places = [at for at, column in enumerate(taught) if len(column) > 1 and np.ptp(column) > 0]
    others = [name for name, system in figures.systems.items() if system.ranked is not None and name != TEACHER]
    if not places:
        return {}
    return {
        name: interval([rank_correlation(taught[at], figures.ranked(name).scores[at]) for at in places])
        for name in others
    }


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs.

    Attributes:
        megabytes: of its weights on the disk, 10^6 bytes; None where that is not known.
        pairs_per_second: of the data's own pairs, on the device it was loaded for; None where it was not measured.
    """

    megabytes: float | None
    pairs_per_second: float | None


def megabytes(folder: Path | None) -> float | None:
    """The size of a model folder's weights in 10^6 bytes; None without a folder, or where it holds none."""
    if folder is None:
        return None
    if folder.parent == EMBEDDED:  # its files are one model, with the encoder that it reads texts with
        encoder: str | None = ModelFolder(folder).config.get("encoder")
        parts: list[Path] = [folder, *([EMBEDDED / encoder] if encoder else [])]
        return round(sum(at.stat().st_size for part in parts for kind in WEIGHTS for at in part.glob(kind)) / 1e6, 3)
    own = ModelFolder(folder).files()
    for pattern in WEIGHTS:
        if found := [(folder / name).stat().st_size for name in own if name.match(pattern)]:
            return round(sum(found) / 1e6, 3)
    return None


def speeds(first: Scorer, second: Scorer, pairs: Sequence[Pair]) -> tuple[float, float]:
    """Pairs a second of two scorers, measured in turns for some seconds; the fastest turn counts.

    Args:
        first, second: the scorers; each scores the same pairs, the first few of them where the first is slow.
        pairs: at least one.
    """
    few = pairs[:4]
    first.score(few)
    second.score(few)  # what is done once is done
    taken = _seconds(first, few) / len(few)
    sample = pairs[: int(np.clip(SECONDS / 3 / taken, len(few), TIMED))]
    best, began = [float("inf"), float("inf")], time.perf_counter()
    while best[1] == float("inf") or time.perf_counter() - began + sum(best) < SECONDS:
        best = [min(best[at], _seconds(one, sample)) for at, one in enumerate((first, second))]
    return round(len(sample) / best[0], 1), round(len(sample) / best[1], 1)


def _seconds(scorer: Scorer, pairs: Sequence[Pair]) -> float:
    began = time.perf_counter()
    scorer.score(pairs)
    return max(time.perf_counter() - began, 1e-9)


@dataclass(frozen=True)
class Tutor:
    """The teacher beside the student in training; what ``train.lessons.Beside`` asks for.

    Attributes:
        teacher: the scorer itself.
        known: its scores of the dev queries.
        scale: what its scores were multiplied by.
        judged: whether people labelled the dev queries, or the teacher did.
        sample: pairs to measure the speed with.
        told: what else the result shall say.
    """

    teacher: Teacher
    known: Recorded
    scale: Scale
    judged: bool
    sample: Sequence[Pair]
    told: Mapping[str, Any]

    @property
    def systems(self) -> Mapping[str, Scorer]:
        """The teacher, whose scores of the dev queries are known."""
        return {TEACHER: self.known}

    def compared(self, made: Scorer, folder: Path, figures: Figures | None) -> dict[str, Any]:
        """Whose pupil it is, what the dev labels are, agreement and costs; JSON values."""
        fast: tuple[float | None, float | None] = (None, None)
        if self.sample and not self.teacher.remote:
            fast = speeds(self.teacher.scorer, made, self.sample)
        alike = agreement(figures) if figures else {}
        costs = {TEACHER: Cost(megabytes(self.teacher.folder), fast[0]), "student": Cost(megabytes(folder), fast[1])}
        return {
            "teacher": self.known.name,
            "fingerprint": self.known.fingerprint,
            **asdict(self.scale),
            **self.told,
            "labels": "" if figures is None else "people" if self.judged else TEACHER,
            "agreement": {name: {"mean": r.mean, "low": r.low, "high": r.high} for name, r in alike.items()},
            "costs": {name: asdict(cost) for name, cost in costs.items()},
        }
