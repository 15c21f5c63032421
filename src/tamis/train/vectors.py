"""Bi-encoders in training: every text of a step becomes a vector, and products of vectors are the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from tamis.data import Example
from tamis.score.batch import distinct, plan
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.score.nets.packing import packed
from tamis.score.template import Encoded
from tamis.score.text_template import TextTemplate
from tamis.train.losses.base import LABELS, Loss, Targets
from tamis.train.losses.contrastive import Draws, in_batch
from tamis.train.processes.base import Processes
from tamis.train.steps import Done, Positives, laid, targets, tokens_at_once

SCALE = 20.0  # of cosines, as sentence-transformers' losses have it


class Read(NamedTuple):
    """A step's texts and what is asked of their vectors.

    Attributes:
        texts: token ids of each distinct query, then of each distinct document.
        queries, documents: which text each list asks, and which each document of the lists is.
        parts: texts that go through the network together.
        own: which texts must not be a list's negatives, (Q, texts): its documents, and its query's other positives.
        targets: what the lists' scores are held against, (Q, L).
    """

    texts: list[Encoded]
    queries: Tensor
    documents: Tensor
    parts: list[list[int]]
    own: Tensor
    targets: Targets


@dataclass(frozen=True)
class Vectors:
    """The training task of a bi-encoder.

    Attributes:
        template: text to token ids.
        device: where the network is.
        tokens: tokens of a part; None is what suits the device.
        in_batch: the other queries' documents are negatives too, where the loss reads labels alone.
        positives: all positives of a list's query; None knows none but the list's.
    """

    template: TextTemplate
    device: torch.device
    tokens: int | None = None
    in_batch: bool = True
    positives: Positives | None = None

    def read(self, lists: Sequence[Example]) -> Read:
        """The lists' texts as token ids, cut into parts; a text that stands twice is read once."""
        asked, left = distinct(one.query for one in lists)
        given, right = distinct(text for one in lists for text in one.documents)
        texts = self.template.encode(asked, "query") + self.template.encode(given, "document")
        budget = tokens_at_once(self.tokens, self.device)
        parts = [part.tolist() for part in plan([len(t.ids) for t in texts], budget=budget, padded=False)]
        documents = torch.from_numpy(right + len(asked))
        own = torch.zeros(len(lists), len(texts), dtype=torch.bool)
        places = {text: at for at, text in enumerate(given, len(asked))}
        for row, one in enumerate(lists):
            known = (*one.documents, *(self.positives(one) if self.positives else ()))
            own[row, [places[text] for text in known if text in places]] = True
        return Read(texts, torch.from_numpy(left), documents, parts, own, targets(lists, self.device))

    def step(self, network: nn.Module, read: Read, loss: Loss, processes: Processes) -> Done:
        """Add the gradients of a step's mean loss, holding the activations of one part at a time.

        Gao et al. 2021, section 3: vectors without gradients, the loss's gradient at the vectors, then part by part the
        gradient of the parameters.
        """
        embed = [partial(self._embedded, network, read, part) for part in read.parts]
        if processes.most(len(embed)) == 1:
            with processes.part(network, last=True):
                found = self._ordered([embed[0]()], read)
                value, units = self._loss(found, read, loss, processes)
                processes.backward(value * (processes.world / units))
        else:
            value, units = self._in_parts(embed, network, read, loss, processes)
        total = processes.total(value.detach().double().cpu())
        return Done(float(total), units, int(read.targets.real.sum()), sum(len(t.ids) for t in read.texts))

    def _in_parts(
        self, embed: Sequence[partial[Tensor]], network: nn.Module, read: Read, loss: Loss, processes: Processes
    ) -> tuple[Tensor, float]:
        """The same in parts, each of which is embedded twice with the same random numbers."""
        draws: list[Draws] = []
        found: list[Tensor] = []
        with torch.no_grad():
            for _, part, counts in processes.rounds(embed):
                drawn, vectors = Draws.now(), part()
                if counts:
                    draws.append(drawn)
                    found.append(vectors)
        vectors = self._ordered(found, read).requires_grad_()
        value, units = self._loss(vectors, read, loss, processes)
        (value * (processes.world / units)).backward()  # type: ignore[no-untyped-call]
        slopes = torch.zeros_like(vectors) if vectors.grad is None else vectors.grad
        rounds = processes.most(len(embed))
        for at, part, counts in processes.rounds(embed):
            with processes.part(network, last=at == rounds - 1):
                with draws[min(at, len(draws) - 1)].again():
                    again = part()
                rows = torch.tensor(part.args[-1], device=self.device)
                processes.backward((again.float() * slopes[rows]).sum() * counts)
        return value, units

    def _ordered(self, found: Sequence[Tensor], read: Read) -> Tensor:
        """The vectors of all texts in the texts' order."""
        places = torch.tensor([row for part in read.parts for row in part], device=self.device)
        order = torch.empty_like(places)
        order[places] = torch.arange(len(places), device=self.device)
        return torch.cat([part.float() for part in found])[order]

    def _loss(self, vectors: Tensor, read: Read, loss: Loss, processes: Processes) -> tuple[Tensor, float]:
        """The sum over the units of this process, and the units of all."""
        scores, held = self._scores(vectors, read, loss)
        return loss(scores, held), max(float(processes.total(loss.units(held).double())), 1e-12)

    def _embedded(self, network: nn.Module, read: Read, part: list[int]) -> Tensor:
        texts = [read.texts[at] for at in part]
        found: Tensor = network(*packed([t.ids for t in texts], [t.second for t in texts], self.device))
        return found

    def _scores(self, vectors: Tensor, read: Read, loss: Loss) -> tuple[Tensor, Targets]:
        """Scores and what they are held against: of the lists, or of every query with every document."""
        queries, documents = vectors[read.queries.to(self.device)], vectors[read.documents.to(self.device)]
        real = read.targets.real
        owner = real.nonzero()[:, 0]
        if not self.in_batch or loss.reads != LABELS or loss.name not in IN_BATCH:
            return laid(SCALE * (queries[owner] * documents).sum(1), real), read.targets
        labels = read.targets.labels[real]
        same = self._same(read, owner)
        scores, held = in_batch(queries, documents, owner=owner, labels=labels, same=same, scale=SCALE)
        if read.targets.weights is None:
            return scores, held
        weights = torch.ones_like(held.labels)
        weights[owner, torch.arange(len(owner), device=self.device)] = read.targets.weights[real]
        return scores, held._replace(weights=weights)

    def _same(self, read: Read, owner: Tensor) -> Tensor:
        """Documents that must not be a query's negatives: its own, and all of lists that ask the same."""
        queries = read.queries.to(self.device)
        return read.own[:, read.documents].to(self.device) | (queries[:, None] == queries[owner][None, :])


# Losses that compare the documents of a list: those of other queries make it longer.
IN_BATCH = frozenset({"softmax", "margin", "ranknet", "listnet", "lambda"})
