"""Lists drawn at random for every test of losses: padded with NaN, graded, with a teacher."""

from __future__ import annotations

import torch

from tamis.train.losses.base import Targets
from tamis.train.losses.contrastive import Symmetric
from tamis.train.losses.distil import KL, MarginMSE, TeacherMSE
from tamis.train.losses.lambdas import NDCG1, NDCG2, NDCG2PP, LambdaLoss, LambdaRank, Unweighted
from tamis.train.losses.listwise import ListMLE, ListNet, PListMLE, Softmax
from tamis.train.losses.pairwise import Margin, RankNet
from tamis.train.losses.pointwise import BCE, MSE

NAN = float("nan")
POINTWISE = (BCE(), BCE(top_grade=3, positive_weight=2.5), MSE(), TeacherMSE())
ORDERING = (
    Margin(),
    Margin(margin=0.3),
    RankNet(),
    RankNet(sigma=0.5),
    Softmax(),
    Softmax(scale=3),
    ListNet(),
    ListMLE(),
    PListMLE(),
    LambdaLoss(),
    LambdaLoss(k=2),
    LambdaLoss(NDCG1()),
    LambdaLoss(NDCG2()),
    LambdaLoss(NDCG2PP(mu=3), sigma=2),
    LambdaLoss(LambdaRank(), k=3),
    LambdaLoss(Unweighted()),
    MarginMSE(),
    KL(),
    KL(temperature=2),
)
ALL = (*POINTWISE, *ORDERING)
MATRIX_ONLY = (Symmetric(Softmax()), Symmetric(RankNet()))


def drawn(seed: int, queries: int = 5, longest: int = 6, top: int = 3) -> tuple[torch.Tensor, Targets]:
    """Scores and targets in float64 of lists of 1 to ``longest`` documents, grades 0 to ``top``, NaN in the padding."""
    source = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, longest + 1, (queries, 1), generator=source)
    lengths[0] = longest
    real = torch.arange(longest) < lengths
    scores, teacher = (
        torch.randn(queries, longest, generator=source, dtype=torch.float64) * size for size in (1.5, 3.0)
    )
    labels = torch.randint(0, top + 1, (queries, longest), generator=source).double()
    return padded(scores, real), Targets(padded(labels, real), real, padded(teacher, real))


def padded(values: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The values with NaN where no document stands."""
    return torch.where(real, values, NAN)


def rows(scores: torch.Tensor, targets: Targets) -> list[list[tuple[float, float, float, float]]]:
    """(score, label, teacher, weight) of each document that stands, a list a query, as plain numbers."""
    teacher = scores if targets.teacher is None else targets.teacher
    weights = torch.ones_like(scores) if targets.weights is None else targets.weights
    cells = torch.stack([scores, targets.labels, teacher, weights], dim=-1)
    return [[tuple(x) for x in cells[q][targets.real[q]].tolist()] for q in range(len(scores))]
