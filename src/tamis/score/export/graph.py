"""A network as an ONNX graph with the usual padded inputs that drops the padding itself, before the first product."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tamis.extras import require
from tamis.score.nets.attention import Packed, Padded
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.onnx_engine import UNPADDED

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OPSET = 20


class Unpadded(nn.Module):
    """Padded ids, mask and token types (B, L) to logits or vectors (B, outputs); only real tokens reach the network.

    Padding may stand left or right. Attention alone sees the padded shape again, for one product over all sequences.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        valid = attention_mask > 0
        flat = valid.flatten().nonzero()[:, 0]
        torch._check(flat.shape[0] >= 2)  # type: ignore[no-untyped-call]  # said for the exporter, which must know that there are tokens
        lengths = attention_mask.sum(1)
        ends = lengths.cumsum(0)
        places = attention_mask.cumsum(1) - 1
        # For attention every sequence stands left, wherever its padding stood.
        rows, width = input_ids.shape
        across = torch.arange(width)[None, :]
        there = across < lengths[:, None]
        slots = torch.where(there, (ends - lengths)[:, None] + across, 0)
        left = (torch.arange(rows) * width)[:, None] + places
        ids, positions, types, laid = (
            x.flatten().index_select(0, flat) for x in (input_ids, places, token_type_ids, left)
        )
        packed = Packed(ids, positions, types, ends - lengths, ends - 1)
        out: Tensor = self.network(packed, Padded(slots, there, laid))
        return out


def traced(network: nn.Module, vocabulary: int, output: str = "logits") -> Any:
    """The network as an ONNX model (of the package ``onnx``), opset 20, batch and length free.

    Args:
        network: packed tokens to logits or vectors, in fp32 on the CPU.
        vocabulary: ids that it knows, for the example it is traced on.
        output: what the graph's output is called.
    """
    onnx = require("onnx")
    ids = torch.arange(3 * 17).view(3, 17) % min(vocabulary, 50)
    mask = (torch.arange(17)[None, :] < torch.tensor([17, 9, 4])[:, None]).long()
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    model = exported(
        Unpadded(network), dict(zip(INPUTS, (ids, mask, torch.zeros_like(ids)), strict=True)), free, output
    )
    onnx.helper.set_model_props(model, {UNPADDED: "1"})
    return model


def exported(
    module: nn.Module, inputs: Mapping[str, Tensor], free: Mapping[int, Any], output: str, **shapes: Mapping[int, Any]
) -> Any:
    """A module as an ONNX model, opset 20.

    Args:
        module: what is run, in fp32 on the CPU.
        inputs: an example of each input, by name, in the module's order.
        free: which of an input's dimensions may be of any size.
        output: what the graph's output is called.
        shapes: the same as ``free`` for the inputs named.
    """
    require("onnxscript")
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            verbose=False,
            input_names=list(inputs),
            output_names=[output],
            dynamic_shapes={name: shapes.get(name, free) for name in inputs},
            opset_version=OPSET,
        )
    assert program is not None  # it is None only where a file was named
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's warnings on what it does not need: they are none of the user's making."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
