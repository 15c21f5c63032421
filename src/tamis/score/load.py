"""From a spec (an embedded name or a folder) to a model, by the model folder's own ``config.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from tamis.core import Encoder, Scorer
from tamis.errors import InputError, ModelError
from tamis.score.cosine import Cosine
from tamis.score.encoder import TextEncoder
from tamis.score.late import LateInteraction
from tamis.score.universal import UniversalEncoder

EMBEDDED = Path(__file__).resolve().parents[1] / "models"

Engine: TypeAlias = Literal["auto", "onnx"]
Device: TypeAlias = Literal["auto", "cpu"]
Dtype: TypeAlias = Literal["auto"]
Model = TypeVar("Model")

# A kind of model is a row: the architecture its config.json states, and what reads such a folder.
ENCODERS: dict[str, Callable[[Path], Encoder]] = {
    "e5-encoder": TextEncoder.load,
    "universal-sentence-encoder": UniversalEncoder.load,
}
SCORERS: dict[str, Callable[[Path], Scorer]] = {
    "late-interaction": lambda folder: LateInteraction.load(folder, _text_encoder),
    "e5-encoder": lambda folder: Cosine(folder.name, TextEncoder.load(folder)),
}


def load_encoder(spec: str | Path = "e5-small") -> Encoder:
    """The encoder a spec names: ``"e5-small"`` (embedded), ``"use"`` (light, extra ``[light]``), or a model folder.

    Embedded encoders are loaded once a process and shared.

    Raises:
        ModelError: the spec names no encoder; the message lists those that are known.
        MissingExtraError: the encoder needs a package that is not installed.

    >>> load_encoder("e5-small").encode(["a sieve", "筛子"], "document").shape
    (2, 384)
    """
    return _encoder(_folder(spec))


def load_scorer(
    spec: str | Path = "tamis-mini",
    *,
    engine: Engine = "auto",
    device: Device = "auto",
    dtype: Dtype = "auto",
    max_length: int | None = None,
) -> Scorer:
    """The scorer a spec names: ``"tamis-mini"`` or ``"e5-small"`` (plain cosine, a baseline), or a model folder.

    Args:
        spec: embedded name or folder.
        engine, device, dtype: what runs the model; embedded models run on ONNX Runtime on the CPU.
        max_length: tokens of a text that are read, at most what the model was made for.

    Raises:
        ModelError: the spec names no scorer; the message lists those that are known.
        InputError: an option has a value the model cannot honour.

    >>> from tamis import Document, Query
    >>> scorer = load_scorer("tamis-mini")
    >>> query = Query("what sieves soup?")
    >>> good, bad = scorer.score([(query, Document("a", "A tamis sieves soup.")), (query, Document("b", "Rain."))])
    >>> bool(good > bad)
    True
    """
    for option, value, known in (
        ("engine", engine, ("auto", "onnx")),
        ("device", device, ("auto", "cpu")),
        ("dtype", dtype, ("auto",)),
    ):
        if value not in known:
            raise InputError(f"{option}={value!r}: models of this version know {', '.join(map(repr, known))}")
    scorer = _scorer(_folder(spec))
    return scorer if max_length is None else _shortened(scorer, max_length)


@cache
def _encoder(folder: Path) -> Encoder:
    return _family(folder, ENCODERS, "an encoder")(folder)


@cache
def _scorer(folder: Path) -> Scorer:
    return _family(folder, SCORERS, "a scorer")(folder)


def _text_encoder(spec: str) -> TextEncoder:
    encoder = load_encoder(spec)
    if not isinstance(encoder, TextEncoder):
        raise ModelError(f"{spec} gives one vector a text: late interaction needs one a token, such as 'e5-small'")
    return encoder


def _shortened(scorer: Scorer, max_length: int) -> Scorer:
    if not isinstance(scorer, (LateInteraction, Cosine)):
        raise InputError(f"{scorer.name} cannot read shorter texts: leave max_length out")
    return scorer.shortened(max_length)


def _folder(spec: str | Path) -> Path:
    """The model folder of an embedded name or a path."""
    if (folder := EMBEDDED / str(spec)).is_dir() and Path(spec).name == str(spec):
        return folder
    if (folder := Path(spec)).is_dir():
        return folder.resolve()
    names = sorted(path.name for path in EMBEDDED.iterdir() if path.is_dir())
    near = get_close_matches(str(spec), names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ModelError(f"no model {str(spec)!r}: expected {', '.join(map(repr, names))} or a model folder.{hint}")


def _family(folder: Path, families: dict[str, Callable[[Path], Model]], what: str) -> Callable[[Path], Model]:
    """The row of the architecture that the folder's ``config.json`` states."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        architecture = config["architecture"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{folder}: expected a model folder whose config.json names an 'architecture', got {error!r}"
        ) from error
    if architecture not in families:
        raise ModelError(
            f"{folder}: architecture {architecture!r} is not {what}; supported are {', '.join(map(repr, families))}"
        )
    return families[architecture]
