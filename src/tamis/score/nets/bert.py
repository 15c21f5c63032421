"""BERT and its family (RoBERTa, XLM-R, ELECTRA): post-norm encoders with learnt positions (Devlin et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.errors import ModelError
from tamis.score.nets.attention import Attention, Look, Packed
from tamis.score.nets.layers import activation
from tamis.score.nets.lib import Tensor, nn


class Dense(nn.Module):
    """A product with a norm of its sum with what went in: the end of each half of a layer."""

    def __init__(self, inner: int, hidden: int, eps: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=eps)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        out: Tensor = self.LayerNorm(self.dense(x).add_(residual))
        return out


class Layer(nn.Module):
    """Self-attention, then a two-layer perceptron, each added to its input and normed."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, eps = config["hidden_size"], config.get("layer_norm_eps", 1e-12)
        self.heads = config["num_attention_heads"]
        self.attention = nn.ModuleDict(
            {
                "self": nn.ModuleDict({name: nn.Linear(hidden, hidden) for name in ("query", "key", "value")}),
                "output": Dense(hidden, hidden, eps),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(hidden, config["intermediate_size"])})
        self.output = Dense(config["intermediate_size"], hidden, eps)
        self.activation = activation(config.get("hidden_act", "gelu"))

    def forward(self, x: Tensor, attention: Attention, look: Look, read: Tensor | None = None) -> Tensor:
        """(T, hidden) -> (T, hidden), or (B, hidden) for the tokens at ``read``."""
        parts: Any = self.attention["self"]
        asking = x if read is None else x[read]
        q, k, v = (
            parts[name](of).unflatten(-1, (self.heads, -1))
            for name, of in (("query", asking), ("key", x), ("value", x))
        )
        x = self.attention["output"](attention(q, k, v, look).flatten(1), asking)
        out: Tensor = self.output(self.activation(self.intermediate["dense"](x)), x)
        return out


class Embeddings(nn.Module):
    """Words, places and token types, summed and normed; RoBERTa counts places from behind its padding id."""

    def __init__(self, config: Mapping[str, Any], first_position: int) -> None:
        super().__init__()
        size = config.get("embedding_size", config["hidden_size"])
        self.word_embeddings = nn.Embedding(config["vocab_size"], size)
        self.position_embeddings = nn.Embedding(config["max_position_embeddings"], size)
        self.token_type_embeddings = nn.Embedding(config["type_vocab_size"], size)
        self.LayerNorm = nn.LayerNorm(size, eps=config.get("layer_norm_eps", 1e-12))
        self.first = first_position

    def forward(self, packed: Packed) -> Tensor:
        x = self.word_embeddings(packed.ids) + self.token_type_embeddings(packed.types)
        out: Tensor = self.LayerNorm(x + self.position_embeddings(packed.positions + self.first))
        return out


class Bert(nn.Module):
    """Packed tokens to the last layer's vector of each sequence's first token, shape (B, hidden).

    Args:
        config: the checkpoint's config.json.
        roberta: positions start behind the padding id, as in RoBERTa and XLM-R.

    Raises:
        ModelError: the config asks for positions other than absolute ones.
    """

    def __init__(self, config: Mapping[str, Any], *, roberta: bool = False) -> None:
        super().__init__()
        if (kind := config.get("position_embedding_type", "absolute")) != "absolute":
            raise ModelError(f"BERT with position_embedding_type {kind!r} is not implemented; 'absolute' is")
        self.embeddings = Embeddings(config, config.get("pad_token_id", 1) + 1 if roberta else 0)
        if (size := config.get("embedding_size", config["hidden_size"])) != config["hidden_size"]:
            self.embeddings_project = nn.Linear(size, config["hidden_size"])  # ELECTRA
        self.encoder = nn.ModuleDict(
            {"layer": nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))}
        )

    def forward(self, packed: Packed, attention: Attention) -> Tensor:
        x: Tensor = self.embeddings(packed)
        if hasattr(self, "embeddings_project"):
            x = self.embeddings_project(x)
        stack: Any = self.encoder["layer"]
        *layers, last = stack
        for layer in layers:
            x = layer(x, attention, Look())
        out: Tensor = last(x, attention, Look(rows="first"), packed.firsts)
        return out
