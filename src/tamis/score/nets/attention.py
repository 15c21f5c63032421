"""What a network reads, packed, and attention within each sequence of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple, Protocol, TypeAlias

from tamis.score.nets.lib import F, Tensor, torch

Rows: TypeAlias = Literal["all", "first", "last"]
# A term added to the scaled scores: q (..., heads, L, d), k (..., heads, M, d) -> (..., heads, L, M).
Bias: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Past: TypeAlias = tuple[Tensor, Tensor]  # keys and values of a shared prefix, each (P, heads, d)


class Packed(NamedTuple):
    """The sequences of a batch in one row of T tokens, one after the other, without padding.

    Attributes:
        ids: token ids, shape (T,).
        positions: places within each sequence, counted from 0 (from P behind a prefix of P tokens), shape (T,).
        types: token types, shape (T,).
        firsts: where each sequence's first token stands, shape (B,).
        lasts: where each sequence's last token stands, shape (B,).
    """

    ids: Tensor
    positions: Tensor
    types: Tensor
    firsts: Tensor
    lasts: Tensor


class Look(NamedTuple):
    """Who sees whom within a sequence.

    Attributes:
        rows: which tokens of each sequence ask: all, or only the first or the last.
        causal: a token sees itself and what stands before it.
        window: most places between a token and what it sees; None is no limit.
        scale: what products of queries and keys are multiplied by; None is ``1 / sqrt(d)``.
        bias: a term added to the scaled scores.
        dropout: share of the weights that are left out; above 0 only while training.
    """

    rows: Rows = "all"
    causal: bool = False
    window: int | None = None
    scale: float | None = None
    bias: Bias | None = None
    dropout: float = 0.0


class Attention(Protocol):
    """Softmax attention within each sequence: q (T, heads, d), or (B, heads, d) where one row a sequence asks; k and v
    (T, key heads, d); the result has q's shape."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, look: Look, past: Past | None = None) -> Tensor: ...


FAR = -1e9  # added to scores of what may not be seen
SHORT = 96 * 96  # scores of a sequence up to which plain products beat PyTorch's fused kernel (1.8 x at 60)


class Run(NamedTuple):
    """Neighbouring sequences of one length: their first's number, how many, the length, where they start."""

    at: int
    many: int
    length: int
    start: int


class Sequences:
    """Attention that takes each sequence by itself, neighbours of one length together: nothing is padded."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._runs: list[Run] = []
        self._masks: dict[tuple[int, int, Look], Tensor | None] = {}
        at = start = 0
        for length, same in groupby(lengths):
            count = len(list(same))
            self._runs.append(Run(at, count, length, start))
            at, start = at + count, start + count * length

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, look: Look, past: Past | None = None) -> Tensor:
        if torch.is_grad_enabled():  # parts written into one tensor would each copy its whole gradient
            parts = [self._attended(run, q, k, v, look, past) for run in self._runs]
            return torch.cat([found.transpose(1, 2).flatten(0, 1) for found in parts])
        out = q.new_empty(*q.shape[:-1], v.shape[-1])
        for run in self._runs:
            each, first = (run.length, run.start) if look.rows == "all" else (1, run.at)
            rows = out[first : first + run.many * each]
            found = self._attended(run, q, k, v, look, past)
            rows.view(run.many, each, *out.shape[1:]).copy_(found.transpose(1, 2))
        return out

    def _attended(self, run: Run, q: Tensor, k: Tensor, v: Tensor, look: Look, past: Past | None) -> Tensor:
        """The result of one run's sequences, shape (many, heads, rows that ask, d)."""
        keys, values = (_side(x, run.start, run.many, run.length) for x in (k, v))
        if past is not None:
            keys, values = (
                torch.cat([p.transpose(0, 1).expand(run.many, -1, -1, -1), x], dim=2)
                for p, x in zip(past, (keys, values), strict=True)
            )
        each, first = (run.length, run.start) if look.rows == "all" else (1, run.at)
        asked = _side(q, first, run.many, each)
        return attend(asked, keys, values, self._mask(each, keys.shape[2], look, q.device), look)

    def _mask(self, asking: int, seen: int, look: Look, device: torch.device) -> Tensor | None:
        if look.window is None and not look.causal:
            return None
        key = (asking, seen, look._replace(bias=None))
        if key not in self._masks:
            self._masks[key] = visible(asking, seen, look, device)
        return self._masks[key]


