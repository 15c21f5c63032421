"""Decoders as rerankers (Qwen2, Qwen3, Llama, Mistral, Gemma): pre-norm, rotary, read at the last token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tamis.score.nets.attention import Attention, Look, Packed, Past
from tamis.score.nets.layers import RMSNorm, Rotary, activation, rope_theta, turned
from tamis.score.nets.lib import Tensor, nn
from tamis.score.nets.pooling import known, pooled


class Traits(NamedTuple):
    """What one kind of decoder does otherwise than Llama.

    Attributes:
        qkv_bias: queries, keys and values have biases (Qwen2).
        head_norm: queries and keys are normed head by head (Qwen3).
        norm_offset: added to a norm's weights, and embeddings grow by sqrt(hidden) (Gemma).
        activation: of the perceptron's gate; empty takes the config's.
    """

    qkv_bias: bool = False
    head_norm: bool = False
    norm_offset: float = 0.0
    activation: str = ""


KINDS: dict[str, Traits] = {
    "qwen2": Traits(qkv_bias=True),
    "qwen3": Traits(head_norm=True),
    "llama": Traits(),
    "mistral": Traits(),
    "gemma": Traits(norm_offset=1.0, activation="gelu_pytorch_tanh"),
}


class SelfAttention(nn.Module):
    """Rotary attention with fewer key heads than query heads."""

    def __init__(self, config: Mapping[str, Any], traits: Traits) -> None:
        super().__init__()
        hidden, heads = config["hidden_size"], config["num_attention_heads"]
        self.size = config.get("head_dim") or hidden // heads
        few = config.get("num_key_value_heads") or heads
        bias = bool(config.get("attention_bias")) or traits.qkv_bias
        self.q_proj = nn.Linear(hidden, heads * self.size, bias=bias)
        self.k_proj = nn.Linear(hidden, few * self.size, bias=bias)
        self.v_proj = nn.Linear(hidden, few * self.size, bias=bias)
        self.o_proj = nn.Linear(heads * self.size, hidden, bias=bool(config.get("attention_bias")))
        if traits.head_norm:
            self.q_norm = RMSNorm(self.size, config["rms_norm_eps"])
            self.k_norm = RMSNorm(self.size, config["rms_norm_eps"])

    def keys(self, x: Tensor, places: tuple[Tensor, Tensor]) -> Past:
        """Keys, turned by their places, and values of every token."""
        k, v = (proj(x).unflatten(-1, (-1, self.size)) for proj in (self.k_proj, self.v_proj))
        return turned(self.k_norm(k) if hasattr(self, "k_norm") else k, places), v

    def forward(
        self, x: Tensor, own: Past, places: tuple[Tensor, Tensor], attention: Attention, look: Look, past: Past | None
    ) -> Tensor:
        q = self.q_proj(x).unflatten(-1, (-1, self.size))
        q = turned(self.q_norm(q) if hasattr(self, "q_norm") else q, places)
        out: Tensor = self.o_proj(attention(q, *own, look, past).flatten(1))
        return out


class Layer(nn.Module):
    """Attention and a gated perceptron, each on the normed input and added to it."""

    def __init__(self, config: Mapping[str, Any], traits: Traits) -> None:
        super().__init__()
        hidden, inner, eps = config["hidden_size"], config["intermediate_size"], config["rms_norm_eps"]
        self.input_layernorm = RMSNorm(hidden, eps, traits.norm_offset)
        self.self_attn = SelfAttention(config, traits)
        self.post_attention_layernorm = RMSNorm(hidden, eps, traits.norm_offset)
        self.mlp = nn.ModuleDict(
            {
                "gate_proj": nn.Linear(hidden, inner, bias=False),
                "up_proj": nn.Linear(hidden, inner, bias=False),
                "down_proj": nn.Linear(inner, hidden, bias=False),
            }
        )
        self.activation = activation(traits.activation or config["hidden_act"])
        self.unseen = config.get("attention_dropout", 0.0)

    def keys(self, x: Tensor, places: tuple[Tensor, Tensor]) -> Past:
        """What later tokens see of these: all that a prefix has to compute in its last layer."""
        return self.self_attn.keys(self.input_layernorm(x), places)

    def forward(
        self,
        x: Tensor,
        places: tuple[Tensor, Tensor],
        attention: Attention,
        past: Past | None,
        read: Tensor | None = None,
    ) -> tuple[Tensor, Past]:
        """(T, hidden) -> (T, hidden), or (B, hidden) for the tokens at ``read``; and the keys and values seen."""
        normed = self.input_layernorm(x)
        own = self.self_attn.keys(normed, places)
        look = Look(causal=True)
        if read is not None:
            x, normed, places, look = x[read], normed[read], (places[0][read], places[1][read]), Look("last", True)
        look = look._replace(dropout=self.unseen) if self.training else look
        x = x + self.self_attn(normed, own, places, attention, look, past)
        normed = self.post_attention_layernorm(x)
        inner = self.activation(self.mlp["gate_proj"](normed)).mul_(self.mlp["up_proj"](normed))
        return x + self.mlp["down_proj"](inner), own


class Decoder(nn.Module):
    """Packed tokens to one normed vector a sequence, shape (B, hidden).

    Args:
        config: the checkpoint's config.json.
        pooling: ``"last"`` reads the last token, which has seen all others; ``"mean"`` all, ``"cls"`` the first.

    Raises:
        ModelError: the pooling is another.
    """

    def __init__(self, config: Mapping[str, Any], *, pooling: str = "last") -> None:
        super().__init__()
        self.pooling = known(pooling, "a decoder")
        traits = KINDS[config["model_type"]]
        hidden = config["hidden_size"]
        self.embed_tokens = nn.Embedding(config["vocab_size"], hidden)
        self.layers = nn.ModuleList(Layer(config, traits) for _ in range(config["num_hidden_layers"]))
        self.norm = RMSNorm(hidden, config["rms_norm_eps"], traits.norm_offset)
        self.rotary = Rotary(config.get("head_dim") or hidden // config["num_attention_heads"], rope_theta(config))
        self.grown = float(hidden**0.5) if traits.norm_offset else 1.0

    def forward(self, packed: Packed, attention: Attention, past: Sequence[Past] | None = None) -> Tensor:
        """``past``: each layer's keys and values of the tokens that all sequences begin with."""
        x, places = self._start(packed)
        none: list[Past | None] = [None] * len(self.layers)
        stack = list(zip(self.layers, past or none, strict=True))
        for layer, before in stack[:-1]:
            x, _ = layer(x, places, attention, before)
        last, before = stack[-1]
        x, _ = last(x, places, attention, before, packed.lasts if self.pooling == "last" else None)
        out: Tensor = self.norm(x)
        return out if self.pooling == "last" else pooled(out, packed, self.pooling)

    def prefix(self, packed: Packed, attention: Attention) -> list[Past]:
        """Each layer's keys and values of one sequence, for others that begin with it."""
        x, places = self._start(packed)
        found: list[Past] = []
        for layer in self.layers[:-1]:
            x, own = layer(x, places, attention, None)
            found.append(own)
        last: Any = self.layers[-1]
        return [*found, last.keys(x, places)]

    def _start(self, packed: Packed) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        x: Tensor = self.embed_tokens(packed.ids)
        if self.grown != 1.0:
            x = x * x.new_tensor(self.grown)
        return x, self.rotary.at(packed.positions, x.dtype)
