"""Formats of an export, a row each: how its graph is made, how it is loaded, and how near to its source it must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tamis.errors import ModelError
from tamis.score.export.channels import Reached
from tamis.score.export.check import Parity
from tamis.score.export.int4 import int4
from tamis.score.export.int8 import int8

EXACT = 1e-4  # fp32 graphs: largest difference allowed, in units of the scores' spread or of 1


@dataclass(frozen=True, slots=True)
class GraphFormat:
    """One format of graphs.

    Attributes:
        dtype: by which ``load_scorer`` and ``load_encoder`` ask for it.
        make: an fp32 graph, and how far the inputs of its products reach, to one of this format; the fp32 graph stays
            as it is.
        least_correlation: with the source's scores; 1 asks for the scores themselves.
        instead: the format to use where this one does not suit a model.
        watches: whether it asks how far the inputs of products reach.
    """

    dtype: str
    make: Callable[[Any, Reached], Any]
    least_correlation: float
    instead: str = ""
    watches: bool = False

    def refuse(self, checked: Parity, source: Path) -> None:
        """Refuse a graph that is not its source.

        Raises:
            ModelError: its scores are too far from those of its source.
        """
        allowed = EXACT * max(1.0, checked.spread)
        if self.least_correlation == 1 and checked.largest_difference > allowed:
            raise ModelError(
                f"{source}: the graph's scores differ from PyTorch's by up to {checked.largest_difference:.2g} (at "
                f"most {allowed:.2g} is allowed); nothing was written"
            )
        if self.least_correlation < 1 and checked.rank_correlation < self.least_correlation:
            raise ModelError(
                f"{source}: {self.dtype} ranks {checked.pairs} pairs unlike fp32: rank correlation "
                f"{checked.rank_correlation:.4f}, at least {self.least_correlation} is asked; nothing was written. "
                f"Export with --format {self.instead}"
            )


GRAPHS: dict[str, GraphFormat] = {
    "onnx": GraphFormat("float32", lambda model, _: model, 1.0),
    "onnx-int8": GraphFormat("int8", int8, 0.99, "onnx (fp32)", watches=True),
    "onnx-int4": GraphFormat("int4", int4, 0.97, "onnx-int8, or onnx (fp32)"),
}
