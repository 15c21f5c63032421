"""DeBERTa-v2 and v3: attention scores are also of content to distance and distance to content (He et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

from tamis.errors import ModelError
from tamis.score.folder import labels
from tamis.score.nets.attention import Attention, Bias, Look, Packed
from tamis.score.nets.bert import Dense
from tamis.score.nets.heads import left_out
from tamis.score.nets.layers import activation
from tamis.score.nets.lib import Tensor, nn, torch

Rows: TypeAlias = Callable[[int, int, torch.device], Tensor]


class Distances:
    """Which row of the distance embeddings stands for each pair of places: near ones exactly, far ones by logarithm.

    Args:
        buckets: rows to either side of 0; not positive keeps every distance exact.
        farthest: the greatest distance that is told apart.
    """

    def __init__(self, buckets: int, farthest: int) -> None:
        self.buckets, self.farthest = buckets, farthest
        self.span = buckets if buckets > 0 else farthest

    def rows(self, asking: int, seen: int, device: torch.device) -> Tensor:
        """Row numbers (asking, seen); a single row that asks is the first token's."""
        if torch.compiler.is_exporting():  # graphs have no sliding view
            apart = torch.arange(asking, device=device)[:, None] - torch.arange(seen, device=device)[None]
            return (self._bucket(apart) + self.span).clamp(0, 2 * self.span - 1)
        line = self._bucket(torch.arange(1 - seen, asking, device=device))
        return (line + self.span).clamp(0, 2 * self.span - 1).unfold(0, seen, 1).flip(-1)

    def _bucket(self, apart: Tensor) -> Tensor:
        """Logarithmic buckets in the rounding of the released code."""
        if self.buckets <= 0:
            return apart
        middle = self.buckets // 2
        far = apart.abs().clamp(min=middle)
        scale = torch.log(torch.tensor((self.farthest - 1) / middle, device=apart.device))
        bucket = torch.ceil(torch.log(far / middle) / scale * (middle - 1)) + middle
        return torch.where(apart.abs() <= middle, apart, (bucket * apart.sign()).long())


