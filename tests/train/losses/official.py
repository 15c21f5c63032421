"""sentence-transformers' own losses over given scores: a CrossEncoder whose texts are rows and columns of a matrix."""

from __future__ import annotations

import torch
from sentence_transformers.cross_encoder import CrossEncoder
from torch import Tensor, nn

from tamis.train.losses.base import Targets


class Given(CrossEncoder):
    """Scores the pair of texts ("2", "5") with the number in row 2, column 5."""

    def __init__(self, scores: Tensor) -> None:
        nn.Sequential.__init__(self)
        self.scores = nn.Parameter(scores.float())

    @property
    def num_labels(self) -> int:
        return 1

    @property
    def device(self) -> torch.device:
        return self.scores.device

    def preprocess(self, inputs, prompt=None, **kwargs):
        return {"at": torch.tensor([[int(row), int(column)] for row, column in inputs])}

    def forward(self, features, **kwargs):
        return {"scores": self.scores[features["at"][:, 0], features["at"][:, 1]].unsqueeze(1)}


def of_lists(loss_of, scores: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """A loss that takes (queries, lists of documents) and lists of labels: its value, and its gradient by score."""
    model = Given(torch.where(targets.real, scores, 0.0))
    places = [[str(at) for at in range(len(row)) if row[at]] for row in targets.real.tolist()]
    labels = [row[there].float() for row, there in zip(targets.labels, targets.real, strict=True)]
    value = loss_of(model)([[str(at) for at in range(len(places))], places], labels)
    value.backward()
    return value.detach(), model.scores.grad


def of_pairs(loss_of, scores: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """A loss that takes (queries, documents) and a label a pair: its value, and its gradient at the scores."""
    model = Given(torch.where(targets.real, scores, 0.0))
    at = targets.real.nonzero()
    texts = [[str(int(number)) for number in column] for column in at.T]
    value = loss_of(model)(texts, targets.labels[targets.real].float())
    value.backward()
    return value.detach(), model.scores.grad
