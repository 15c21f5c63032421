"""In-batch negatives of bi-encoders, and the random numbers that a part of a batch is embedded with twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from tamis.errors import InputError
from tamis.score.nets.lib import Tensor, torch
from tamis.train.losses.base import LABELS, Loss, Targets, checked


def in_batch(
    queries: Tensor,
    documents: Tensor,
    *,
    owner: Tensor,
    labels: Tensor,
    same: Tensor | None = None,
    scale: float = 20.0,
) -> tuple[Tensor, Targets]:
    """Scores of every query with every document of a batch, for ``Softmax()``: the others' documents are negatives.

    Args:
        queries: vectors, shape (Q, d), of length 1 where scores shall be cosines.
        documents: vectors, shape (N, d).
        owner: the query that each document came with, shape (N,), whole numbers.
        labels: each document's grade for its owner, shape (N,).
        same: documents that must not be a query's negatives although they came with another (its known positives,
            copies of its documents), bool, shape (Q, N); None where nothing is known.
        scale: factor of the products, one over the temperature; ``Softmax`` then needs none of its own.

    Returns:
        Scores (Q, N) in float32 or wider, and targets: a document's label in its owner's row, 0 in the others; real
        everywhere but at ``same`` documents of others. Weights, of owners' rows, can be put in with ``_replace``.

    Raises:
        InputError: shapes do not fit.

    References:
        sentence-transformers' MultipleNegativesRankingLoss is the mean of ``Softmax()`` over this matrix where each
        query has one positive.

    >>> owner, labels = torch.tensor([0, 1, 1]), torch.tensor([1.0, 1.0, 0.0])
    >>> vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> scores, targets = in_batch(torch.eye(2), vectors, owner=owner, labels=labels)
    >>> scores.tolist(), targets.labels.tolist()
    ([[20.0, 0.0, 20.0], [0.0, 20.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    """
    checked("scale", scale)
    shape = (len(queries), len(documents))
    if owner.shape != shape[1:] or labels.shape != shape[1:] or (same is not None and same.shape != shape):
        raise InputError(
            f"expected owner and labels of shape {shape[1:]} and 'same' of shape {shape}, got {tuple(owner.shape)}, "
            f"{tuple(labels.shape)} and {None if same is None else tuple(same.shape)}"
        )
    dtype = torch.promote_types(queries.dtype, torch.float32)
    with torch.autocast(queries.device.type, enabled=False):  # in half precision near cosines would be one number
        scores = scale * (queries.to(dtype) @ documents.to(dtype).T)
    owned = torch.arange(shape[0], device=owner.device).unsqueeze(1) == owner
    real = torch.ones_like(owned) if same is None else owned | ~same
    return scores, Targets(torch.where(owned, labels.to(dtype), torch.zeros_like(scores)), real)


@dataclass(frozen=True, slots=True)
class Symmetric:
    """A loss in both directions of an ``in_batch`` matrix: each query picks its documents, each document its queries.

    Reads labels. A unit is a unit of either direction. Only for matrices of ``in_batch``: elsewhere a column is no one
    document. The batch is the list, so it cannot be cut into micro-batches (see
    ``train.vectors``).

    When to use: pairs of texts of one kind (paraphrases, titles and bodies) without mined negatives.
    Relation to others: documents without a positive query, such as mined negatives, teach in the first direction only.

    Args:
        loss: the loss of one direction, one that reads labels.

    References:
        Radford et al., "Learning transferable visual models from natural language supervision" (2021), figure 3;
        sentence-transformers' MultipleNegativesRankingLoss with ``directions=("query_to_doc", "doc_to_query")`` and
        ``partition_mode="per_direction"``, where each query has one positive.

    >>> from tamis.train.losses.listwise import Softmax
    >>> labels = torch.eye(2)
    >>> round(float(Symmetric(Softmax())(torch.zeros(2, 2), Targets(labels, labels >= 0))), 4)
    2.7726
    """

    name: ClassVar[str] = "symmetric"
    reads: ClassVar[frozenset[str]] = LABELS

    loss: Loss

    def __call__(self, scores: Tensor, targets: Targets) -> Tensor:
        """The sum over both directions; see ``Loss``."""
        return self.loss(scores, targets) + self.loss(scores.T, _turned(targets))

    def units(self, targets: Targets) -> Tensor:
        """The units of both directions."""
        return self.loss.units(targets) + self.loss.units(_turned(targets))


def _turned(targets: Targets) -> Targets:
    return Targets(*(None if part is None else part.T for part in targets))  # type: ignore[arg-type]


class Draws(NamedTuple):
    """Where the random numbers stand: of the processor, and of the current CUDA device where one is in use."""

    processor: Tensor
    device: Tensor | None

    @classmethod
    def now(cls) -> Draws:
        """Where they stand at this moment."""
        in_use: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        return cls(torch.get_rng_state(), torch.cuda.get_rng_state() if in_use else None)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw the same numbers once more; afterwards they go on as if nothing had been drawn."""
        here = [] if self.device is None else [torch.cuda.current_device()]
        with torch.random.fork_rng(devices=here):
            torch.set_rng_state(self.processor)
            if self.device is not None:
                torch.cuda.set_rng_state(self.device)
            yield
