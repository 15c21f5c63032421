"""ModernBERT: pre-norm, rotary, gated; most layers look only nearby (Warner et al. 2024, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.score.folder import labels
from tamis.score.nets.attention import Attention, Look, Packed
from tamis.score.nets.layers import Rotary, activation, rope_theta, turned
from tamis.score.nets.lib import F, Tensor, nn
from tamis.score.nets.pooling import known, pooled

NEAR, EVERYWHERE = "sliding_attention", "full_attention"
THETAS = {NEAR: ("local_rope_theta", 10000.0), EVERYWHERE: ("global_rope_theta", 160000.0)}


def layer_types(config: Mapping[str, Any]) -> list[str]:
    """Which layers look everywhere and which only nearby, from the old or the new form of a config.

    >>> layer_types({"num_hidden_layers": 4, "global_attn_every_n_layers": 3})
    ['full_attention', 'sliding_attention', 'sliding_attention', 'full_attention']
    """
    every = config.get("global_attn_every_n_layers", 3)
    found: list[str] = config.get("layer_types") or [
        NEAR if at % every else EVERYWHERE for at in range(config["num_hidden_layers"])
    ]
    return found


def _norm(config: Mapping[str, Any]) -> nn.LayerNorm:
    return nn.LayerNorm(config["hidden_size"], eps=config.get("norm_eps", 1e-5), bias=config.get("norm_bias", False))


class Layer(nn.Module):
    """Attention and a gated perceptron, each on the normed input and added to it; the first layer's input is normed."""

    def __init__(self, config: Mapping[str, Any], at: int, look: Look) -> None:
        super().__init__()
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        bias = config.get("attention_bias", False)
        self.size, self.look = hidden // config["num_attention_heads"], look
        self.attn_norm = _norm(config) if at else nn.Identity()
        self.attn = nn.ModuleDict(
            {"Wqkv": nn.Linear(hidden, 3 * hidden, bias=bias), "Wo": nn.Linear(hidden, hidden, bias=bias)}
        )
        self.mlp_norm = _norm(config)
        bias = config.get("mlp_bias", False)
        self.mlp = nn.ModuleDict(
            {"Wi": nn.Linear(hidden, 2 * inner, bias=bias), "Wo": nn.Linear(inner, hidden, bias=bias)}
        )
        self.activation = activation(config.get("hidden_activation", "gelu"))
        self.unseen = config.get("attention_dropout", 0.0)
        self.left_out = nn.ModuleDict(
            {"attn": nn.Dropout(self.unseen), "mlp": nn.Dropout(config.get("mlp_dropout", 0.0))}
        )

    def forward(
        self, x: Tensor, places: tuple[Tensor, Tensor], attention: Attention, read: Tensor | None = None
    ) -> Tensor:
        """(T, hidden) -> (T, hidden), or (B, hidden) for the first tokens, which stand at ``read``."""
        q, k, v, x = self._projected(x, read)
        turn = places if read is None else (places[0][read], places[1][read])
        look = self.look._replace(dropout=self.unseen) if self.training else self.look
        look = look if read is None else look._replace(rows="first")
        seen = attention(turned(q, turn), turned(k, places), v, look).flatten(1)
        x = x + self.left_out["attn"](self.attn["Wo"](seen))
        inner, gate = self.mlp["Wi"](self.mlp_norm(x)).chunk(2, dim=-1)
        out: Tensor = x + self.mlp["Wo"](self.left_out["mlp"](self.activation(inner).mul_(gate)))
        return out

    def _projected(self, x: Tensor, read: Tensor | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Queries, keys and values (.., heads, d), and the rows of x that ask."""
        normed: Tensor = self.attn_norm(x)
        product: Any = self.attn["Wqkv"]
        if read is None or not isinstance(product, nn.Linear):  # LoRA's sum cannot be cut
            q, k, v = product(normed).unflatten(-1, (3, -1, self.size)).unbind(1)
            return (q, k, v, x) if read is None else (q[read], k, v, x[read])
        at = x.shape[1]
        wq, wkv = product.weight[:at], product.weight[at:]
        bq, bkv = (None, None) if product.bias is None else (product.bias[:at], product.bias[at:])
        asking: Any = F.linear(normed[read], wq, bq)
        seen: Any = F.linear(normed, wkv, bkv)
        k, v = seen.unflatten(-1, (2, -1, self.size)).unbind(1)
        return asking.unflatten(-1, (-1, self.size)), k, v, x[read]


class ModernBert(nn.Module):
    """Packed tokens to one normed vector a sequence, shape (B, hidden).

    Args:
        config: the checkpoint's config.json.
        pooling: ``"cls"`` reads the first token, ``"last"`` the last, ``"mean"`` all; empty takes the config's.

    Raises:
        ModelError: the pooling is another.
    """

    def __init__(self, config: Mapping[str, Any], *, pooling: str = "") -> None:
        super().__init__()
        self.pooling = known(pooling or config.get("classifier_pooling", "cls"), "ModernBERT")
        words = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.embeddings = nn.ModuleDict({"tok_embeddings": words, "norm": _norm(config)})
        self.dropout = nn.Dropout(config.get("embedding_dropout", 0.0))
        self.kinds = layer_types(config)
        looks = {NEAR: Look(window=config.get("local_attention", 128) // 2), EVERYWHERE: Look()}
        self.layers = nn.ModuleList(Layer(config, at, looks[kind]) for at, kind in enumerate(self.kinds))
        self.final_norm = _norm(config)
        size = config["hidden_size"] // config["num_attention_heads"]
        thetas = {kind: rope_theta(config, kind, config.get(old, theta)) for kind, (old, theta) in THETAS.items()}
        self.rotary = {kind: Rotary(size, theta) for kind, theta in thetas.items()}

    def forward(self, packed: Packed, attention: Attention) -> Tensor:
        x: Tensor = self.dropout(self.embeddings["norm"](self.embeddings["tok_embeddings"](packed.ids)))
        places = {kind: self.rotary[kind].at(packed.positions, x.dtype) for kind in set(self.kinds)}
        for layer, kind in zip(self.layers[:-1], self.kinds[:-1], strict=True):
            x = layer(x, places[kind], attention)
        read = packed.firsts if self.pooling == "cls" else None
        x = self.final_norm(self.layers[-1](x, places[self.kinds[-1]], attention, read))
        return x if self.pooling == "cls" else pooled(x, packed, self.pooling)


class ModernBertHead(nn.Module):
    """norm(activation(dense(x))), then the classifier."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        hidden = config["hidden_size"]
        self.dense = nn.Linear(hidden, hidden, bias=config.get("classifier_bias", False))
        self.norm = _norm(config)
        self.classifier = nn.Linear(hidden, labels(config))
        self.activation = activation(config.get("classifier_activation", "gelu"))
        self.dropout = nn.Dropout(config.get("classifier_dropout") or 0.0)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.classifier(self.dropout(self.norm(self.activation(self.dense(x)))))
        return out
