"""Cross-encoders in training: every pair of a list goes through the network, packed without padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tamis.core import Document, Query
from tamis.data import Example
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.nets.packing import packed
from tamis.score.template import Encoded, Template
from tamis.train.losses.base import Loss, Targets
from tamis.train.processes.base import Processes
from tamis.train.steps import Done, laid, targets, tokens_at_once


class Part(NamedTuple):
    """Whole lists that go through the network together: their pairs, longest first, and each pair's place."""

    pairs: list[Encoded]
    places: list[int]
    targets: Targets


class Read(NamedTuple):
    """A step's parts, and how much there is."""

    parts: list[Part]
    pairs: int
    tokens: int


@dataclass(frozen=True)
class Pairs:
    """The training task of a cross-encoder or causal reranker.

    Attributes:
        template: pair to token ids.
        device: where the network is.
        tokens: tokens of a part; None is what suits the device. A list is never cut.
    """

    template: Template
    device: torch.device
    tokens: int | None = None

    def read(self, lists: Sequence[Example]) -> Read:
        """The lists' pairs as token ids, cut into parts."""
        encoded = self.template.encode(
            [
                (Query(one.query, instruction=one.instruction), Document("", text))
                for one in lists
                for text in one.documents
            ]
        )
        found = [self._part(chosen, rows) for chosen, rows in self._cut(lists, encoded)]
        return Read(found, len(encoded), sum(len(pair.ids) for pair in encoded))

    def _cut(
        self, lists: Sequence[Example], encoded: Sequence[Encoded]
    ) -> Iterator[tuple[list[Example], list[Encoded]]]:
        """Neighbouring lists as long as their tokens fit."""
        budget = tokens_at_once(self.tokens, self.device)
        chosen: list[Example] = []
        rows: list[Encoded] = []
        spent = at = 0
        for one in lists:
            own = encoded[at : at + len(one.documents)]
            at += len(own)
            size = sum(len(pair.ids) for pair in own)
            if chosen and spent + size > budget:
                yield chosen, rows
                chosen, rows, spent = [], [], 0
            chosen.append(one)
            rows.extend(own)
            spent += size
        if chosen:
            yield chosen, rows

    def _part(self, lists: list[Example], rows: list[Encoded]) -> Part:
        places = sorted(range(len(rows)), key=lambda at: -len(rows[at].ids))  # neighbours of one length go together
        return Part([rows[at] for at in places], places, targets(lists, self.device))

    def step(self, network: nn.Module, read: Read, loss: Loss, processes: Processes) -> Done:
        """Add the gradients of a step's mean loss to the parameters; parts add up exactly."""
        units = processes.total(sum((loss.units(part.targets).double() for part in read.parts), torch.zeros(())))
        total = torch.zeros((), dtype=torch.float64)
        rounds = processes.most(len(read.parts))
        for at, part, counts in processes.rounds(read.parts):
            with processes.part(network, last=at == rounds - 1):
                value = loss(self.scores(network, part), part.targets)
                if counts:
                    total += value.detach().double().cpu()
                processes.backward(value * (counts * processes.world / max(float(units), 1e-12)))
        return Done(float(processes.total(total)), float(units), read.pairs, read.tokens)

    def scores(self, network: nn.Module, part: Part) -> Tensor:
        """Raw scores of a part's lists, (Q, L)."""
        logits = network(*packed([p.ids for p in part.pairs], [p.second for p in part.pairs], self.device))
        raw = logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0]
        order = torch.empty(len(part.places), dtype=torch.long)
        order[torch.tensor(part.places)] = torch.arange(len(part.places))
        return laid(raw[order.to(raw.device)], part.targets.real)
