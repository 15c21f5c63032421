"""From what a user names as a base to a model about to be trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tamis.errors import InputError, ModelError
from tamis.score.folder import ModelFolder
from tamis.score.hub import fetched, is_hub_id
from tamis.score.load import EMBEDDED, embedded
from tamis.train.bases.embedded import unpacked
from tamis.train.bases.encoder import Encoder, start_encoder
from tamis.train.bases.late import Late, is_late, start_late
from tamis.train.bases.reranker import Reranker, start_reranker
from tamis.train.bases.thinning import thinned
from tamis.train.options import Kind, Options

CROSS: Kind = "cross-encoder"
UNPACKED = ("e5-small",)  # embedded models that are unpacked to be trained
WEIGHED = ("tamis-mini", "tamis-blend")  # those whose weights are all that learns


def based(
    spec: str | Path,
    made: Path,
    layers: int | None,
    *,
    alone: Callable[[Callable[[], Path]], object] = lambda work: work(),
) -> ModelFolder:
    """The folder of a base: as it is, or made in a folder of the training.

    Args:
        spec: an embedded model's name, a model folder or a hub id.
        made: where an embedded encoder is unpacked, and a base with fewer layers is written.
        layers: layers that are kept; None keeps all.
        alone: has one process make folders while the others wait for it (``Processes.first``).

    Raises:
        ModelError: no such model.
        InputError: the model has not so many layers, or cannot be trained.
    """
    folder = _found(spec)
    if is_late(ModelFolder(folder)):
        return ModelFolder(folder)
    ships = folder.parent == EMBEDDED
    if ships and folder.name not in UNPACKED:
        known = ", ".join((*UNPACKED, *WEIGHED))
        raise InputError(f"base {spec!r} cannot be trained: of the models that ship, {known} can")

    whole = ModelFolder(made / "whole" if ships else folder)
    if ships:
        alone(lambda: unpacked(folder.name, whole.path))
    if layers is None:
        return whole
    fewer = made / f"{whole.digest()[:16]}-{layers}"  # another base, or another depth, is another folder
    alone(lambda: thinned(whole, layers, fewer))
    return ModelFolder(fewer)


def _found(spec: str | Path) -> Path:
    if shipped := embedded(spec):
        return shipped
    if Path(spec).is_dir():
        return Path(spec).resolve()
    if is_hub_id(str(spec)):
        return fetched(str(spec)).resolve()
    raise ModelError(
        f"no base {str(spec)!r}: expected {', '.join(map(repr, (*UNPACKED, *WEIGHED)))}, a model folder or a hub id"
    )


def start_of(folder: ModelFolder, kind: Kind, options: Options) -> Encoder | Reranker | Late:
    """A model about to be trained.

    Raises:
        ModelError: training cannot start from such a folder.
        InputError: the length leaves no room for text, or is more than the base's window; an option asks for what the
            base has not.
    """
    if is_late(folder):
        late = start_late(folder, kind, options)
        return late if options.max_length is None else late.shortened(options.max_length)
    start: Encoder | Reranker = start_reranker(folder, options.seed) if kind == CROSS else start_encoder(folder)
    if options.max_length is None:
        return start
    if options.max_length > (window := start.template.max_length):
        raise InputError(f"max_length must be at most {window}, the base's window, got {options.max_length}")
    return start.shortened(options.max_length)
