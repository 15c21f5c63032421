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
from tamis.score.nets.duet import Duet, DuetHead
from tamis.score.nets.heads import BertHead, Classifier, RobertaHead, ScoreHead
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.nets.modernbert import ModernBert, ModernBertHead
from tamis.score.nets.modules import ModulesHead, pooling_of
from tamis.score.nets.pooling import Embedder
from tamis.score.nets.weights import FILES, Checkpoint, filled, renamed

Make: TypeAlias = Callable[[Mapping[str, Any]], nn.Module]


@dataclass(frozen=True, slots=True)
class Network:
    """A body, a head, and what a checkpoint's tensors are called in them: the first matching prefix is replaced."""

    body: Make
    head: Make
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A network without a head, how its checkpoints' tensors are called in it, and how it pools unless told."""

    make: Callable[..., nn.Module]
    names: tuple[tuple[str, str], ...]
    pooling: str = "mean"


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
    "duet": Network(Duet, DuetHead, (("bert.", "body."), ("classifier.", "head."))),
    "decoder": Network(Decoder, ScoreHead, (("model.", "body."), ("score.", "head.score."))),
}
# Checkpoints of a body alone have bare names, those of a language model a prefix.
BODIES: dict[str, Body] = {
    "bert-body": Body(Bert, (("bert.", "body."), ("", "body."))),
    "electra-body": Body(Bert, (("electra.", "body."), ("", "body."))),
    "roberta-body": Body(_ROBERTA, (("roberta.", "body."), ("", "body."))),
    "modernbert-body": Body(ModernBert, (("model.", "body."), ("", "body."))),
    "decoder-body": Body(Decoder, (("model.", "body."), ("", "body.")), "last"),
}
# Tensors of a body's checkpoint that no vector depends on: BERT's pooler and what predicts masked words.
BESIDE = ("body.pooler.", "body.head.", "body.decoder.")


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
    """An encoder with the classification head that sentence-transformers modules make."""
    body = BODIES[row]
    with _without_numbers(folder):
        empty = Classifier(body.make(folder.config, pooling=pooling_of(folder) or "cls"), ModulesHead(folder))
    return filled(empty, _with_modules(folder, body), folder.path, dtype)


def encoder(folder: ModelFolder, row: str, dtype: torch.dtype, pooling: str = "") -> Embedder:
    """A bi-encoder with the folder's weights: packed tokens to unit vectors, shape (B, dimension).

    Args:
        folder: a Hugging Face encoder, or sentence-transformers modules; what stands behind the pooling is the head.
        row: of ``BODIES``.
        dtype: of weights and activations.
        pooling: ``"cls"``, ``"mean"`` or ``"last"``; empty takes the folder's own, or that of the row.

    Raises:
        ModelError: a module or the pooling is not implemented, or weights are missing, left over or of another shape.
    """
    body = BODIES[row]
    with _without_numbers(folder):
        made = body.make(folder.config, pooling=pooling or pooling_of(folder) or body.pooling)
        empty = Embedder(made, ModulesHead(folder))
    found = filled(empty, _with_modules(folder, body), folder.path, dtype)
    assert isinstance(found, Embedder)
    return found


def _with_modules(folder: ModelFolder, body: Body) -> dict[str, Callable[[], Tensor]]:
    """The tensors of the body, and those of the modules behind it."""
    named = _named(Checkpoint(folder.base), body.names)
    tensors = {name: tensor for name, tensor in named.items() if not name.startswith(BESIDE)}
    for at, module in enumerate(folder.modules):
        if at and any((module.path / name).is_file() for name in FILES):
            tensors |= _named(Checkpoint(module.path), (("", f"head.{at}."),))
    return tensors


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