class Padded:
    """Attention over sequences laid out as (B, L) and back: for graphs and devices that want one shape.

    Args:
        slots: for every place of (B, L) the packed token that stands there (any token where none does).
        valid: which places hold a token, shape (B, L).
        flat: for every packed token its place in the flattened (B, L), shape (T,).
    """

    def __init__(self, slots: Tensor, valid: Tensor, flat: Tensor) -> None:
        self._slots, self._valid, self._flat = slots, valid, flat

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, look: Look, past: Past | None = None) -> Tensor:
        keys, values = (self._laid(x) for x in (k, v))
        mask = self._valid[:, None, None, :]
        if past is not None:
            many, before = len(self._slots), past[0].shape[0]
            keys, values = (
                torch.cat([p.transpose(0, 1).expand(many, -1, -1, -1), x], dim=2)
                for p, x in zip(past, (keys, values), strict=True)
            )
            mask = F.pad(mask, (before, 0), value=True)
        asked = self._laid(q) if look.rows == "all" else q[:, :, None]
        near = visible(asked.shape[2], keys.shape[2], look, q.device)
        found = attend(asked, keys, values, mask if near is None else mask & near, look)
        if look.rows != "all":
            return found[:, :, 0]
        return found.transpose(1, 2).flatten(0, 1).index_select(0, self._flat)

    def _laid(self, x: Tensor) -> Tensor:
        """Packed tokens (T, heads, d) as (B, heads, L, d)."""
        return x.index_select(0, self._slots.flatten()).view(*self._slots.shape, *x.shape[1:]).transpose(1, 2)


def _side(x: Tensor, start: int, count: int, length: int) -> Tensor:
    """Rows of ``count`` sequences as (count, heads, length, d), without a copy."""
    return x[start : start + count * length].view(count, length, *x.shape[1:]).transpose(1, 2)


def visible(asking: int, seen: int, look: Look, device: torch.device) -> Tensor | None:
    """Which keys each asking token may see, shape (asking, seen); None where it may see all of its sequence."""
    if look.window is None and (not look.causal or asking == 1):
        return None  # one row that asks is the first of a network that looks both ways, or the last of a causal one
    there = torch.arange(seen, device=device)
    here = there[seen - asking :] if look.rows != "first" else there[:1]
    apart = here[:, None] - there[None, :]
    near = torch.ones_like(apart, dtype=torch.bool) if look.window is None else apart.abs() <= look.window
    return near & (apart >= 0) if look.causal else near


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, look: Look) -> Tensor:
    """softmax(scale q k' + bias) v over (B, heads, L, d); fewer key heads serve their neighbours."""
    if (many := q.shape[1] // k.shape[1]) > 1:
        k, v = (x.repeat_interleave(many, dim=1) for x in (k, v))
    if look.bias is not None:
        bias = look.bias(q, k)
        mask = bias if mask is None else bias.masked_fill(~mask, torch.finfo(bias.dtype).min)
    if torch.compiler.is_exporting() or (q.device.type == "cpu" and q.shape[2] * k.shape[2] <= SHORT):
        return _spelt_out(q, k, v, mask, look)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=look.dropout, scale=look.scale)


def _spelt_out(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, look: Look) -> Tensor:
    """The same in products, without the passes over L x L that PyTorch's form guards against rows that see nothing."""
    scores = (q * (look.scale or q.shape[-1] ** -0.5)) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores + (torch.where(mask, 0.0, FAR).to(q.dtype) if mask.dtype == torch.bool else mask)
    weights = torch.softmax(scores, dim=-1)
    return (F.dropout(weights, look.dropout) if look.dropout else weights) @ v
