"""A PyTorch model folder exported to an ONNX folder: graphs, tokenizer, settings and the check, all or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tamis import __version__
from tamis.errors import InputError, ModelError, StorageError
from tamis.extras import require
from tamis.score.export.check import Parity, parity
from tamis.score.export.int8 import int8
from tamis.score.folder import ModelFolder
from tamis.score.load_cross import Options, load_cross
from tamis.score.onnx_engine import PLACES

Format: TypeAlias = Literal["onnx", "onnx-int8"]
DTYPES: dict[str, str] = {"onnx": "float32", "onnx-int8": "int8"}
REPORT = "tamis_export.json"
COPIED = (".json", ".txt", ".model", ".jinja")
WEIGHTS_INDEX = ".index.json"
LARGEST = 1_800_000_000  # bytes a graph may hold itself: protobuf ends at 2 GiB
EXACT = 1e-4  # fp32 graphs: largest difference allowed, in units of the logits' spread or of 1
LEAST_CORRELATION = 0.99  # int8 graphs


@dataclass(frozen=True, slots=True)
class Exported:
    """One graph that was written.

    Attributes:
        path: the graph's file.
        format: ``"onnx"`` or ``"onnx-int8"``.
        megabytes: of the graph and its data.
        parity: its scores held against PyTorch's in fp32.
    """

    path: Path
    format: str
    megabytes: float
    parity: Parity


def export(folder: str | Path, output: str | Path, formats: Sequence[Format] = ("onnx",)) -> list[Exported]:
    """Write a model folder as an ONNX folder that ``load_scorer`` runs without PyTorch; it appears whole or not at all.

    The graphs read the usual padded inputs, drop the padding themselves, and compute the last layer for the read token
    only. int8 keeps one scale a token and 7-bit weights: no dependence on the batch, no saturation on AVX2.

    Args:
        folder: a cross-encoder or causal reranker as Hugging Face or sentence-transformers write it.
        output: the folder to make; it must not be there yet.
        formats: ``"onnx"`` (fp32), ``"onnx-int8"``, or both.

    Raises:
        InputError: a format is not known, or the output is there already.
        ModelError: the folder cannot be read, or a graph's scores are not those of its source (int8: rank correlation
            below .99); nothing is written.
        MissingExtraError: the extra ``[export]`` is not installed.
        StorageError: the disk refused the output.
    """
    source, target = ModelFolder(Path(folder)), Path(output)
    if unknown := [f for f in formats if f not in DTYPES] or not formats:
        raise InputError(f"formats={unknown or formats!r}: expected one or more of {', '.join(map(repr, DTYPES))}")
    if target.exists():
        raise InputError(f"{target} is there already: name a folder that is not, or remove it")
    require("onnx")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tamis-export-") as made:
            found = _written(source, Path(made) / target.name, formats)
            (Path(made) / target.name).rename(target)
    except OSError as error:
        raise StorageError(f"{target}: could not be written: {error}") from error
    return [Exported(target / row.path, row.format, row.megabytes, row.parity) for row in found]


def _written(source: ModelFolder, made: Path, formats: Sequence[Format]) -> list[Exported]:
    """The whole export in a folder of its own; paths are relative to it."""
    from tamis.score.export.graph import traced
    from tamis.score.torch_engine import TorchEngine

    reference = load_cross(source, Options("torch", "cpu", "float32"))
    engine = reference.engine
    assert isinstance(engine, TorchEngine)
    model = traced(engine.network, int(source.config["vocab_size"]))
    base = made / source.base.relative_to(source.path)
    base.mkdir(parents=True)
    _copy(source, made)
    found = []
    for wanted in formats:
        path = base / PLACES[DTYPES[wanted]][0]
        size = _save(model if wanted == "onnx" else int8(model), path)
        scorer = load_cross(ModelFolder(made), Options("onnx", "cpu", DTYPES[wanted]))
        checked = parity(reference, scorer)
        _refuse(wanted, checked, source.path)
        found.append(Exported(path.relative_to(made), wanted, round(size / 1e6, 1), checked))
    report = {row.path.as_posix(): {"format": row.format, **asdict(row.parity)} for row in found}
    content = {"tamis": __version__, "source": source.digest(), "graphs": report}
    (made / REPORT).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return found


def _copy(source: ModelFolder, made: Path) -> None:
    """Settings, tokenizer files and chat template; no weights."""
    for path in source.path.rglob("*"):
        kept = path.suffix in COPIED and not path.name.endswith(WEIGHTS_INDEX) and path.name != REPORT
        if path.is_file() and kept and not any(part.startswith(".") for part in path.relative_to(source.path).parts):
            to = made / path.relative_to(source.path)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


def _save(model: Any, path: Path) -> int:
    """Write a graph, its weights beside it where they are too large for one file; returns bytes written."""
    onnx = require("onnx")
    # ByteSize cannot be asked of a graph past 2 GiB, its tensors can.
    size = sum(len(t.raw_data) for t in model.graph.initializer)
    if size > LARGEST:
        onnx.save(model, str(path), save_as_external_data=True, location=f"{path.name}.data", size_threshold=1024)
        # Saving took the weights out of the model; the next format is made of it.
        onnx.external_data_helper.load_external_data_for_model(model, str(path.parent))
        return path.stat().st_size + path.with_name(f"{path.name}.data").stat().st_size
    onnx.save(model, str(path))
    return path.stat().st_size


def _refuse(wanted: str, checked: Parity, source: Path) -> None:
    allowed = EXACT * max(1.0, checked.spread)
    if wanted == "onnx" and checked.largest_difference > allowed:
        raise ModelError(
            f"{source}: the graph's scores differ from PyTorch's by up to {checked.largest_difference:.2g} (at most "
            f"{allowed:.2g} is allowed); nothing was written"
        )
    if wanted == "onnx-int8" and checked.rank_correlation < LEAST_CORRELATION:
        raise ModelError(
            f"{source}: int8 ranks {checked.pairs} pairs unlike fp32: rank correlation {checked.rank_correlation:.4f}, "
            f"at least {LEAST_CORRELATION} is asked; nothing was written. Export in fp32: --format onnx"
        )
