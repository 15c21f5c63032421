"""Other ways to run the same cross-encoder: sentence-transformers, FlashRank, ONNX Runtime as fastembed calls it.

Each gives logits in the order of the documents.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from timing import Contender, OfSession, Shape
from workloads import Workload, tokenizer_of

from tamis.score.threads import threads

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
KNOWN = (
    "ms-marco-TinyBERT-L-2-v2",
    "flashrank-TinyBERT-L-2-v2.onnx",
)  # a name FlashRank knows, so that it loads a folder
DEFAULT = "sentence-transformers, default"
ONE = "torch, one pair at a time"
ONE_BATCH = "ONNX Runtime, one padded batch"
IN_ORDER = "ONNX Runtime, 64 in input order"
FLASHRANK = "FlashRank"

Run: TypeAlias = Callable[[Workload], NDArray[Any]]
Predict: TypeAlias = Callable[[Workload, int], NDArray[Any]]


def sentence_transformers(folder: Path) -> Predict:
    """``CrossEncoder.predict`` with a batch size, without its sigmoid."""
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    identity = torch.nn.Identity()

    def run(load: Workload, batch: int) -> NDArray[Any]:
        return model.predict(load.texts, batch_size=batch, activation_fn=identity, show_progress_bar=False)

    return run


def one_at_a_time(folder: Path) -> Run:
    """transformers, one pair a call: nothing is padded."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    @torch.inference_mode()
    def run(load: Workload) -> NDArray[Any]:
        calls = (tokenizer(q, d, truncation=True, max_length=512, return_tensors="pt") for q, d in load.texts)
        return np.array([model(**call).logits.item() for call in calls])

    return run


def export_plain(folder: Path, to: Path) -> None:
    """The transformers model as one ONNX file with the customary inputs, beside its config and tokenizer."""
    import warnings

    import torch
    from transformers import AutoModelForSequenceClassification

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
            found = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
            return found.logits

    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*.safetensors"))
    ids = torch.full((2, 7), 5)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS} | {"logits": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits().eval(),
            (ids, mask, torch.zeros_like(ids)),
            str(to / "model.onnx"),
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )


def onnx_batches(file: Path, size: int | None) -> Run:
    """ONNX Runtime on batches in input order: fastembed's way with 64 a batch, FlashRank's with None, all in one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    tokenizer = tokenizer_of(file.parent)
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding(pad_id=_pad_id(file.parent))

    def run(load: Workload) -> NDArray[Any]:
        texts, step = load.texts, size or len(load.texts)
        return np.concatenate([logits(texts[at : at + step]) for at in range(0, len(texts), step)])

    def logits(texts: Sequence[tuple[str, str]]) -> NDArray[Any]:
        read = tokenizer.encode_batch(list(texts))
        columns = ([e.ids for e in read], [e.attention_mask for e in read], [e.type_ids for e in read])
        feeds = {name: np.array(column, dtype=np.int64) for name, column in zip(INPUTS, columns, strict=True)}
        return session.run(None, feeds)[0][:, 0]

    return run


def flashrank(folder: Path, workplace: Path) -> Run:
    """FlashRank itself on the folder's ``model.onnx``; its sigmoid is undone."""
    from flashrank import Ranker, RerankRequest

    name, file = KNOWN
    (workplace / name).symlink_to(folder, target_is_directory=True)
    if not (folder / file).exists():
        (folder / file).symlink_to(folder / "model.onnx")
    ranker = Ranker(name, cache_dir=str(workplace), max_length=512, log_level="ERROR")

    def run(load: Workload) -> NDArray[Any]:
        passages = [{"id": at, "text": text} for at, text in enumerate(load.documents)]
        found = ranker.rerank(RerankRequest(load.query, passages))
        p = np.array([one["score"] for one in sorted(found, key=lambda one: one["id"])], dtype=np.float64)
        return np.log(p) - np.log1p(-p)

    return run


def padded(shape: Shape) -> OfSession:
    """Operations of a session fed with a padded batch."""
    return lambda _, feeds: shape.flops(*feeds["input_ids"].shape)


def of_sentence_transformers(predict: Predict, load: Workload, batches: Sequence[int]) -> list[Contender]:
    """sentence-transformers with its default batch size first, then with others."""
    found = [Contender(f"{DEFAULT} (32)", lambda: predict(load, 32))]
    return found + [Contender(f"sentence-transformers, {n}", lambda n=n: predict(load, n)) for n in batches]


def of_plain_file(folder: Path, place: Path, shape: Shape) -> dict[str, tuple[Run, OfSession]]:
    """What reads the one plain ONNX file of a folder."""
    count, file = padded(shape), folder / "model.onnx"
    return {
        ONE_BATCH: (onnx_batches(file, None), count),
        IN_ORDER: (onnx_batches(file, 64), count),
        FLASHRANK: (flashrank(folder, place), count),
    }


def _pad_id(folder: Path) -> int:
    return int(json.loads((folder / "config.json").read_text("utf-8"))["pad_token_id"])
