"""Several scorers as one by the ranks they give a query's candidates (reciprocal rank fusion)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Pair, Scorer
from tamis.errors import InputError
from tamis.score.companions import Lists, candidate_lists
from tamis.score.composite import check_finite, checked_weights, config_digest, finite_scores
from tamis.score.instructions import reads_instructions
from tamis.score.notes import merged, notes, score_with_notes


class RankFusion:
    """The weighted mean over scorers of ``1 / (k + rank)``; a score DEPENDS on the query's other candidates.

    Ranks are counted within the candidates that a call holds for a query (pairs with equal queries), 1 being the best,
    so that a score can be neither cached nor compared between queries, and a threshold means nothing on it. Equal
    scores share the mean of their ranks, so that the order of the input never matters; a pair given twice counts once.

    When to use: scores that cannot be compared, no data to fit on. Relation to others: ``Ensemble`` keeps how far
    apart scores are, and its scores stand alone; ``tamis.recall.RRF`` fuses retrievers that found different documents.

    References:
        Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009), k = 60.

    >>> from tamis import Document, Query, load_scorer
    >>> fused = RankFusion([load_scorer("tamis-mini"), load_scorer("e5-small")])
    >>> texts = ["Rain fell.", "A tamis is a drum sieve."]
    >>> fused.score([(Query("what sieves soup?"), Document(t, t)) for t in texts]).round(4).tolist()
    [0.0161, 0.0164]
    """

    depends_on_companions = True

    def __init__(
        self,
        members: Sequence[Scorer],
        *,
        weights: ArrayLike | None = None,
        k: float = 60,
        name: str = "rank-fusion",
    ) -> None:
        """Put scorers together.

        Raises:
            InputError: no members, not one weight of at least 0 a member, or ``k`` below 0.
        """
        self.name = name
        self.members = tuple(members)
        self.weights = checked_weights(weights, len(self.members))
        self.k = float(k)
        if not 0 <= self.k < np.inf:
            raise InputError(f"rank fusion needs a finite k of at least 0, got {k}")

    @property
    def reads_instructions(self) -> bool:
        """Whether a member reads a query's instruction."""
        return any(map(reads_instructions, self.members))

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: members, weights and k."""
        inner = "+".join(member.fingerprint for member in self.members)
        config = {"architecture": "rank-fusion", "weights": self.weights.tolist(), "k": self.k}
        return f"{self.name}:{config_digest(config)}({inner})"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Mean reciprocal ranks in (0, 1 / (k + 1)], shape ``(len(pairs),)``.

        Args:
            pairs: ALL candidates of every query that is in it.

        Raises:
            InputError: a member gave a score that is not finite.
        """
        lists = candidate_lists(pairs)
        return self._fused(lists, [finite_scores(member, lists.pairs) for member in self._asked()])

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
        """Scores, and the members' remarks together.

        Of numbers by one name the greatest is kept, of anything else what the first member says.
        """
        lists = candidate_lists(pairs)
        said = [score_with_notes(member, lists.pairs) for member in self._asked()]
        for member, (scores, _) in zip(self._asked(), said, strict=True):
            check_finite(member, scores, len(lists.pairs))
        remarks = merged([note for _, note in said], len(lists.pairs))
        return self._fused(lists, [scores for scores, _ in said]), [dict(remarks[at]) for at in lists.pair_of]

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """The remarks of ``score_with_notes``; members whose remarks come from scoring score again."""
        return merged([notes(member, pairs) for member in self._asked()], len(pairs))

    def _asked(self) -> list[Scorer]:
        """The members that have a weight."""
        return [member for member, weight in zip(self.members, self.weights.tolist(), strict=True) if weight]

    def _fused(self, lists: Lists, scores: Sequence[Floats]) -> Floats:
        total = np.zeros(len(lists.pairs))
        for weight, given in zip(self.weights[self.weights > 0].tolist(), scores, strict=True):
            for places in lists.members:
                total[places] += weight / (self.k + mean_ranks(given[places]))
        return total[lists.pair_of]


def mean_ranks(scores: Floats) -> Floats:
    """The rank of each score, 1 the highest; equal scores share the mean of their ranks.

    >>> mean_ranks(np.array([5.0, 7, 5, 1])).tolist()
    [2.5, 1.0, 2.5, 4.0]
    """
    ascending = np.sort(scores)
    below, up_to = (np.searchsorted(ascending, scores, side=side) for side in ("left", "right"))
    return np.asarray(len(scores) - (below + up_to - 1) / 2, dtype=np.float64)
