"""Networks, a row each, and the one way from a model folder to a network with its weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from tamis.errors import ModelError
from tamis.score.folder import ModelFolder
from tamis.score.nets.bert import Bert
from tamis.score.nets.deberta import Deberta, DebertaHead
from tamis.score.nets.decoder import Decoder
from tamis.score.nets.heads import BertHead, Classifier, RobertaHead, ScoreHead
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.nets.modernbert import ModernBert, ModernBertHead
from tamis.score.nets.modules import ModulesHead
from tamis.score.nets.weights import Checkpoint, filled, renamed

Make: TypeAlias = Callable[[Mapping[str, Any]], nn.Module]


@dataclass(frozen=True, slots=True)
class Network:
    """A body, a head, and what a checkpoint's tensors are called in them: the first matching prefix is replaced."""

    body: Make
    head: Make
    names: tuple[tuple[str, str], ...]


_ROBERTA = partial(Bert, roberta=True)

NETWORKS: dict[str, Network] = {
    "bert": Network(
        Bert, BertHead, (("bert.pooler", "head.pooler"), ("bert.", "body."), ("classifier", "head.classifier"))
    ),
    "electra": Network(Bert, partial(RobertaHead, between="gelu"), (("electra.", "body."), ("classifier.", "head."))),
    "roberta": Network(_ROBERTA, RobertaHead, (("roberta.", "body."), ("classifier.", "head."))),
    "modernbert": Network(ModernBert, ModernBertHead, (("model.", "body."), ("classifier.", "head.classifier."))),
    "deberta": Network(
        Deberta,
        DebertaHead,
        (("deberta.", "body."), ("pooler.", "head.pooler."), ("classifier.", "head.classifier.")),
    ),
    "decoder": Network(Decoder, ScoreHead, (("model.", "body."), ("score.", "head.score."))),
}
BODIES: dict[str, Make] = {
    "bert-body": Bert,
    "roberta-body": _ROBERTA,
    "modernbert-body": partial(ModernBert, pooling="cls"),
}


def classifier(folder: ModelFolder, row: str, dtype: torch.dtype) -> nn.Module:
    """A sequence classifier with the folder's weights."""
    network, checkpoint = NETWORKS[row], Checkpoint(folder.base)
    with _without_numbers(folder):
        empty = Classifier(network.body(folder.config), network.head(folder.config))
    return filled(empty, _named(checkpoint, network.names), folder.base, dtype)


def causal(folder: ModelFolder, row: str, dtype: torch.dtype, answers: list[int]) -> nn.Module:
    """A causal model whose head has but the rows of the answers: logits of shape (B, len(answers)).

    Full-vocabulary logits of every position, which others compute, are thousands of times as many.
    """
    network, checkpoint = NETWORKS[row], Checkpoint(folder.base)
    with _without_numbers(folder):
        empty = Classifier(network.body(folder.config), ScoreHead(folder.config, len(answers)))
    tied = folder.config.get("tie_word_embeddings", "lm_head.weight" not in checkpoint)
    source = "model.embed_tokens.weight" if tied else "lm_head.weight"
    tensors = _named(checkpoint, network.names)
    if source in checkpoint:
        tensors["head.score.weight"] = lambda: checkpoint[source][answers]
    return filled(empty, tensors, folder.base, dtype)


def modules(folder: ModelFolder, row: str, dtype: torch.dtype) -> nn.Module:
    """An encoder with the head that sentence-transformers modules make."""
    checkpoint = Checkpoint(folder.base)
    with _without_numbers(folder):
        empty = Classifier(BODIES[row](folder.config), ModulesHead(folder))
    tensors = _named(checkpoint, (("", "body."),))
    for at, module in enumerate(folder.modules):
        if at and (module.path / "model.safetensors").is_file():
            tensors |= _named(Checkpoint(module.path), (("", f"head.{at}."),))
    return filled(empty, {n: t for n, t in tensors.items() if "pooler" not in n}, folder.path, dtype)


@contextmanager
def _without_numbers(folder: ModelFolder) -> Iterator[None]:
    """Networks made within have shapes only.

    Raises:
        ModelError: the config lacks what a shape follows from.
    """
    try:
        with torch.device("meta"):
            yield
    except KeyError as error:
        raise ModelError(f"{folder.base / 'config.json'}: expected it to state {error}") from error


def _named(checkpoint: Checkpoint, names: tuple[tuple[str, str], ...]) -> dict[str, Callable[[], Tensor]]:
    return {ours: partial(checkpoint.__getitem__, old) for old, ours in renamed(checkpoint.names, names).items()}
