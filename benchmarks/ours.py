"""tamis' own contenders: the engines on a model folder, and the folders that ``tamis export`` writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from peers import Run
from report import Report
from timing import OfSession, Shape

import tamis
from tamis.score.onnx_engine import UNPADDED

TORCH, ONNX, INT8, SAME_FILE = "tamis torch", "tamis ONNX fp32", "tamis ONNX int8", "tamis on the plain ONNX file"


def export(folder: Path, to: Path, form: str = "onnx") -> Path:
    """What ``tamis export`` makes of a folder, in one format.

    Raises:
        RuntimeError: it refuses; with what it says.
    """
    command = [str(Path(sys.executable).with_name("tamis")), "export", str(folder), "--format", form, "-o", str(to)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(" ".join((done.stderr or done.stdout).split()))
    return to


def scorers(report: Report, section: str, makers: Mapping[str, Callable[[], Any]]) -> Iterator[tuple[str, Any]]:
    """Name and scorer of those that can be loaded; the others are said to be absent."""
    for name, make in makers.items():
        try:
            yield name, make()
        except Exception as error:
            report.absent(section, name, error)


def entrants(
    report: Report, section: str, folder: Path, place: Path, shape: Shape, plain: Path | None = None
) -> dict[str, tuple[Run, OfSession]]:
    """Every engine that runs the folder: how to run it, and the operations of one call of its session.

    Args:
        report, section: where those that cannot be loaded are noted.
        folder: Hugging Face folder.
        place: where exports may be written.
        shape: the network's.
        plain: a folder with one ``model.onnx`` that others wrote.
    """
    makers: dict[str, Callable[[], Any]] = {
        TORCH: lambda: tamis.load_scorer(folder, engine="torch"),
        ONNX: lambda: tamis.load_scorer(export(folder, place / "fp32"), engine="onnx"),
        INT8: lambda: tamis.load_scorer(export(folder, place / "int8", "onnx-int8"), engine="onnx", dtype="int8"),
    }
    if plain:
        makers[SAME_FILE] = lambda: tamis.load_scorer(plain, engine="onnx")
    return {
        name: (lambda load, scorer=scorer: scorer.score(load.pairs), session_flops(shape))
        for name, scorer in scorers(report, section, makers)
    }


def session_flops(shape: Shape) -> OfSession:
    """Operations of a session of ours: graphs that ``tamis export`` wrote compute one token in the last layer."""

    def count(session: Any, feeds: Mapping[str, NDArray[Any]]) -> float:
        rows, width = feeds["input_ids"].shape
        unpadded = session.get_modelmeta().custom_metadata_map.get(UNPADDED)
        if unpadded is None:
            return shape.flops(rows, width)
        lengths = feeds["attention_mask"].sum(axis=1) if unpadded == "1" else [width] * rows
        return shape.packed_flops(lengths, width)

    return count
