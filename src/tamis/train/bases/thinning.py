"""A model folder with fewer layers, from which a smaller model is trained."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from tamis.errors import InputError
from tamis.score.folder import ModelFolder
from tamis.score.nets.weights import Checkpoint
from tamis.train.bases.files import WEIGHTS, copy_settings, write_json, write_tensors

LAYER = re.compile(r"^(.*\blayers?\.)(\d+)(\..*)$")


def thinned(source: ModelFolder, layers: int, folder: Path) -> Path:
    """Write a folder that keeps so many of a model's layers, evenly spaced, the first and the last among them.

    Raises:
        InputError: the model has not so many.
        StorageError: the disk refused it.
    """
    keep = kept_layers(int(source.config["num_hidden_layers"]), layers)
    if (folder / "config.json").is_file():  # written last
        return folder
    base = folder / source.base.relative_to(source.path)
    base.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint(source.base)
    names = {name: renumbered(name, keep) for name in checkpoint.names}
    write_tensors({new: checkpoint[name] for name, new in names.items() if new}, base / WEIGHTS)
    for at, module in enumerate(source.modules):
        if at and (module.path / WEIGHTS).is_file():
            own = Checkpoint(module.path)
            (folder / module.path.relative_to(source.path)).mkdir(parents=True, exist_ok=True)
            write_tensors({n: own[n] for n in own.names}, folder / module.path.relative_to(source.path) / WEIGHTS)
    copy_settings(source.path, folder, deep=bool(source.modules), without={"config.json"})
    config = {**source.config, "num_hidden_layers": len(keep)}
    if listed := config.get("layer_types"):
        config["layer_types"] = [listed[at] for at in keep]
    write_json(base / "config.json", config)
    return folder


def kept_layers(layers: int, keep: int) -> list[int]:
    """Which layers a smaller model keeps: evenly spaced, the first and the last among them.

    Raises:
        InputError: there are not that many, or none is kept.

    >>> kept_layers(12, 4), kept_layers(12, 1)
    ([0, 4, 7, 11], [0])
    """
    if not 1 <= keep <= layers:
        raise InputError(f"layers={keep}: the base has {layers}, so 1 to {layers} can be kept")
    return [int(at) for at in np.linspace(0, layers - 1, keep).round()]


def renumbered(name: str, keep: list[int]) -> str | None:
    """What a tensor is called where only these layers are kept; None for those of other layers.

    >>> renumbered("bert.encoder.layer.4.output.dense.bias", [0, 4])
    'bert.encoder.layer.1.output.dense.bias'
    """
    found = LAYER.match(name)
    if not found:
        return name
    at = int(found[2])
    return f"{found[1]}{keep.index(at)}{found[3]}" if at in keep else None
