"""The ONNX Runtime engine: no PyTorch needed; whole batches side by side, one thread each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tamis.errors import InputError, ModelError
from tamis.score.batch import BUDGET, pad
from tamis.score.engine import Batch
from tamis.score.folder import ModelFolder
from tamis.score.threads import threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Where exporters put a graph, by the dtype asked for.
PLACES = {
    "float32": ("model.onnx", "onnx/model.onnx"),
    "int8": ("model_int8.onnx", "onnx/model_int8.onnx", "onnx/model_quantized.onnx", "onnx/model_qint8_avx2.onnx"),
    "int4": ("model_int4.onnx", "onnx/model_int4.onnx", "onnx/model_q4.onnx"),
}
READS = {"input_ids", "attention_mask", "token_type_ids", "position_ids"}
UNPADDED = "tamis.unpadded"  # metadata of graphs that drop padding themselves


class OnnxEngine:
    """Runs a graph with the usual inputs (input_ids, attention_mask, perhaps token_type_ids and position_ids).

    Args:
        session: the loaded graph.
        dtype: what its products are computed in, for fingerprints.
        pad_id: the id that padding is written with; no score depends on it.
    """

    shares = False
    budget = BUDGET

    def __init__(self, session: InferenceSession, dtype: str, pad_id: int) -> None:
        self._session, self._pad_id = session, pad_id
        self.name = f"onnx:cpu:{dtype}"
        self._reads = {node.name for node in session.get_inputs()}
        metadata = session.get_modelmeta().custom_metadata_map
        self.packs = metadata.get(UNPADDED) == "1"

    @property
    def threads(self) -> int:
        """Batches side by side: one a thread."""
        return threads()

    def logits(self, batch: Batch) -> NDArray[np.float32]:
        """Logits of each sequence, shape ``(rows, outputs)``."""
        ids, mask = pad(batch.ids, self._pad_id)
        places = np.arange(ids.shape[1])[None, :]
        feeds = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": mask * (places >= np.array(batch.second)[:, None]),
            "position_ids": np.broadcast_to(places, ids.shape),
        }
        found = self._session.run(None, {name: feeds[name] for name in self._reads})
        out = np.column_stack(found[:2]) if len(found) == 2 and found[0].ndim == 1 else np.asarray(found[0])
        return out.reshape(len(ids), -1).astype(np.float32, copy=False)


def graph(folder: ModelFolder, dtype: str) -> Path | None:
    """The graph that a folder holds for a dtype; None where there is none.

    Raises:
        InputError: the dtype is not known.
    """
    if dtype not in ("auto", *PLACES):
        raise InputError(f"dtype={dtype!r}: the ONNX engine knows auto, {', '.join(PLACES)}")
    wanted = [place for places in PLACES.values() for place in places] if dtype == "auto" else PLACES[dtype]
    return next((folder.base / name for name in wanted if (folder.base / name).is_file()), None)


def load_onnx(folder: ModelFolder, dtype: str) -> OnnxEngine:
    """The folder's graph, loaded.

    Raises:
        InputError: the dtype is not known.
        ModelError: the folder holds no such graph, or one that cannot be run.
    """
    path = graph(folder, dtype)
    if path is None:
        wanted = "an ONNX graph" if dtype == "auto" else f"a graph in {dtype}"
        raise ModelError(
            f"{folder.path}: expected {wanted} for engine='onnx', found none; make one with: tamis export {folder.path}"
        )
    session = opened(path)
    unknown = sorted({node.name for node in session.get_inputs()} - READS)
    if unknown:
        raise ModelError(
            f"{path}: expected a graph that reads {', '.join(sorted(READS))}, this one wants {', '.join(unknown[:4])}"
        )
    found = next(name for name, places in PLACES.items() if path.relative_to(folder.base).as_posix() in places)
    return OnnxEngine(session, found, int(folder.config.get("pad_token_id") or 0))


def opened(path: Path) -> InferenceSession:
    """A graph's session, of one thread: whole batches run side by side instead.

    Raises:
        ModelError: the file is missing, or holds no graph that can be run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own errors have no common class
        raise ModelError(f"{path}: not a graph this version of onnxruntime can run: {error}") from error
