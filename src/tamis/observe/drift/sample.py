"""What looks keep of decisions: a few numbers of each, and some candidates' scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats
from tamis.errors import InputError
from tamis.observe.drift.population import tied
from tamis.observe.drift.precision import probability_sums
from tamis.observe.events import Decided

MOST = 2_000  # decisions, and candidates' scores, that are kept: further ones hardly tell more
COLUMNS = ("best", "shown", "candidates", "ties", "sums", "known")


@dataclass(frozen=True, slots=True)
class Sample:
    """Numbers of decisions; made by ``Sample.of``.

    Attributes:
        best: best score of each decision, shape ``(decisions,)``; NaN without candidates.
        shown: candidates that it shows.
        candidates: candidates that it has.
        ties: candidates whose score another one of the same decision has.
        sums: sum of the probabilities of what it shows.
        known: how many of them are known.
        segments: its segment.
        scores: candidates' scores of some decisions, whole ones, shape ``(candidates,)``.
        groups: place of each score's decision, shape ``(candidates,)``.
        scorers: fingerprints of what gave the scores.
    """

    best: Floats
    shown: Floats
    candidates: Floats
    ties: Floats
    sums: Floats
    known: Floats
    segments: tuple[str, ...]
    scores: Floats
    groups: NDArray[np.int64]
    scorers: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.segments)

    @classmethod
    def of(cls, decisions: Sequence[Decided], *, most: int = MOST, seed: int = 0) -> Self:
        """The numbers of decisions; of more than ``most``, as many drawn alike.

        Args:
            decisions: in any order.
            most: decisions kept, and about as many scores of candidates.
            seed: the same seed draws the same.
        """
        rng = np.random.default_rng(seed)
        kept = decisions
        if len(decisions) > most:
            kept = [decisions[place] for place in np.sort(rng.choice(len(decisions), most, replace=False))]
        every = [[item.score for item in decided.items] for decided in kept]
        owners = np.repeat(np.arange(len(kept)), [len(one) for one in every])
        flat = np.array([score for one in every for score in one], dtype=np.float64)
        ties = np.bincount(owners, weights=tied(flat, owners), minlength=len(kept))
        # Whole decisions in a drawn order, until their candidates are as many as are kept; one always is.
        order = [place for place in rng.permutation(len(kept)) if every[place]]
        some = [p for p, many in zip(order, accumulate(len(every[p]) for p in order), strict=True) if many <= most]
        chosen = np.isin(owners, some or order[:1])
        sums, known = probability_sums(kept)
        return cls(
            np.array([np.nan if decided.best is None else decided.best for decided in kept], dtype=np.float64),
            np.array([decided.accepted for decided in kept], dtype=np.float64),
            np.array([len(one) for one in every], dtype=np.float64),
            np.asarray(ties, dtype=np.float64),
            sums,
            known,
            tuple(decided.segment for decided in kept),
            flat[chosen],
            owners[chosen].astype(np.int64),
            tuple(sorted({decided.scorer for decided in decisions if decided.scorer})),
        )

    def of_segment(self, name: str) -> Self:
        """Those of one segment."""
        mask = np.array([segment == name for segment in self.segments], dtype=np.bool_)
        inside = mask[self.groups]
        columns: dict[str, Any] = {column: getattr(self, column)[mask] for column in COLUMNS}
        return replace(
            self,
            **columns,
            segments=(name,) * int(mask.sum()),
            scores=self.scores[inside],
            groups=(np.cumsum(mask) - 1)[self.groups[inside]],
        )

    def as_json(self) -> dict[str, Any]:
        """The sample as JSON values."""
        found: dict[str, Any] = {name: getattr(self, name).tolist() for name in (*COLUMNS[1:], "scores", "groups")}
        best = [None if np.isnan(value) else value for value in self.best.tolist()]
        return {"best": best, **found, "segments": list(self.segments), "scorers": list(self.scorers)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave.

        Raises:
            InputError: it did not.
        """
        try:
            best = np.array([np.nan if value is None else value for value in values["best"]], dtype=np.float64)
            columns: dict[str, Any] = {name: np.array(values[name], dtype=np.float64) for name in COLUMNS[1:]}
            scores = np.array(values["scores"], dtype=np.float64)
            groups = np.array(values["groups"], dtype=np.int64)
            segments, scorers = tuple(map(str, values["segments"])), tuple(map(str, values["scorers"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"a sample of decisions cannot be read ({error!r:.80}): take a new one") from error
        if {best.size, *(column.size for column in columns.values())} != {
            len(segments)
        } or scores.shape != groups.shape:
            raise InputError("a sample of decisions has columns of other lengths than it should: take a new one")
        return cls(best=best, **columns, segments=segments, scores=scores, groups=groups, scorers=scorers)