class Layer(nn.Module):
    """Self-attention with distances, then a two-layer perceptron, each added to its input and normed."""

    def __init__(self, config: Mapping[str, Any], kinds: tuple[str, ...]) -> None:
        super().__init__()
        hidden, eps = config["hidden_size"], config.get("layer_norm_eps", 1e-7)
        left_out, self.unseen = config.get("hidden_dropout_prob", 0.1), config.get("attention_probs_dropout_prob", 0.1)
        self.heads, self.kinds = config["num_attention_heads"], kinds
        names = ["query_proj", "key_proj", "value_proj"]
        self.keyed, self.queried = "key_proj", "query_proj"
        if not config.get("share_att_key", False):
            self.keyed, self.queried = "pos_key_proj", "pos_query_proj"
            names += [name for kind, name in (("c2p", self.keyed), ("p2c", self.queried)) if kind in kinds]
        own = nn.ModuleDict({name: nn.Linear(hidden, hidden) for name in names})
        self.attention = nn.ModuleDict({"self": own, "output": Dense(hidden, hidden, eps, left_out)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(hidden, config["intermediate_size"])})
        self.output = Dense(config["intermediate_size"], hidden, eps, left_out)
        self.activation = activation(config.get("hidden_act", "gelu"))
        self.scale = (hidden // self.heads * (1 + len(kinds))) ** -0.5

    def forward(
        self, x: Tensor, attention: Attention, table: Tensor | None, rows: Rows, read: Tensor | None = None
    ) -> Tensor:
        """(T, hidden) -> (T, hidden), or (B, hidden) for the first tokens, which stand at ``read``."""
        asking = x if read is None else x[read]
        q, k, v = (self._heads(of, name) for name, of in (("query_proj", asking), ("key_proj", x), ("value_proj", x)))
        bias = None if table is None else self._bias(table, rows)
        dropout = self.unseen if self.training else 0.0
        look = Look("all" if read is None else "first", scale=self.scale, bias=bias, dropout=dropout)
        x = self.attention["output"](attention(q, k, v, look).flatten(1), asking)
        out: Tensor = self.output(self.activation(self.intermediate["dense"](x)), x)
        return out

    def _heads(self, x: Tensor, name: str) -> Tensor:
        parts: Any = self.attention["self"]
        out: Tensor = parts[name](x).unflatten(-1, (self.heads, -1))
        return out

    def _bias(self, table: Tensor, rows: Rows) -> Bias:
        """The term of distances, from their embeddings (2 span, hidden)."""
        keys = self._heads(table, self.keyed).permute(1, 2, 0) * self.scale if "c2p" in self.kinds else None
        queries = self._heads(table, self.queried).permute(1, 2, 0) * self.scale if "p2c" in self.kinds else None

        def bias(q: Tensor, k: Tensor) -> Tensor:
            many, heads, asking, _ = q.shape
            seen = k.shape[2]
            at = rows(asking, seen, q.device).expand(many, heads, asking, seen)
            found = q.new_zeros(1)
            if keys is not None:
                found = found + (q @ keys).gather(-1, at)
            if queries is not None:
                found = found + (k @ queries).gather(-1, at.transpose(-1, -2)).transpose(-1, -2)
            return found

        return bias


class Embeddings(nn.Module):
    """Words, with token types and places where the config has them, normed."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        size = config.get("embedding_size", config["hidden_size"])
        self.word_embeddings = nn.Embedding(config["vocab_size"], size)
        if config.get("position_biased_input", True):
            self.position_embeddings = nn.Embedding(config["max_position_embeddings"], size)
        if config.get("type_vocab_size", 0) > 0:
            self.token_type_embeddings = nn.Embedding(config["type_vocab_size"], size)
        if size != config["hidden_size"]:
            self.embed_proj = nn.Linear(size, config["hidden_size"], bias=False)
        self.LayerNorm = nn.LayerNorm(config["hidden_size"], eps=config.get("layer_norm_eps", 1e-7))
        self.dropout = nn.Dropout(config.get("hidden_dropout_prob", 0.1))

    def forward(self, packed: Packed) -> Tensor:
        x = self.word_embeddings(packed.ids)
        if hasattr(self, "position_embeddings"):
            x = x + self.position_embeddings(packed.positions)
        if hasattr(self, "token_type_embeddings"):
            x = x + self.token_type_embeddings(packed.types)
        out: Tensor = self.dropout(self.LayerNorm(self.embed_proj(x) if hasattr(self, "embed_proj") else x))
        return out


class Deberta(nn.Module):
    """Packed tokens to the last layer's vector of each sequence's first token, shape (B, hidden).

    Raises:
        ModelError: the config asks for the convolution of DeBERTa-v2-xlarge.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        if config.get("conv_kernel_size", 0) > 0:
            raise ModelError("DeBERTa with a convolution (conv_kernel_size) is not implemented; without one it is")
        stated = config.get("pos_att_type") or ()
        kinds = tuple(stated.split("|") if isinstance(stated, str) else stated)
        farthest = config.get("max_relative_positions", -1)
        farthest = config["max_position_embeddings"] if farthest < 1 else farthest
        self.distances = Distances(config.get("position_buckets", -1), farthest)
        self.embeddings = Embeddings(config)
        stack = nn.ModuleList(Layer(config, kinds) for _ in range(config["num_hidden_layers"]))
        self.encoder = nn.ModuleDict({"layer": stack})
        if config.get("relative_attention", False):
            self.encoder["rel_embeddings"] = nn.Embedding(2 * self.distances.span, config["hidden_size"])
        if "layer_norm" in config.get("norm_rel_ebd", "none").lower():
            self.encoder["LayerNorm"] = nn.LayerNorm(config["hidden_size"], eps=config.get("layer_norm_eps", 1e-7))

    def forward(self, packed: Packed, attention: Attention) -> Tensor:
        x: Tensor = self.embeddings(packed)
        table = self.encoder["rel_embeddings"].weight if "rel_embeddings" in self.encoder else None
        if table is not None and "LayerNorm" in self.encoder:
            table = self.encoder["LayerNorm"](table)
        # The layers ask for the same; sizes of a graph are symbols, which no cache can hold.
        rows = self.distances.rows if torch.compiler.is_exporting() else cache(self.distances.rows)
        stack: Any = self.encoder["layer"]
        *layers, last = stack
        for layer in layers:
            x = layer(x, attention, table, rows)
        out: Tensor = last(x, attention, table, rows, packed.firsts)
        return out


class DebertaHead(nn.Module):
    """activation(dense(x)), then the classifier."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        hidden = config.get("pooler_hidden_size", config["hidden_size"])
        self.pooler = nn.ModuleDict({"dense": nn.Linear(hidden, hidden)})
        self.classifier = nn.Linear(hidden, labels(config))
        self.activation = activation(config.get("pooler_hidden_act", "gelu"))
        self.dropout = left_out(config)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.classifier(self.dropout(self.activation(self.pooler["dense"](x))))
        return out
