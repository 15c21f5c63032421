"""From what a user names as a base to a model about to be trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tamis.errors import InputError, ModelError
from tamis.score.folder import ModelFolder
from tamis.score.hub import fetched, is_hub_id
from tamis.score.load import EMBEDDED
from tamis.train.bases.embedded import unpacked
from tamis.train.bases.encoder import Encoder, start_encoder
from tamis.train.bases.reranker import Reranker, start_reranker
from tamis.train.bases.thinning import thinned
from tamis.train.options import Kind, Options

CROSS: Kind = "cross-encoder"
UNPACKED = ("e5-small",)  # embedded models that can be trained


def based(
    spec: str | Path, made: Path, layers: int | None, *, first: bool = True, wait: Callable[[], None] = lambda: None
) -> ModelFolder:
    """The folder of a base: as it is, or made in a folder of the training.

    Args:
        spec: an embedded encoder's name, a model folder or a hub id.
        made: where an embedded encoder is unpacked, and a base with fewer layers is written.
        layers: layers that are kept; None keeps all.
        first: whether this process makes folders; the others wait for it.
        wait: until all processes have come here.

    Raises:
        ModelError: no such model.
        InputError: the model has not so many layers, or cannot be trained.
    """
    folder = _found(spec)
    embedded = folder.parent == EMBEDDED
    if embedded and folder.name not in UNPACKED:
        raise InputError(f"base {spec!r} cannot be trained: of the models that ship, {', '.join(UNPACKED)} can")
    if first:
        whole = unpacked(folder.name, made / "whole") if embedded else folder
        if layers is not None:
            thinned(ModelFolder(whole), layers, made / "thinned")
    wait()
    if layers is not None:
        return ModelFolder(made / "thinned")
    return ModelFolder(made / "whole" if embedded else folder)


def _found(spec: str | Path) -> Path:
    if (EMBEDDED / str(spec)).is_dir() and Path(spec).name == str(spec):
        return EMBEDDED / str(spec)
    if Path(spec).is_dir():
        return Path(spec).resolve()
    if is_hub_id(str(spec)):
        return fetched(str(spec)).resolve()
    raise ModelError(f"no base {str(spec)!r}: expected {', '.join(map(repr, UNPACKED))}, a model folder or a hub id")


def start_of(folder: ModelFolder, kind: Kind, options: Options) -> Encoder | Reranker:
    """A model about to be trained.

    Raises:
        ModelError: training cannot start from such a folder.
        InputError: the length leaves no room for text.
    """
    start: Encoder | Reranker = start_reranker(folder, options.seed) if kind == CROSS else start_encoder(folder)
    return start if options.max_length is None else start.shortened(options.max_length)
