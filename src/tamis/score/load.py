"""From a spec (an embedded name or a folder) to a model, by the model folder's own ``config.json``."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from tamis.core import Encoder, Scorer
from tamis.errors import InputError, ModelError
from tamis.score.cosine import Cosine, ShorteningEncoder
from tamis.score.encoder import TextEncoder
from tamis.score.folder import ModelFolder
from tamis.score.hub import fetched, is_hub_id
from tamis.score.late import LateInteraction
from tamis.score.load_bi import is_bi_encoder, load_bi
from tamis.score.load_cross import Options, load_cross
from tamis.score.universal import UniversalEncoder

EMBEDDED = Path(__file__).resolve().parents[1] / "models"

Engine: TypeAlias = Literal["auto", "onnx", "torch"]
Model = TypeVar("Model")
KEPT = 8  # models that stay loaded, most recently asked for first


@runtime_checkable
class Shortening(Protocol):
    """A scorer that can be made to read fewer tokens."""

    def shortened(self, max_length: int) -> Scorer: ...


# A kind of model is a row: the architecture its config.json states, and what reads such a folder.
ENCODERS: dict[str, Callable[[Path], Encoder]] = {
    "e5-encoder": TextEncoder.load,
    "universal-sentence-encoder": UniversalEncoder.load,
}
SCORERS: dict[str, Callable[[Path], Scorer]] = {
    "late-interaction": lambda folder: LateInteraction.load(folder, _text_encoder),
    "e5-encoder": lambda folder: Cosine(folder.name, TextEncoder.load(folder)),
    "ensemble": lambda folder: _composite("ensemble", "Ensemble").load(folder, load_scorer),
    "cascade": lambda folder: _composite("cascade", "Cascade").load(folder, load_scorer),
}


def _composite(module: str, name: str) -> Any:
    """A kind of scorer made of scorers; loaded only where one is asked for."""
    return getattr(importlib.import_module(f"tamis.score.{module}"), name)


def load_encoder(
    spec: str | Path = "e5-small",
    *,
    engine: Engine = "auto",
    device: str = "auto",
    dtype: str = "auto",
    max_length: int | None = None,
) -> Encoder:
    """The encoder a spec names: ``"e5-small"`` (embedded), ``"use"`` (light, extra ``[light]``), or a model folder.

    A folder is one of tamis, of sentence-transformers (pooling, Dense, prompts and window are read from it), or a plain
    Hugging Face encoder, whose tokens are averaged (decoders: the last token is read). Vectors are of length 1 whatever
    the folder says. A loaded encoder is kept and shared: the same spec and options give the same object.

    Args:
        spec: a name, a folder, or a hub id.
        engine: ``"onnx"`` runs a graph that ``tamis export`` wrote, ``"torch"`` PyTorch weights (extra ``[torch]``).
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``; ``"auto"`` takes the fastest that is there.
        dtype: ``"float32"``, ``"bfloat16"``, ``"float16"``; ``"int8"`` or ``"int4"`` for an ONNX graph; ``"auto"`` is
            float32, so that an index made on one device can be searched on another.
        max_length: tokens of a text that are read, at most what the model was made for.

    Raises:
        ModelError: the spec names no encoder; the message lists those that are known.
        InputError: an option has a value the model cannot honour.
        MissingExtraError: the encoder needs a package that is not installed.

    >>> load_encoder("e5-small").encode(["a sieve", "筛子"], "document").shape
    (2, 384)
    """
    folder = model_folder(spec)
    encoder = _encoder(folder, Options(engine, device, dtype), _state(folder))
    if max_length is None:
        return encoder
    if not isinstance(encoder, ShorteningEncoder):
        raise InputError(f"{spec} cannot read shorter texts: leave max_length out")
    return encoder.shortened(max_length)


def load_scorer(
    spec: str | Path = "tamis-mini",
    *,
    engine: Engine = "auto",
    device: str = "auto",
    dtype: str = "auto",
    max_length: int | None = None,
    template: str = "auto",
) -> Scorer:
    """The scorer a spec names.

    A loaded scorer is kept and shared: the same spec and options give the same object, as long as its folder is not
    written anew.

    Args:
        spec: ``"tamis-mini"`` (the default), ``"tamis-blend"`` (the same without what was learnt on top) or
            ``"e5-small"`` (plain cosine, a baseline); the folder of a cross-encoder or a causal reranker as Hugging
            Face or sentence-transformers write it; a hub id such as
            ``"BAAI/bge-reranker-v2-m3"``; or the URL of a server, such as ``"tei+http://127.0.0.1:8080"``.
        engine: ``"onnx"`` runs a folder's ONNX graph, ``"torch"`` its PyTorch weights (extra ``[torch]``); ``"auto"``
            takes the graph where there is one.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``; ``"auto"`` takes the fastest that is there.
        dtype: ``"float32"``, ``"bfloat16"``, ``"float16"``; ``"int8"`` or ``"int4"`` for an ONNX graph;
            ``"auto"`` is bfloat16 on CUDA, else float32.
        max_length: tokens of a pair (of a text, for encoders) that are read, at most what the model was made for.
        template: how a causal reranker is asked, a row of ``score.prompts`` such as ``"qwen3-eval"``; ``"pair"`` for
            the tokenizer's plain pair; ``"auto"`` is what the folder and its architecture say.

    Raises:
        ModelError: the spec names no scorer, or its folder cannot be used; the message says what is known.
        InputError: an option has a value the model cannot honour.
        MissingExtraError: the engine needs a package that is not installed.

    >>> from tamis import Document, Query
    >>> scorer = load_scorer("tamis-mini")
    >>> query = Query("what sieves soup?")
    >>> good, bad = scorer.score([(query, Document("a", "A tamis sieves soup.")), (query, Document("b", "Rain."))])
    >>> bool(good > bad)
    True
    """
    options = Options(engine, device, dtype, template)
    if "://" in str(spec):
        return _remote(str(spec), options, max_length)
    folder = model_folder(spec)
    # A hub's cache names folders by revision: such a model is called by its id.
    name = str(spec) if is_hub_id(str(spec)) and not Path(spec).is_dir() else folder.name
    scorer = _scorer(folder, options, name, _state(folder))
    return scorer if max_length is None else _shortened(scorer, max_length)


def lasting(spec: str | Path) -> str:
    """A spec that names the same model in any working folder: of a folder its full path, else the spec itself.

    >>> lasting("e5-small")
    'e5-small'
    """
    return str(Path(spec).resolve()) if Path(spec).is_dir() and not embedded(spec) else str(spec)


def embedded(spec: str | Path) -> Path | None:
    """The folder of a model that ships; None where the spec is not the name of one."""
    name = str(spec)
    return folder if (folder := EMBEDDED / name).is_dir() and Path(name).name == name else None


def _state(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What a folder's files are now, without reading them: a model written over one that is loaded is another one."""
    found = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in found)


