"""From a URL to a collection in an engine, or from a folder to an index: one table of schemes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tamis.core import Encoder, Retriever
from tamis.errors import InputError
from tamis.recall.engines.address import Address, address
from tamis.recall.engines.collection import Collection
from tamis.recall.engines.engine import Engine, Made
from tamis.recall.fuse import Fusion
from tamis.recall.manifest import EncoderRecord
from tamis.recall.snapshot import Mode
from tamis.recall.writer import segmenter


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which engine a URL's scheme means, imported when it is asked for; whether a password may stand in the URL."""

    module: str
    name: str
    password: bool = False

    @property
    def engine(self) -> Any:
        """The class, whose ``open`` takes an Address, and ``create`` an Address and what will make the collection."""
        return getattr(importlib.import_module(self.module), self.name)


_QDRANT = Scheme("tamis.recall.engines.qdrant", "Qdrant")
_POSTGRES = Scheme("tamis.recall.engines.postgres", "Postgres", password=True)
_SEARCH = Scheme("tamis.recall.engines.opensearch", "OpenSearch")
SCHEMES: dict[str, Scheme] = {
    "qdrant": _QDRANT,
    "qdrant+http": _QDRANT,
    "qdrant+https": _QDRANT,
    "qdrant+memory": _QDRANT,
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    "opensearch+http": _SEARCH,
    "opensearch+https": _SEARCH,
    "elasticsearch+http": _SEARCH,
    "elasticsearch+https": _SEARCH,
}


def is_url(spec: str | Path) -> bool:
    """Whether a spec is the URL of an engine and not a folder.

    >>> is_url("qdrant://localhost/law"), is_url("./law")
    (True, False)
    """
    text = str(spec)
    return not isinstance(spec, Path) and ("://" in text or text.partition(":")[0] in SCHEMES)


def open_retriever(
    spec: str | Path,
    *,
    encoder: str | Path | Encoder | None = None,
    mode: Mode = "auto",
    fusion: Fusion | None = None,
) -> Retriever:
    """The retriever of an index folder, or of a collection in an engine.

    Args:
        spec: a folder, or a URL such as ``qdrant://localhost:6333/law`` or ``postgresql://me@host/db?table=law``.
        encoder: what made the vectors, when it was given as an object; otherwise it is loaded when first needed.
        mode: "bm25", "dense", "hybrid", or "auto", which is hybrid where there are vectors and bm25 elsewhere.
        fusion: how hybrid search weighs its stages; None is ``Weighted(dense=0.7)``.

    Raises:
        InputError: the URL's scheme names no engine, or the URL cannot be used.
        IndexStoreError: there is no index or collection, or tamis did not make it.
        IndexMismatchError: another encoder made it.
        RemoteError: the engine failed or refused.
        MissingExtraError: the engine's client is not installed.
    """
    if is_url(spec):
        return open_collection(str(spec), encoder=encoder).retriever(mode, fusion=fusion)
    from tamis.recall.index import Index

    return Index.open(spec, encoder=encoder).retriever(mode, fusion=fusion)


def open_collection(url: str, *, encoder: str | Path | Encoder | None = None) -> Collection:
    """The collection that a URL names; errors are those of ``open_retriever``."""
    scheme, where = _taken_apart(url)
    return _collection(scheme.engine.open(where), _loaded(encoder))


def create_collection(url: str, *, encoder: str | Path | Encoder | None = "e5-small") -> Collection:
    """A new, empty collection in an engine.

    Args:
        url: where; see ``docs/engines.md``.
        encoder: makes the vectors; None leaves dense and hybrid search out.

    Raises:
        IndexStoreError: there is one of this name already.
        InputError: the URL's scheme names no engine, or the URL cannot be used.
        RemoteError: the engine failed or refused.
        MissingExtraError: the engine's client is not installed.
    """
    scheme, where = _taken_apart(url)
    model = _loaded(encoder)
    return _collection(scheme.engine.create(where, Made(_record(encoder, model), segmenter())), model)


def _collection(engine: Engine, encoder: Encoder | None) -> Collection:
    try:
        return Collection(engine, encoder)
    except BaseException:
        engine.close()
        raise


def _taken_apart(url: str) -> tuple[Scheme, Address]:
    name = url.partition(":")[0]
    if name not in SCHEMES:
        near = get_close_matches(name, SCHEMES, 1)
        hint = f"; did you mean {near[0]}:?" if near else ""
        raise InputError(f"{name!r:.40} names no engine: expected one of {', '.join(SCHEMES)}{hint}")
    scheme = SCHEMES[name]
    return scheme, address(url, password=scheme.password)


def _loaded(encoder: str | Path | Encoder | None) -> Encoder | None:
    from tamis.score import load_encoder

    return load_encoder(encoder) if isinstance(encoder, (str, Path)) else encoder


def _record(given: str | Path | Encoder | None, model: Encoder | None) -> EncoderRecord | None:
    from tamis.score.load import lasting

    spec = lasting(given) if isinstance(given, (str, Path)) else ""
    return EncoderRecord(spec, model.fingerprint, model.dimension) if model is not None else None
