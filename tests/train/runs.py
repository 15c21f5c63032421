"""Small models, and training runs on them without files of data."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers as hf

from tamis.data import Example
from tamis.score.folder import ModelFolder
from tamis.train.after import DevSet
from tamis.train.after.figures import means
from tamis.train.bases.encoder import Encoder, start_encoder
from tamis.train.bases.reranker import Reranker, start_reranker
from tamis.train.checkpoints import Checkpoints
from tamis.train.log import Log
from tamis.train.loop import Run
from tamis.train.losses.base import Loss
from tamis.train.losses.listwise import Softmax
from tamis.train.options import Batches, Learning, Options, Watch
from tamis.train.processes.base import Alone
from tamis.train.sampler import Sampler
from tamis.train.tune import Full

from ..score import vocabularies
from ..score.tiny import BERT_TOKENS
from ..score.tiny_files import write

CPU = torch.device("cpu")
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def small_bert(folder: Path, kind: Any = hf.BertForSequenceClassification) -> Path:
    """A BERT with BERT's vocabulary and random weights, without dropout."""
    config = hf.BertConfig(**SMALL, **STILL, vocab_size=30522, max_position_embeddings=64, num_labels=1)
    return write(folder, kind(config), vocabularies.bert(), BERT_TOKENS, 1, model_max_length=64)


def copied(source: Path, folder: Path) -> Path:
    """A copy of a folder."""
    return Path(shutil.copytree(source, folder))


def reranker(folder: Path) -> Reranker:
    return start_reranker(ModelFolder(folder))


def encoder(folder: Path) -> Encoder:
    return start_encoder(ModelFolder(folder))


def quick(steps: int, **settings: Any) -> Options:
    """Options under which ``small_bert`` learns the rule in 90 steps."""
    batches = settings.pop("batches", Batches(queries=16, documents=6, max_steps=steps))
    learning = settings.pop("learning", Learning(rate=4e-3))
    watch = settings.pop("watch", Watch(patience=None))
    return Options(batches=batches, learning=learning, watch=watch, **settings)


def run_of(
    start: Reranker | Encoder,
    examples: Sequence[Example],
    options: Options,
    home: Path,
    dev: Sequence[Example] = (),
    stop: Callable[[], bool] = lambda: False,
) -> Run:
    """A run in this process; its checkpoints and log stand in ``home``."""
    loss: Loss = options.loss or Softmax()
    return Run(
        start,
        Sampler(examples, options.batches, options.seed),
        loss,
        options,
        Alone(),
        Checkpoints(home / "checkpoints", {"seed": options.seed}, options.watch.keep),
        Log(home / "log.jsonl"),
        CPU,
        (lambda network: worth(start, dev)) if dev else None,
        stop=stop,
    )


def worth(start: Reranker | Encoder, dev: Sequence[Example]) -> float:
    """Mean nDCG@10 of the network as it is."""
    return means(DevSet.of(dev), start.scorer(start.network, "cpu"))["ndcg@10"]


def losses(run: Run) -> list[tuple[int, float]]:
    """Step and loss of every step in the log."""
    return [(row["step"], row["loss"]) for row in run.log.rows() if "loss" in row]


def step_of(
    start: Reranker | Encoder, lists: Sequence[Example], loss: Loss, *, tokens: int = 10**6, in_batch: bool = True
) -> tuple[float, dict[str, torch.Tensor]]:
    """The mean loss of one step, and every parameter's gradient under its name here."""
    Full()(start.network)
    start.network.train()
    processes = Alone()
    processes.ready(start.network, Options())
    task = start.task(Batches(tokens=tokens, in_batch=in_batch), CPU)
    done = task.step(start.network, task.read(lists), loss, processes)
    return done.loss / max(done.units, 1e-12), gradients(start.network)


def same_gradients(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Up to rounding: 3e-6 of the largest of all slopes; sums of thousands differ so far between processors."""
    largest = max(1.0, *(float(slope.abs().max()) for slope in expected.values()))
    assert found.keys() == expected.keys()
    for name, slope in expected.items():
        torch.testing.assert_close(found[name], slope, atol=3e-6 * largest, rtol=1e-5)


def gradients(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every parameter's gradient, dense; they are taken off."""
    found = {}
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            found[name] = parameter.grad.to_dense().clone()
            parameter.grad = None
    return found
