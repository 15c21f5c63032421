"""A fitted calibrator with what it was fitted for: a file, and a stage of a pipeline."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np

from tamis.calibrate.labelled import Labelled
from tamis.calibrate.maps.auto import AutoCalibrator
from tamis.calibrate.maps.forms import as_json, from_json
from tamis.core import Calibrator, Floats, Ranking
from tamis.data.artefacts import read_artefact, write_artefact
from tamis.errors import InputError, PolicyError, PolicyMismatch

KIND = "tamis-calibration"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted calibrator, whose scores it is for, and what it rests on.

    Attributes:
        calibrator: a fitted map to probabilities.
        scorer: fingerprint of what gave the scores; empty fits any.
        stage: name of the stage whose scores are read; empty reads each candidate's current score.
        data: digest of the labelled pairs.
        pairs: how many there were.
        queries: how many queries they belong to.
        created: day, such as ``"2026-11-21"``.
        report: ``base_rate`` of the pairs, and cross-fitted log-``losses`` by the name of the map.

    Raises:
        InputError: the calibrator gives no probabilities, as min-max does.

    >>> from tamis.core import Candidate, Document, Query
    >>> from tamis.calibrate.maps.platt import Platt
    >>> data = Labelled.of([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0, 0, 1, 0, 1, 1])
    >>> calibration = Calibration.fit(data, Platt())
    >>> found = Ranking(Query("sieve"), (Candidate(Document("a", "tamis"), 3.0), Candidate(Document("b", "hat"), -2.0)))
    >>> [round(candidate.probability, 1) for candidate in calibration([found])[0]]
    [0.8, 0.2]
    """

    calibrator: Calibrator
    scorer: str = ""
    stage: str = ""
    data: str = ""
    pairs: int = 0
    queries: int = 0
    created: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not getattr(self.calibrator, "probabilistic", True):
            raise InputError(f"{self.calibrator!r} gives no probabilities: fit another map, such as Platt, on labels")

    @classmethod
    def fit(
        cls,
        data: Labelled,
        calibrator: Calibrator | None = None,
        *,
        scorer: str = "",
        stage: str = "",
        created: str = "",
    ) -> Self:
        """Fit a copy of a calibrator and keep what it rests on.

        Args:
            data: scored pairs with labels.
            calibrator: a map, or an ``AutoCalibrator`` of your own; None chooses among the usual maps.
            scorer: fingerprint of what gave the scores.
            stage: name of the stage that gave them.
            created: the day; today (UTC) where none is given.

        Raises:
            InputError: the pairs cannot be used, all labels are equal, or the calibrator gives no probabilities.
        """
        auto = (
            copy.deepcopy(calibrator)
            if isinstance(calibrator, AutoCalibrator)
            else AutoCalibrator(None if calibrator is None else (calibrator,))
        )
        auto.fit(data.scores, data.labels, data.groups if data.grouped else None, data.weights)
        return cls(
            calibrator=auto.chosen_,
            scorer=scorer,
            stage=stage,
            data=data.digest,
            pairs=len(data),
            queries=data.queries,
            created=created or datetime.now(UTC).date().isoformat(),
            report={"base_rate": data.base_rate, "losses": auto.losses_},
        )

    def __call__(self, rankings: Sequence[Ranking]) -> list[Ranking]:
        """The same rankings, in the same order, with a probability for every candidate; the order of none changes.

        Raises:
            PolicyMismatch: a candidate has no score of ``stage``, or other than ``scorer`` gave it, or none says what.
        """
        columns = [self._scores(ranking) for ranking in rankings]
        chances = self.calibrator(np.concatenate([np.zeros(0), *columns]))
        ends = np.cumsum([len(column) for column in columns])[:-1]
        parts = np.split(chances, ends) if columns else []
        return [ranking.calibrated(part) for ranking, part in zip(rankings, parts, strict=True)]

    def _scores(self, ranking: Ranking) -> Floats:
        if not len(ranking):
            return np.zeros(0)
        self._check_scorer(ranking)
        if not self.stage:
            return ranking.scores
        for candidate in ranking:
            if self.stage not in candidate.scores:
                raise PolicyMismatch(
                    f"calibrated for scores of the stage {self.stage!r}: document {candidate.doc.id!r} has "
                    f"{', '.join(map(repr, candidate.scores)) or 'none'}; rerank with that scorer before"
                )
        return np.array([candidate.scores[self.stage] for candidate in ranking], dtype=np.float64)

    def _check_scorer(self, ranking: Ranking) -> None:
        if not self.scorer:
            return
        known = ranking.fingerprints
        found = [known[self.stage]] if self.stage in known else [] if self.stage else list(known.values())
        if self.scorer not in found:
            got = f"those of {', '.join(map(repr, found))}" if found else "some without a fingerprint"
            raise PolicyMismatch(
                f"calibrated for scores of {self.scorer!r}, got {got}: fit a calibration on labelled scores of the "
                "scorer in use"
            )

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values.

        Raises:
            InputError: the calibrator is none of tamis' maps.
        """
        return {
            "calibrator": as_json(self.calibrator),
            "scorer": self.scorer,
            "stage": self.stage,
            "data": self.data,
            "pairs": self.pairs,
            "queries": self.queries,
            "created": self.created,
            "report": dict(self.report),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """The calibration that ``as_json`` gave, to the last bit.

        Raises:
            PolicyError: the content is none.
        """
        try:
            return cls(**{**content, "calibrator": from_json(content["calibrator"])})
        except (KeyError, TypeError, AttributeError, InputError) as error:
            raise PolicyError(f"not a calibration: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write it as a file; the file appears whole or not at all.

        Raises:
            InputError: the calibrator is none of tamis' maps, or the path's folder does not exist.
            StorageError: the disk refused it.
        """
        write_artefact(path, KIND, self.as_json())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The calibration that ``save`` wrote, to the last bit.

        Raises:
            PolicyError: no such file, no calibration, changed since it was written, or of a newer tamis.
        """
        return cls.from_json(read_artefact(path, KIND))
