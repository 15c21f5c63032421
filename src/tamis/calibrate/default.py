"""The calibration that comes with a model: a start for those who have no labels yet."""

from __future__ import annotations

from pathlib import Path

from tamis.calibrate.calibration import Calibration
from tamis.errors import PolicyError
from tamis.score import model_folder

FILE = "calibration.json"  # beside the model


def default_calibration(model: str | Path = "tamis-mini") -> Calibration:
    """The calibration in a model's folder, fitted by whoever made the model, on their data.

    Probabilities are those of that data's base rate and of such queries and documents; with a few hundred labels of
    your own, fit your own (``tamis calibrate``). It is for scores of the texts alone, as ``tamis rerank`` gives them.

    Raises:
        PolicyError: the model comes without one.
        ModelError: there is no such model.

    >>> calibration = default_calibration("tamis-mini")
    >>> calibration.stage, calibration.pairs > 10000
    ('tamis-mini', True)
    """
    path = model_folder(model) / FILE
    if not path.is_file():
        raise PolicyError(f"{model} comes without a calibration: fit one on labelled scores with tamis calibrate")
    return Calibration.load(path)
