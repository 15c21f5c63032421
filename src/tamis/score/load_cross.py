"""From the folder of a cross-encoder, as Hugging Face or sentence-transformers write it, to a scorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tamis.errors import InputError
from tamis.score.cross import CrossEncoder
from tamis.score.duet_engine import duet_graph, load_duet
from tamis.score.engine import Engine
from tamis.score.families import family, template_for
from tamis.score.folder import ModelFolder
from tamis.score.onnx_engine import PLACES, graph, load_onnx
from tamis.score.weighing import EvidenceWeights


@dataclass(frozen=True, slots=True)
class Options:
    """How a model is run: the options of ``load_scorer`` that decide which weights are read."""

    engine: str = "auto"
    device: str = "auto"
    dtype: str = "auto"
    template: str = "auto"

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise InputError(f"engine={self.engine!r}: expected {', '.join(map(repr, ENGINES))}")

    def refuse(self, what: str, **known: tuple[str, ...]) -> None:
        """Refuse every option that ``what`` cannot honour; ``known`` lists the values it can, by option.

        Raises:
            InputError: an option has another value than ``"auto"`` and the listed ones.
        """
        for name in ("engine", "device", "dtype", "template"):
            value, values = getattr(self, name), ("auto", *known.get(name, ()))
            if value not in values:
                raise InputError(f"{name}={value!r}: {what} can only take {', '.join(map(repr, values))}")


ENGINES = ("auto", "onnx", "torch")
# How the graphs of a network are found and loaded; of most it is one graph with the usual inputs.
Find: TypeAlias = Callable[[ModelFolder, str], Path | None]
Load: TypeAlias = Callable[[ModelFolder, str], Engine]
GRAPHS: dict[str, tuple[Find, Load]] = {"duet": (duet_graph, load_duet)}
FEW_BITS = ("int8", "int4")  # dtypes that only graphs have


def load_cross(folder: ModelFolder, options: Options, name: str = "") -> CrossEncoder:
    """The scorer of a folder; without a name it is called what the folder is.

    Raises:
        ModelError: the architecture is not supported, or weights, tokenizer or graph are missing or do not fit.
        InputError: an option has a value the model cannot honour.
        MissingExtraError: the engine needs a package that is not installed.
    """
    row, tokens = family(folder), folder.tokens()
    named = "" if options.template == "auto" else options.template
    template = template_for(folder, row, tokens, named)
    find, load = GRAPHS.get(row.network, (graph, load_onnx))
    if _runs_graph(folder, options, find):
        options.refuse("an ONNX graph", engine=("onnx",), device=("cpu",), dtype=tuple(PLACES), template=(named,))
        engine = load(folder, options.dtype)
    else:
        from tamis.score.torch_engine import load_torch

        engine = load_torch(folder, row, tokens, options.device, options.dtype, named)
    weights = EvidenceWeights.beside(folder.path)
    return CrossEncoder(name or folder.path.name, template, engine, folder.digest, weights)


def _runs_graph(folder: ModelFolder, options: Options, find: Find) -> bool:
    if options.engine != "auto":
        return options.engine == "onnx"
    if options.dtype in FEW_BITS:
        return True
    fits = options.device in ("auto", "cpu") and options.dtype in ("auto", "float32")
    return fits and find(folder, options.dtype) is not None
