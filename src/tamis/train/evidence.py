"""Late-interaction models in training: the evidence of every pair is read once, and weighed in every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tamis.core import Floats, Pair, Query
from tamis.data import Example
from tamis.score.blend import FEATURES, OTHER, Blends
from tamis.score.late import LateInteraction
from tamis.score.nets.lib import Tensor, nn, torch
from tamis.text import detect
from tamis.train.losses.base import Loss, Targets
from tamis.train.processes.base import Processes
from tamis.train.scores import as_pairs
from tamis.train.steps import Done, laid, targets

TOKENS = FEATURES.index("tokens")


class Read(NamedTuple):
    """A step's evidence, shape ``(pairs, columns)``, the row of weights for each pair, and what is asked of them."""

    evidence: Tensor
    rows: Tensor
    targets: Targets
    tokens: int


class Reading(LateInteraction):
    """A late-interaction scorer that reads a pair once, however often weights change; seven numbers each are kept."""

    def __init__(self, base: LateInteraction, blends: Blends, made: str) -> None:
        super().__init__("trained", base.encoder, blends=blends, statistics=base.statistics, made=made)
        self._known: dict[tuple[str, str], Floats] = base._known if isinstance(base, Reading) else {}

    def features(self, pairs: Sequence[Pair]) -> Floats:
        """Of each pair the columns of ``FEATURES``, shape ``(len(pairs), 7)``."""
        keys = [(query.text, document.full_text) for query, document in pairs]
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in self._known}
        self._known.update(zip(new, super().features(list(new.values())), strict=True))
        return np.array([self._known[key] for key in keys]).reshape(-1, len(FEATURES))


@dataclass(frozen=True)
class Evidence:
    """The training task of a late-interaction model.

    Attributes:
        scorer: reads the texts.
        languages: of the rows of weights.
        device: where the network is.
    """

    scorer: Reading
    languages: Sequence[str]
    device: torch.device

    def read(self, lists: Sequence[Example]) -> Read:
        """The lists' evidence."""
        pairs = [pair for one in lists for pair in as_pairs(one)]
        features = self.scorer.features(pairs)
        evidence = torch.from_numpy(self.scorer.blends.evidence(features, None)).float()
        rows = torch.tensor([self._row(query) for query, _ in pairs])
        asked = targets(lists, self.device)
        return Read(evidence.to(self.device), rows.to(self.device), asked, int(features[:, TOKENS].sum()))

    def _row(self, query: Query) -> int:
        spoken = detect(query.text)
        return self.languages.index(spoken if spoken in self.languages else OTHER)

    def step(self, network: nn.Module, read: Read, loss: Loss, processes: Processes) -> Done:
        """Add the gradients of a step's mean loss to the parameters."""
        units = max(float(processes.total(loss.units(read.targets).double())), 1e-12)
        with processes.part(network, last=True):
            value = loss(laid(network(read.evidence, read.rows), read.targets.real), read.targets)
            processes.backward(value * (processes.world / units))
        total = processes.total(value.detach().double().cpu())
        return Done(float(total), units, len(read.evidence), read.tokens)
