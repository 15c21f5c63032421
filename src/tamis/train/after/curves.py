"""The curves of a training run as one self-contained page, made anew from its log while it runs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.calibrate.evidence.words import Language
from tamis.data import atomic_write
from tamis.errors import DataError, InputError
from tamis.train.after.words import PAGES

LOG, PAGE = "log.jsonl", "curves.html"
POINTS = 600  # points a curve shows: more are not told apart on a screen
SECONDS = 15  # between two looks while training runs
COLUMNS = ("loss", "rate", "pairs_per_second")


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a run has written down, one row a step.

    Attributes:
        steps: the training rows, by step.
        dev: the dev measurements by step, each by the measure's name.
        broken: whole lines that are no JSON object with a step, such as one that a sudden end has torn.
    """

    steps: Mapping[int, Mapping[str, float]]
    dev: Mapping[int, Mapping[str, float]]
    broken: int = 0

    @property
    def best(self) -> tuple[str, float, int] | None:
        """The first dev measure's name, its highest value, and the first step that has it; None before any."""
        name = next((name for found in self.dev.values() for name in found), None)
        if name is None:
            return None
        known = {step: found[name] for step, found in self.dev.items() if name in found}
        step = max(known, key=lambda one: (known[one], -one))
        return name, known[step], step


def read_log(path: str | Path) -> TrainingLog:
    """The rows of ``log.jsonl``: ``{"step", "loss", "rate", ...}`` and ``{"step", "dev": {"ndcg@10": ...}}``.

    A step that stands twice, as after a resumed run, counts as it was written last. Numbers that are not finite are
    left out. A file that is not there yet has no rows.

    Raises:
        DataError: the file cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / LOG).write_text('{"step": 1, "loss": 0.7}\\n{"step": 1, "dev": {"rr": 0.5}}\\n{"s\\n{')
    ...     found = read_log(Path(folder) / LOG)
    >>> found.steps, found.best, found.broken
    ({1: {'loss': 0.7}}, ('rr', 0.5, 1), 1)
    """
    steps: dict[int, Mapping[str, float]] = {}
    dev: dict[int, Mapping[str, float]] = {}
    broken = 0
    for line in _lines(Path(path)):
        row = _row(line)
        if row is None:
            broken += line.endswith(b"\n")  # a last line without an end may be one that is just being written
        elif isinstance(row.get("dev"), dict):
            dev[row["step"]] = _numbers(row["dev"])
        else:
            steps[row["step"]] = _numbers(row)
    return TrainingLog(dict(sorted(steps.items())), dict(sorted(dev.items())), broken)


def _lines(path: Path) -> list[bytes]:
    try:
        return [line for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", path=path) from error


def _row(line: bytes) -> dict[str, Any] | None:
    """The row of a line; None where it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    good = isinstance(row, dict) and isinstance(row.get("step"), int) and not isinstance(row["step"], bool)
    return row if good else None


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    known = {name: value for name, value in row.items() if name != "step" and isinstance(value, int | float)}
    return {name: value for name, value in known.items() if math.isfinite(value)}


def write_curves(folder: str | Path, *, done: bool, language: Language = "en") -> Path:
    """Write ``curves.html`` beside ``log.jsonl``: loss, dev measures, learning rate and speed by step.

    While training runs the page loads itself again; after the last call, with ``done``, it stands still. Cheap: the log
    is read once, and every curve is thinned to 600 points. The file appears whole or not at all.

    Args:
        folder: where the log is, ``DIR/training``.
        done: whether training has ended.
        language: that the page opens in, "en" or "zh".

    Returns:
        the page's path.

    Raises:
        InputError: the folder does not exist.
        DataError: the log cannot be read.
        StorageError: the disk refused the page.
    """
    home = Path(folder)
    if not home.is_dir():
        raise InputError(f"{home} is no folder: curves are written where the training log is")
    text = curves_page(read_log(home / LOG), done=done, language=language)
    with atomic_write(home / PAGE) as out:
        out.write(text)
    return home / PAGE


def curves_page(log: TrainingLog, *, done: bool, language: Language = "en") -> str:
    """The page of a log, as HTML."""
    last = max(log.steps, default=0)
    best = log.best
    data = {
        "language": language,
        "words": {key: one for key, one in PAGES.table().items() if key.startswith(("curves.", "page."))},
        "done": done,
        "seconds": SECONDS,
        "rows": len(log.steps),
        "broken": log.broken,
        "last": {"step": last, **log.steps.get(last, {})},
        "best": None if best is None else {"name": best[0], "best": best[1], "step": best[2]},
        "curves": {name: thinned([(step, row[name]) for step, row in log.steps.items() if name in row])
                   for name in COLUMNS},
        "dev": _dev(log),
    }  # fmt: skip
    return PAGES.made("curves", data, PAGES.said("curves.title", language=language), plots=True)


def _dev(log: TrainingLog) -> dict[str, Any]:
    names = list(dict.fromkeys(name for row in log.dev.values() for name in row))
    return {"steps": list(log.dev), "values": {name: [row.get(name) for row in log.dev.values()] for name in names}}


def thinned(points: Sequence[tuple[int, float]], most: int = POINTS) -> list[list[float]]:
    """At most so many points, each the mean of its part, as two columns: the part's last step, and the value.

    >>> thinned([(1, 0.5), (2, 0.25), (3, 0.25), (4, 0.75)], 2)
    [[2, 4], [0.375, 0.5]]
    """
    size = math.ceil(len(points) / most) or 1
    parts = [points[at : at + size] for at in range(0, len(points), size)]
    return [[part[-1][0] for part in parts], [math.fsum(value for _, value in part) / len(part) for part in parts]]
