"""Classification heads: the read vector of a sequence to its logits, each as its architecture has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.score.folder import labels
from tamis.score.nets.layers import activation
from tamis.score.nets.lib import Tensor, nn, torch


def left_out(config: Mapping[str, Any]) -> nn.Dropout:
    """The dropout of a head, which only training knows."""
    stated = config.get("classifier_dropout")
    return nn.Dropout(config.get("hidden_dropout_prob", 0.1) if stated is None else stated)


class BertHead(nn.Module):
    """tanh(dense(x)), then the classifier: BERT's pooler."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.pooler = nn.ModuleDict({"dense": nn.Linear(config["hidden_size"], config["hidden_size"])})
        self.classifier = nn.Linear(config["hidden_size"], labels(config))
        self.dropout = left_out(config)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.classifier(self.dropout(torch.tanh(self.pooler["dense"](x))))
        return out


class RobertaHead(nn.Module):
    """tanh(dense(x)), then out_proj: RoBERTa, XLM-R; with ``gelu`` in place of tanh: ELECTRA."""

    def __init__(self, config: Mapping[str, Any], between: str = "tanh") -> None:
        super().__init__()
        self.dense = nn.Linear(config["hidden_size"], config["hidden_size"])
        self.out_proj = nn.Linear(config["hidden_size"], labels(config))
        self.activation = activation(between)
        self.dropout = left_out(config)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out_proj(self.dropout(self.activation(self.dense(self.dropout(x)))))
        return out


class ScoreHead(nn.Module):
    """One product without bias: sequence classification on a decoder."""

    def __init__(self, config: Mapping[str, Any], outputs: int | None = None) -> None:
        super().__init__()
        self.score = nn.Linear(config["hidden_size"], outputs or labels(config), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.score(x)
        return out


class Classifier(nn.Module):
    """A body and a head: packed tokens to logits, shape (B, labels)."""

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body, self.head = body, head

    def forward(self, *inputs: Any) -> Tensor:
        out: Tensor = self.head(self.body(*inputs))
        return out