@lru_cache(KEPT)
def _encoder(folder: Path, options: Options, _: object) -> Encoder:
    model = ModelFolder(folder)
    if _of_others(model):
        return load_bi(model, options)
    options.refuse("models of this kind", engine=("onnx",), device=("cpu",))
    return _family(folder, ENCODERS, "an encoder")(folder)


def _of_others(model: ModelFolder) -> bool:
    """Whether Hugging Face or sentence-transformers wrote the folder."""
    try:
        return bool(model.modules) or "architectures" in model.config
    except ModelError:
        if model.modules:
            raise
        return False  # whose reader says what it expected


@lru_cache(KEPT)
def _scorer(folder: Path, options: Options, name: str, _: object) -> Scorer:
    model = ModelFolder(folder)
    if model.modules or "architectures" in model.config:
        if is_bi_encoder(model):
            return Cosine(name, load_bi(model, options))
        return load_cross(model, options, name)
    options.refuse("models of this kind", engine=("onnx",), device=("cpu",))
    return _family(folder, SCORERS, "a scorer")(folder)


def _remote(url: str, options: Options, max_length: int | None) -> Scorer:
    from tamis.score.remote import remote_scorer

    options.refuse("a URL")
    if max_length is not None:
        raise InputError("max_length is the server's to set: leave it out for a URL")
    return remote_scorer(url)


def _text_encoder(spec: str) -> TextEncoder:
    encoder = load_encoder(spec)
    if not isinstance(encoder, TextEncoder):
        raise ModelError(f"{spec} gives one vector a text: late interaction needs one a token, such as 'e5-small'")
    return encoder


def _shortened(scorer: Scorer, max_length: int) -> Scorer:
    if not isinstance(scorer, Shortening):
        raise InputError(f"{scorer.name} cannot read shorter texts: leave max_length out")
    return scorer.shortened(max_length)


def model_folder(spec: str | Path) -> Path:
    """The folder of an embedded name, a path or a hub id.

    Raises:
        ModelError: there is none; the message lists the names that are known.

    >>> model_folder("tamis-blend").name
    'tamis-blend'
    """
    if shipped := embedded(spec):
        return shipped
    if (folder := Path(spec)).is_dir():
        return folder.resolve()
    if is_hub_id(str(spec)):
        return fetched(str(spec)).resolve()
    names = sorted(path.name for path in EMBEDDED.iterdir() if path.is_dir())
    near = get_close_matches(str(spec), names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ModelError(
        f"no model {str(spec)!r}: expected {', '.join(map(repr, names))}, a model folder, a hub id or a URL.{hint}"
    )


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
