"""A PyTorch model folder exported to an ONNX folder: graphs, tokenizer, settings and the check, all or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tamis import __version__
from tamis.core import Scorer
from tamis.errors import InputError, StorageError
from tamis.extras import require
from tamis.score.cosine import Cosine
from tamis.score.export.channels import watched
from tamis.score.export.check import PAIRS, Parity, Speed, held
from tamis.score.export.formats import GRAPHS
from tamis.score.folder import REPORT, ModelFolder
from tamis.score.load_bi import encodes_texts, load_bi
from tamis.score.load_cross import Options, load_cross
from tamis.score.onnx_engine import PLACES

if TYPE_CHECKING:
    from tamis.score.engine import Engine

Format: TypeAlias = Literal["onnx", "onnx-int8", "onnx-int4"]
LARGEST = 1_800_000_000  # bytes a graph may hold itself: protobuf ends at 2 GiB
OUTPUTS = {True: "sentence_embedding", False: "logits"}  # by whether it encodes texts


@dataclass(frozen=True, slots=True)
class Exported:
    """One model that was written.

    Attributes:
        path: the graph's file, or the folder of a PyTorch checkpoint.
        format: ``"onnx"``, ``"onnx-int8"``, ``"onnx-int4"`` or ``"gptq-int4"``.
        megabytes: of the graph or the weights.
        parity: its scores held against those of PyTorch in fp32; of a bi-encoder, the cosines.
        speed: pairs a second on this machine, beside PyTorch in fp32.
    """

    path: Path
    format: str
    megabytes: float
    parity: Parity
    speed: Speed


def export(folder: str | Path, output: str | Path, formats: Sequence[Format] = ("onnx",)) -> list[Exported]:
    """Write a model folder as an ONNX folder that runs without PyTorch; it appears whole or not at all.

    ``load_scorer`` runs it, of a bi-encoder also ``load_encoder``. The graphs read the usual padded inputs, drop the
    padding themselves, and compute the last layer for the read token only. int8 keeps one scale a token, and weights
    whose sums fit: no dependence on the batch, no saturation on AVX2. int4 keeps 4-bit weights in blocks of 32 and
    computes in fp32. Neither suits every model: what ranks unlike fp32 is refused.

    Args:
        folder: a cross-encoder, causal reranker or bi-encoder as Hugging Face or sentence-transformers write it.
        output: the folder to make; it must not be there yet.
        formats: ``"onnx"`` (fp32), ``"onnx-int8"``, ``"onnx-int4"``, one or more.

    Raises:
        InputError: a format is not known, or the output is there already.
        ModelError: the folder cannot be read, or a graph's scores are not those of its source (rank correlation below
            .99 in int8, below .97 in int4); nothing is written.
        MissingExtraError: the extra ``[export]`` is not installed.
        StorageError: the disk refused the output.
    """
    source, target = ModelFolder(Path(folder)), Path(output)
    if unknown := [f for f in formats if f not in GRAPHS] or not formats:
        raise InputError(f"formats={unknown or formats!r}: expected one or more of {', '.join(map(repr, GRAPHS))}")
    require_absent(target)
    require("onnx")
    with made_whole(target) as made:
        found = _written(source, made, formats)
    return [replace(row, path=target / row.path) for row in found]


def require_absent(target: Path) -> None:
    """Raises InputError where there is something already."""
    if target.exists():
        raise InputError(f"{target} is there already: name a folder that is not, or remove it")


@contextmanager
def made_whole(target: Path) -> Iterator[Path]:
    """A folder to fill, which takes the target's place when all went well, and is gone when not.

    Raises:
        StorageError: the disk refused.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tamis-export-") as room:
            yield Path(room) / target.name
            (Path(room) / target.name).rename(target)
    except OSError as error:
        raise StorageError(f"{target}: could not be written: {error}") from error


def _written(source: ModelFolder, made: Path, formats: Sequence[Format]) -> list[Exported]:
    """The whole export in a folder of its own; paths are relative to it."""
    from tamis.score.torch_engine import TorchEngine

    reference, engine = loaded(source, Options("torch", "cpu", "float32"))
    assert isinstance(engine, TorchEngine)
    base = made / source.base.relative_to(source.path)
    base.mkdir(parents=True)
    copy_settings(source, made)
    models = _drawn(source, engine.network, base)
    with watched(engine.network) as reached:
        if any(GRAPHS[wanted].watches for wanted in formats):
            reference.score(PAIRS)
    write_report(source, made, [])
    found = []
    for wanted in formats:
        row = GRAPHS[wanted]
        path = base / PLACES[row.dtype][0]
        paths = {name: path.with_name(path.name.replace("model", name)) for name in models}
        size = sum(_save(row.make(model, reached), paths[name]) for name, model in models.items())
        scorer, _ = loaded(ModelFolder(made), Options("onnx", "cpu", row.dtype))
        checked, speed = held(reference, scorer)
        row.refuse(checked, source.path)
        found.append(Exported([*paths.values()][-1].relative_to(made), wanted, round(size / 1e6, 1), checked, speed))
    write_report(source, made, found)
    return found


def _drawn(source: ModelFolder, network: Any, base: Path) -> dict[str, Any]:
    """The graphs of a network in fp32, by the names of their files; of most it is one, ``model``."""
    from tamis.score.export import duet
    from tamis.score.export.graph import traced

    if source.config.get("model_type") != "duet":
        return {"model": traced(network, int(source.config["vocab_size"]), OUTPUTS[encodes_texts(source)])}
    duet.write_words(network, base)
    return duet.drawn(network)


def loaded(folder: ModelFolder, options: Options) -> tuple[Scorer, Engine]:
    """What is held against each other: a cross-encoder, or a bi-encoder's cosine; and its engine."""
    if encodes_texts(folder):
        encoder = load_bi(folder, options)
        return Cosine(folder.path.name, encoder), encoder.engine
    scorer = load_cross(folder, options)
    return scorer, scorer.engine


def write_report(source: ModelFolder, made: Path, found: Sequence[Exported]) -> None:
    """What was exported and how near it is; no speed, which is another on every run."""
    rows = {
        row.path.as_posix(): {"format": row.format, "megabytes": row.megabytes, **asdict(row.parity)} for row in found
    }
    content = {"tamis": __version__, "source": source.digest(), "graphs": rows}
    (made / REPORT).write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def copy_settings(source: ModelFolder, made: Path) -> None:
    """Settings, tokenizer files and chat template; no weights, and nothing of a training."""
    for name in source.settings_files():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.path / name, made / name)


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
