"""BERT and its family (RoBERTa, XLM-R, ELECTRA): post-norm encoders with learnt positions (Devlin et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.errors import ModelError
from tamis.score.nets.attention import Attention, Look, Packed
from tamis.score.nets.layers import activation
from tamis.score.nets.lib import Tensor, nn
from tamis.score.nets.pooling import known, means


class Dense(nn.Module):
    """A product with a norm of its sum with what went in: the end of each half of a layer."""

    def __init__(self, inner: int, hidden: int, eps: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        made: Tensor = self.dropout(self.dense(x))
        # Under autocast the product is half as wide as what is added to it, which keeps its width.
        out: Tensor = self.LayerNorm(made.add_(residual) if made.dtype == residual.dtype else made + residual)
        return out


class Layer(nn.Module):
    """Self-attention, then a two-layer perceptron, each added to its input and normed."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        hidden, eps = config["hidden_size"], config.get("layer_norm_eps", 1e-12)
        self.heads, left_out = config["num_attention_heads"], config.get("hidden_dropout_prob", 0.1)
        self.unseen = config.get("attention_probs_dropout_prob", 0.1)
        self.attention = nn.ModuleDict(
            {
                "self": nn.ModuleDict({name: nn.Linear(hidden, hidden) for name in ("query", "key", "value")}),
                "output": Dense(hidden, hidden, eps, left_out),
            }
        )
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(hidden, config["intermediate_size"])})
        self.output = Dense(config["intermediate_size"], hidden, eps, left_out)
        self.activation = activation(config.get("hidden_act", "gelu"))

    def forward(self, x: Tensor, attention: Attention, look: Look, read: Tensor | None = None) -> Tensor:
        """(T, hidden) -> (T, hidden), or (B, hidden) for the tokens at ``read``."""
        parts: Any = self.attention["self"]
        asking = x if read is None else x[read]
        look = look._replace(dropout=self.unseen) if self.training else look
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
        self.dropout = nn.Dropout(config.get("hidden_dropout_prob", 0.1))
        self.first = first_position

    def forward(self, packed: Packed) -> Tensor:
        x = self.word_embeddings(packed.ids) + self.token_type_embeddings(packed.types)
        out: Tensor = self.dropout(self.LayerNorm(x + self.position_embeddings(packed.positions + self.first)))
        return out


class Bert(nn.Module):
    """Packed tokens to one vector of the last layer a sequence, shape (B, hidden).

    Args:
        config: the checkpoint's config.json.
        roberta: positions start behind the padding id, as in RoBERTa and XLM-R.
        pooling: ``"cls"`` reads the first token, ``"last"`` the last, ``"mean"`` all.

    Raises:
        ModelError: the config asks for positions other than absolute ones, or the pooling is another.
    """

    def __init__(self, config: Mapping[str, Any], *, roberta: bool = False, pooling: str = "cls") -> None:
        super().__init__()
        self.pooling = known(pooling, "BERT")
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
        if self.pooling == "mean":
            return means(last(x, attention, Look()), packed)
        first = self.pooling == "cls"
        out: Tensor = last(x, attention, Look("first" if first else "last"), packed.firsts if first else packed.lasts)
        return out
