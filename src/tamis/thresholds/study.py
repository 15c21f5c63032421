"""All of it at once: labelled scores, their report, the threshold or its refusal, what that would change; as work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tamis.calibrate import AutoCalibrator, Calibration
from tamis.calibrate.evidence.page import page
from tamis.calibrate.evidence.report import ScoreReport, score_report
from tamis.calibrate.evidence.words import Language
from tamis.core import Progress, Scorer
from tamis.data import atomic_write
from tamis.decide import Change, Policy
from tamis.errors import InputError, PolicyError
from tamis.jobs import Task, Work
from tamis.labels import LabelledSet, open_labelled
from tamis.thresholds import plain
from tamis.tuning import Tuning, Wanted, changes_on, tune_policy

REPORT, TUNING, POLICY, CALIBRATION, CHANGE = (
    "report.html",
    "tuning.json",
    "policy.json",
    "calibration.json",
    "change.json",
)
WHOLE = 100  # steps of progress that are told
READ, REPORTED, TUNED = 60, 70, 95  # so many of them are over when the scores are read, seen, and a threshold chosen
LONGEST = 300  # characters of a document that flips


@dataclass(frozen=True, slots=True)
class Study:
    """What labelled scores say about a threshold.

    Attributes:
        found: the labelled scores.
        report: of these.
        tuning: the threshold, or its refusal, beside other ways; None where nothing can be chosen on these labels.
        hindrance: why there is no tuning; empty where there is.
        calibration: gives probabilities; None where all labels are equal.
        policy: keeps the threshold; None where there is none.
        change: against what decided before; None without a policy, or where the two cannot be compared.
        incomparable: why they cannot.
    """

    found: LabelledSet
    report: ScoreReport
    tuning: Tuning | None = None
    hindrance: str = ""
    calibration: Calibration | None = None
    policy: Policy | None = None
    change: Change | None = None
    incomparable: str = ""

    def as_json(self) -> dict[str, Any]:
        """The study as JSON values; of the report what stands in few numbers."""
        data, tuning = self.found.data, self.tuning
        return {
            "pairs": len(data),
            "queries": data.queries,
            "grouped": data.grouped,
            "relevant": int(data.labels.sum()),
            "unit": bool(data.scores.min() >= 0 and data.scores.max() <= 1),
            "stage": self.found.stage,
            "scorer": self.found.fingerprint,
            "notes": [{"code": note.code, "values": dict(note.values)} for note in self.report.notes],
            "tuning": None if tuning is None else tuning.as_json(),
            "terms": None if tuning is None else _terms(tuning.wanted),
            "hindrance": self.hindrance,
            "change": None if self.change is None else self.change.as_json() | {"examples": self._flips()},
            "incomparable": self.incomparable,
        }

    def save(self, folder: Path, *, language: Language = "en", title: str = "") -> list[str]:
        """Write the report's page and what else there is into a folder; returns the files' names."""
        told = None if self.tuning is None else self.tuning.as_json()
        with atomic_write(folder / REPORT) as out:
            plainly = None if told is None else told | {"told": plain.told(self.as_json())}
            out.write(page(self.report, language=language, title=title, policy=plainly))
        names = [REPORT]
        if self.policy is not None:
            self.policy.save(folder / POLICY)
            names.append(POLICY)
        if self.calibration is not None:
            self.calibration.save(folder / CALIBRATION)
            names.append(CALIBRATION)
        change = None if self.change is None else self.change.as_json()
        for name, value in ((TUNING, told), (CHANGE, change)):
            if value is not None:
                with atomic_write(folder / name) as out:
                    json.dump(value, out, ensure_ascii=False, indent=1)
                names.append(name)
        return names

    def _flips(self) -> list[dict[str, Any]]:
        """The documents that flip, with the beginnings of their texts where these are known."""
        assert self.change is not None
        texts = {
            (ranking.query.id or ranking.query.text, candidate.doc.id): candidate.doc.full_text
            for ranking in self.found.rankings or ()
            for candidate in ranking
        }
        return [
            flip.as_json() | {"text": texts.get((flip.query, flip.document), "")[:LONGEST]}
            for flip in self.change.examples
        ]


def studied(
    found: LabelledSet, wanted: Wanted, *, old: Policy | None = None, progress: Progress | None = None
) -> Study:
    """Report on labelled scores, choose a threshold, and hold it against what decides now.

    Labels on which no threshold can be chosen still have their report.

    Args:
        found: the labelled scores.
        wanted: what the threshold is for.
        old: the policy that decides now; None shows everything.
        progress: called with (steps done, steps in all).
    """

    def told(done: int, total: int | None) -> None:
        if progress:
            progress(REPORTED + (TUNED - REPORTED) * done // (total or 1), WHOLE)

    grades = None if (found.grades == found.data.labels).all() else found.grades
    report = score_report(
        found.data, calibrator=AutoCalibrator(), stage=found.stage, grades=grades, query_ids=found.names()
    )
    told(0, None)
    try:
        tuning = tune_policy(found, wanted, told)
    except InputError as error:
        return Study(found, report, hindrance=str(error))
    calibration = Calibration.fit(found.data, scorer=found.fingerprint, stage=found.stage)
    study = Study(found, report, tuning, calibration=calibration)
    return study if tuning.threshold is None else _against(study, tuning.policy(), old)


def threshold_work(
    source: str,
    wanted: Wanted,
    scorer: Scorer | None = None,
    *,
    old: Policy | None = None,
    relevant_if: float | None = None,
    language: Language = "en",
    title: str = "",
) -> Work:
    """Work that studies a file of its folder and writes ``report.html``, ``policy.json`` and so on beside it.

    Args:
        source: the file's name.
        wanted: what the threshold is for.
        scorer: scores what has no scores; else only says whose they are.
        old: the policy that decides now; None shows everything.
        relevant_if: grades from here on are relevant.
        language: of the report's page.
        title: of it.
    """

    def work(task: Task) -> Mapping[str, Any]:
        def told(done: int, total: int | None) -> None:
            task.check()
            task.progress(done, total)

        def scored(done: int, total: int | None) -> None:
            told(READ * done // (total or 1), WHOLE)

        found = open_labelled(task.folder / source, scorer=scorer, relevant_if=relevant_if, progress=scored)
        told(READ, WHOLE)
        study = studied(found, wanted, old=old, progress=told)
        task.check()
        files = study.save(task.folder, language=language, title=title)
        return study.as_json() | {"files": files}

    return work


def _against(study: Study, policy: Policy, old: Policy | None) -> Study:
    """The study with its policy, and with what that changes where the two can be compared."""
    try:
        return replace(study, policy=policy, change=changes_on(study.found, old, policy))
    except (InputError, PolicyError) as error:
        return replace(study, policy=policy, incomparable=str(error))


def _terms(wanted: Wanted) -> dict[str, Any]:
    terms = wanted.terms
    return {
        "max_k": terms.max_k,
        "i_accept_iid": terms.i_accept_iid,
        "strict": terms.strict,
        "minimum": terms.minimum,
        "direction": wanted.direction,
    }
