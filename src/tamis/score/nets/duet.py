"""Duet: two texts read apart by the lower layers and together by the upper ones, long documents at half resolution.

The layers of a bi-encoder can be taken as they are: while the gate between the texts is all but shut, the score is
their cosine, and training opens the gate. Reading apart first and together later is PreTTR's way (MacAvaney et al.
2020) and MORES' (Gao et al. 2020); going on with the means of neighbours is the Funnel-Transformer's (Dai et al. 2020).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tamis.score.nets.attention import Attention, Look, Packed
from tamis.score.nets.bert import Embeddings, Layer
from tamis.score.nets.lib import F, Tensor, nn, torch
from tamis.score.nets.packing import attending

KNOWN = 200_000  # texts whose states are kept while the layers that read them do not learn; 60 tokens take 23 kB
Text: TypeAlias = tuple[int, ...]  # 0 for a query and 1 for a document, then its token ids


class GatedLayer(Layer):
    """A layer of BERT whose tokens see those of the other text as far as a gate lets them, one a head."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self.gate = nn.Parameter(torch.full((self.heads,), float(config.get("gate", 4.0))))

    def together(self, x: Tensor, attention: Attention, sides: Tensor) -> Tensor:
        """(T, hidden) -> (T, hidden); ``sides`` (T, 2) is 1 for the query's tokens and for the document's."""
        parts: Any = self.attention["self"]
        q, k, v = (parts[name](x).unflatten(-1, (self.heads, -1)) for name in ("query", "key", "value"))
        width = q.shape[-1]
        # Two more dimensions, whose product is minus the gate where the sides differ and 0 where they are the same.
        other = (-math.sqrt(width) * self.gate)[None, :, None] * sides.flip(1)[:, None, :]
        q = torch.cat([q, other.to(q.dtype)], dim=-1)
        k = torch.cat([k, sides[:, None, :].expand(-1, self.heads, -1).to(k.dtype)], dim=-1)
        look = Look(scale=width**-0.5, dropout=self.unseen if self.training else 0.0)
        x = self.attention["output"](attention(q, k, v, look).flatten(1), x)
        out: Tensor = self.output(self.activation(self.intermediate["dense"](x)), x)
        return out


class Duet(nn.Module):
    """Packed pairs to the mean vectors of both texts, shape (B, 2 hidden).

    Every different text of a batch is read once; where the layers that do so stay as they are in training, its states
    are kept for the steps to come. ``config.json`` says ``apart_layers`` (the lower layers, which read each text by
    itself), ``halving_layer`` (above so many layers, documents of more than ``halved_above`` tokens go on with the
    means of neighbouring tokens), ``document_begins`` (how many tokens before the second token type are the document's
    already) and ``gate`` (what a gate begins with).
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.apart, self.halving = int(config["apart_layers"]), int(config["halving_layer"])
        self.halved, self.before = int(config["halved_above"]), int(config["document_begins"])
        self.embeddings = Embeddings(config, 0)
        layers = (Layer(config) if at < self.apart else GatedLayer(config) for at in range(config["num_hidden_layers"]))
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(layers)})
        self._known: dict[Text, Tensor] = {}

    def forward(self, packed: Packed, attention: Attention) -> Tensor:
        texts = self._texts(packed)
        states = self._states(texts)
        x, lengths = torch.cat([states[t] for t in texts]), [len(states[t]) for t in texts]
        pairs = [query + document for query, document in zip(lengths[::2], lengths[1::2], strict=True)]
        sizes = torch.tensor(lengths, device=x.device)
        document = (torch.arange(len(lengths), device=x.device) % 2).repeat_interleave(sizes)
        return self.together(x, document, torch.tensor(pairs, device=x.device), attending(pairs, x.device))

    def entered(self, words: Tensor, places: Tensor) -> Tensor:
        """Word vectors (T, hidden) and places within each text to what the first layer reads."""
        parts = self.embeddings
        types = parts.token_type_embeddings.weight[0]
        out: Tensor = parts.dropout(parts.LayerNorm(words + types + parts.position_embeddings(places)))
        return out

    def reading(self, upper: bool) -> Sequence[Any]:
        """The layers that read a text by itself: those below the halving, or those above it."""
        layers: Any = self.encoder["layer"]
        return list(layers[self.halving : self.apart] if upper else layers[: self.halving])

    def together(self, x: Tensor, document: Tensor, pairs: Tensor, attention: Attention) -> Tensor:
        """The texts' states, one pair after the other, to the vectors the head reads.

        Args:
            x: states, shape (T, hidden).
            document: 1 for the documents' tokens, 0 for the queries', shape (T,).
            pairs: tokens of each pair, shape (B,).
            attention: within each pair.
        """
        sides = torch.stack([1 - document, document], dim=1).to(x.dtype)
        layers: Any = self.encoder["layer"]
        for layer in layers[self.apart :]:
            x = layer.together(x, attention, sides)
        firsts = pairs.cumsum(0) - pairs
        # A product with ones: graphs have no sum by segment.
        places = torch.arange(x.shape[0], device=x.device)[None]
        owned = ((places >= firsts[:, None]) & (places < (firsts + pairs)[:, None])).float()
        sums = [(owned * side[None].float()) for side in sides.unbind(1)]
        means = [one @ x.float() / one.sum(1, keepdim=True) for one in sums]
        return torch.cat(means, dim=1)

    def _texts(self, packed: Packed) -> list[Text]:
        """Each pair's query and document."""
        ids, types = packed.ids.tolist(), packed.types.tolist()
        found: list[Text] = []
        for first, last in zip(packed.firsts.tolist(), packed.lasts.tolist(), strict=True):
            second = last + 1 - sum(types[first : last + 1]) - self.before
            found += [(0, *ids[first:second]), (1, *ids[second : last + 1])]
        return found

    def _states(self, texts: Sequence[Text]) -> Mapping[Text, Tensor]:
        """What stands above the layers that read a text by itself, of each different text."""
        wanted = sorted(dict.fromkeys(texts), key=len)
        if not self.training or any(parameter.requires_grad for parameter in self._below()):
            return self._read(wanted)
        if len(self._known) > KNOWN:
            self._known.clear()
        if missing := [text for text in wanted if text not in self._known]:
            with torch.no_grad():
                read = self.eval()._read(missing)  # what does not learn leaves nothing out
            self.train()
            self._known |= {text: state.half() for text, state in read.items()}
        return {text: self._known[text].float() for text in wanted}

    def _below(self) -> Iterator[nn.Parameter]:
        for part in (self.embeddings, *self.reading(False), *self.reading(True)):
            yield from part.parameters()

    def _read(self, texts: Sequence[Text]) -> dict[Text, Tensor]:
        device = self.embeddings.word_embeddings.weight.device
        ids = torch.tensor([i for text in texts for i in text[1:]], device=device)
        lengths = [len(text) - 1 for text in texts]
        places = torch.cat([torch.arange(length, device=device) for length in lengths])
        x = self.entered(self.embeddings.word_embeddings(ids), places)
        for upper in (False, True):
            attention = attending(lengths, device)
            for layer in self.reading(upper):
                x = layer(x, attention, Look())
            if not upper:
                chosen = [text[0] == 1 and len(text) - 1 > self.halved for text in texts]
                x, lengths = halved(x, lengths, chosen)
        return dict(zip(texts, torch.split(x, lengths), strict=True))


def halved(x: Tensor, lengths: Sequence[int], chosen: Sequence[bool]) -> tuple[Tensor, list[int]]:
    """Two neighbouring rows of each chosen sequence become their mean; an odd last one stays.

    >>> x, lengths = halved(torch.arange(5.0)[:, None], [2, 3], [False, True])
    >>> x[:, 0].tolist(), lengths
    ([0.0, 1.0, 2.5, 4.0], [2, 2])
    """
    parts = [
        torch.cat([(part[0:-1:2] + part[1::2]) / 2, part[len(part) // 2 * 2 :]]) if halve else part
        for part, halve in zip(torch.split(x, list(lengths)), chosen, strict=True)
    ]
    return torch.cat(parts), [len(part) for part in parts]


class DuetHead(nn.Module):
    """The cosine of the two texts' mean vectors, each dimension with a weight, times a scale, plus a bias.

    No more than that: what reads the vectors themselves finds the few huge numbers that BERT's upper layers keep, which
    int8 cannot hold exactly, while a cosine forgives what all vectors share.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config["hidden_size"]))
        self.scale = nn.Parameter(torch.tensor([20.0]))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        query, document = (F.normalize(half.float(), dim=1) for half in x.chunk(2, dim=1))
        out: Tensor = self.scale * (query * document * self.weight).sum(1, keepdim=True) + self.bias
        return out
