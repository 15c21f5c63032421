"""A cheap scorer for all candidates, an expensive one only where the order of the top k is still open."""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tamis.core import Floats, Pair, Query, Scorer
from tamis.errors import InputError, ModelError
from tamis.score.companions import best_first, candidate_lists, depends_on_companions
from tamis.score.composite import (
    LoadScorer,
    check_finite,
    checked_specs,
    config_digest,
    finite_scores,
    load_members,
    member_spec,
    read_config,
    write_config,
)
from tamis.score.instructions import reads_instructions
from tamis.score.notes import score_with_notes

MAPPED = 5  # fewest queries that the map from cheap to expensive scores is fitted on
ROUND = 16  # most candidates of a query that one round sends to the expensive scorer

Remarks: TypeAlias = list[dict[str, Any]]
Ask: TypeAlias = Callable[[Scorer, Sequence[Pair]], tuple[Floats, Remarks]]


class Cascade:
    """The top k of an expensive scorer for a part of its cost, wrong for a stated share of queries.

    Candidates go to the expensive scorer in the order of the cheap one, in rounds, until the next one, even if it were
    ``margin`` better than its cheap score says, could not reach the k-th best so far. The margin is a split conformal
    quantile: of a calibration query, the least margin under which none of its top k would have been missed.

    What is promised: for a query drawn as the calibration queries were, with candidates drawn as theirs, the k best by
    the expensive scorer have all been scored by it, and so stand first and in its order, with probability of at least
    ``1 - error``, over the draw of the calibration queries and of that query together. (Given one draw of n
    calibration queries, that probability varies around it with a deviation of about ``sqrt(error / n)``.) Documents
    with equal expensive scores may stand for each other. Nothing is promised of the order below k.

    A score DEPENDS on the query's other candidates, which must all be in one call (pairs with equal queries): they
    decide who is sent on. Those sent on have the expensive scorer's logit; the others have their cheap score on that
    scale, moved down where needed so that they stand below every candidate that was sent on.

    Attributes:
        slope, intercept: from cheap scores to expensive ones, learned by ``fit`` on a part of the queries.
        margin: learned by ``fit`` on the other queries; -inf where the cheap top k is good enough as it is.
        share: how large a part of those other queries' pairs the expensive scorer would have been asked.
        queries: how many queries the margin was learned on; 0 before ``fit``.

    References:
        Vovk, Gammerman and Shafer, "Algorithmic learning in a random world" (2005): inductive conformal prediction.
        The rounds only ever grow with the margin, and so the least sufficient margin is a conformity score.
    """

    depends_on_companions = True

    def __init__(
        self,
        cheap: Scorer,
        expensive: Scorer,
        *,
        k: int = 10,
        error: float = 0.05,
        specs: Sequence[str] | None = None,
        name: str = "cascade",
    ) -> None:
        """Put two scorers together; ``fit`` must follow.

        Args:
            cheap: scores every candidate.
            expensive: scores as few as it must.
            k: how many of the best must be right.
            error: share of queries whose top k may miss one, in (0, 1).
            specs: what ``load_scorer`` takes for the two, needed to save; by default their names.
            name: what the scores are called.

        Raises:
            InputError: ``k`` below 1, ``error`` outside (0, 1), or an expensive scorer that needs all candidates.
        """
        if k < 1:
            raise InputError(f"k must be at least 1, got {k}")
        if not 0 < error < 1:
            raise InputError(f"error must lie between 0 and 1, got {error}")
        if depends_on_companions(expensive):
            raise InputError(f"{expensive.name!r} scores a document by its companions: it cannot be asked for a few")
        self.name, self.k, self.error, self.cheap, self.expensive = name, k, error, cheap, expensive
        self.specs = checked_specs(specs, (cheap, expensive))
        self.slope, self.intercept, self.margin, self.share, self.queries = 1.0, 0.0, math.inf, 1.0, 0

    @property
    def reads_instructions(self) -> bool:
        """Whether one of the two reads a query's instruction."""
        return reads_instructions(self.cheap) or reads_instructions(self.expensive)

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: both scorers, k, the map and the margin."""
        inner = "+".join((self.cheap.fingerprint, self.expensive.fingerprint))
        return f"{self.name}:{config_digest(self._config())}({inner})"

    def fit(self, pairs: Sequence[Pair]) -> Self:
        """Learn the map and the margin; both scorers score all pairs, no labels are needed.

        Args:
            pairs: candidates of queries such as will be met, as many a query as will be met; pairs with equal queries
                belong together.

        Raises:
            InputError: too few queries for the error asked for (the message says how many are missing), none with more
                than k candidates, or a score that is not finite.
        """
        distinct, _, members = candidate_lists(pairs)
        lists = sorted(members, key=lambda places: _shuffling(distinct[int(places[0])][0]))
        needed = math.ceil(1 / self.error - 1e-9) - 1
        if (missing := MAPPED + needed - len(lists)) > 0:
            raise InputError(
                f"an error of {self.error:g} needs at least {MAPPED + needed} calibration queries "
                f"({MAPPED} for the map, {needed} for the margin), got {len(lists)}: {missing} are missing"
            )
        if max(map(len, lists)) <= self.k:
            raise InputError(f"no calibration query has more than {self.k} candidates: nothing can be saved on such")
        cheap, expensive = finite_scores(self.cheap, distinct), finite_scores(self.expensive, distinct)
        held = len(lists) - max(MAPPED, min(len(lists) // 4, len(lists) - needed))
        self.slope, self.intercept = _line(cheap, expensive, np.concatenate(lists[held:]))
        mapped = self._mapped(cheap)
        ordered = [best_first(distinct, cheap, places) for places in lists[:held]]
        margins = sorted(least_margin(mapped[order], expensive[order], self.k) for order in ordered)
        self.margin = margins[math.ceil((held + 1) * (1 - self.error) - 1e-9) - 1]
        depths = [self._depth(mapped[order], expensive[order]) for order in ordered]
        self.share, self.queries = sum(depths) / sum(map(len, ordered)), held
        return self

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Logits on the expensive scorer's scale, shape ``(len(pairs),)``.

        Args:
            pairs: ALL candidates of every query that is in it.

        Raises:
            InputError: ``fit`` has not been called, or a score is not finite.
        """
        return self._scored(pairs, lambda scorer, asked: (scorer.score(asked), [{} for _ in asked]))[0]

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, Remarks]:
        """Scores and remarks: ``{"scored_by": name}`` of the scorer that had the last word, and what it remarks."""
        return self._scored(pairs, score_with_notes)

    def notes(self, pairs: Sequence[Pair]) -> Remarks:
        """The remarks of ``score_with_notes``, by scoring again."""
        return self.score_with_notes(pairs)[1]

    def save(self, folder: str | Path) -> None:
        """Write ``config.json`` into a folder that ``load`` reads; the two scorers stay where they are.

        Raises:
            InputError: ``fit`` has not been called.
            StorageError: the disk refused it.
        """
        self._check_fitted()
        write_config(folder, self._config())

    @classmethod
    def load(cls, folder: Path, load_scorer: LoadScorer) -> Cascade:
        """Read a folder written by ``save``; member paths that are relative count from it.

        Raises:
            ModelError: a field is missing or wrong, or a scorer is not the one it was saved with.
        """
        config = read_config(folder, "cascade")
        members = load_members(folder, config, load_scorer)
        try:
            cheap, expensive = members
            specs = [member_spec(folder, spec) for spec in config["members"]]
            made = cls(
                cheap, expensive, k=int(config["k"]), error=float(config["error"]), specs=specs, name=config["name"]
            )
            made.slope, made.intercept = float(config["slope"]), float(config["intercept"])
            made.margin = -math.inf if config["margin"] is None else float(config["margin"])
            made.share, made.queries = float(config["share"]), int(config["queries"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder} is no cascade folder: {error!r}") from error
        if not (made.slope > 0 and math.isfinite(made.slope + made.intercept) and made.margin < math.inf):
            raise ModelError(f"{folder}: 'slope' must be above 0, and all constants finite")
        return made

    def _scored(self, pairs: Sequence[Pair], ask: Ask) -> tuple[Floats, Remarks]:
        self._check_fitted()
        lists = candidate_lists(pairs)
        cheap, remarks = _asked(self.cheap, lists.pairs, ask)
        mapped = self._mapped(cheap)
        scores, by = mapped.copy(), [self.cheap.name] * len(cheap)
        waiting = {at: 0 for at in range(len(lists.members))}  # how many of each query's have been sent on
        orders = [best_first(lists.pairs, cheap, places) for places in lists.members]
        while waiting:
            reach = {at: self._reach(mapped[orders[at]], scores[orders[at]], done) for at, done in waiting.items()}
            sent = np.concatenate([orders[at][waiting[at] : to] for at, to in reach.items()])
            if len(sent):
                scores[sent], said = _asked(self.expensive, [lists.pairs[place] for place in sent], ask)
                for place, remark in zip(sent.tolist(), said, strict=True):
                    remarks[place], by[place] = remark, self.expensive.name
            for at, done in list(waiting.items()):
                if reach[at] == done:
                    _put_below(scores, orders[at], done)
                    del waiting[at]
                else:
                    waiting[at] = reach[at]
        noted = [{**remark, "scored_by": name} for remark, name in zip(remarks, by, strict=True)]
        return scores[lists.pair_of], [dict(noted[at]) for at in lists.pair_of]

    def _reach(self, mapped: Floats, scores: Floats, done: int) -> int:
        """How many candidates of a query shall have been sent on after the next round; ``done`` when none is left.

        Both arrays stand in the order of the cheap scores; the first ``done`` of ``scores`` are expensive ones.
        """
        if done < self.k:
            return min(self.k, len(mapped))
        kth = float(np.partition(scores[:done], done - self.k)[done - self.k])
        # The next ones become ever less likely to enter and the k-th best ever better: the open ones stand in a row.
        still_open = int(np.count_nonzero(~(kth - mapped[done:] > self.margin)))
        return done + min(still_open, ROUND)

    def _depth(self, mapped: Floats, expensive: Floats) -> int:
        """How many candidates of a query would be sent on."""
        done = 0
        while (to := self._reach(mapped, expensive, done)) > done:
            done = to
        return done

    def _mapped(self, cheap: Floats) -> Floats:
        """Cheap scores on the scale of the expensive ones."""
        return self.intercept + self.slope * cheap

    def _check_fitted(self) -> None:
        if not self.queries:
            raise InputError("this cascade has no margin yet: call fit(pairs) with candidates of calibration queries")

    def _config(self) -> dict[str, Any]:
        return {
            "architecture": "cascade",
            "name": self.name,
            "members": list(self.specs),
            "fingerprints": [self.cheap.fingerprint, self.expensive.fingerprint],
            "k": self.k,
            "error": self.error,
            "slope": self.slope,
            "intercept": self.intercept,
            "margin": self.margin if math.isfinite(self.margin) else None,
            "share": self.share,
            "queries": self.queries,
        }


def least_margin(mapped: Floats, expensive: Floats, k: int) -> float:
    """The least margin under which a query's k best by ``expensive`` are all sent on, -inf where any will do.

    Both arrays stand in the order of the cheap scores, ``mapped`` falling.

    >>> least_margin(np.array([5.0, 4, 3, 2]), np.array([5.0, 1, 4, 0]), 2)
    -2.0
    """
    last = int(np.argsort(-expensive, kind="stable")[:k].max(initial=-1))  # the deepest of the k best
    best = sorted(expensive[:k].tolist())  # a heap: its least is the k-th best so far
    least = -math.inf
    for at in range(k, last + 1):
        least = max(least, best[0] - float(mapped[at]))
        heapq.heappushpop(best, float(expensive[at]))
    return least


def _asked(scorer: Scorer, pairs: Sequence[Pair], ask: Ask) -> tuple[Floats, Remarks]:
    scores, remarks = ask(scorer, pairs)
    check_finite(scorer, scores, len(pairs))
    return scores, list(remarks)


def _put_below(scores: Floats, order: NDArray[np.int64], done: int) -> None:
    """Move the scores of what was not sent on down, as far as needed, below all that was; in place."""
    if 0 < done < len(order):
        lowest, highest = float(scores[order[:done]].min()), float(scores[order[done]])
        gap = 1e-6 * max(1.0, abs(lowest), abs(highest))
        scores[order[done:]] -= max(0.0, highest - lowest + gap)


def _shuffling(query: Query) -> bytes:
    """What queries are split by: it hangs neither on scores nor on the order they are given in."""
    return hashlib.blake2b(repr((query.id, query.text, query.instruction)).encode("utf-8", "replace")).digest()


def _line(cheap: Floats, expensive: Floats, places: NDArray[np.int64]) -> tuple[float, float]:
    """Slope (above 0, so that no order is lost) and intercept of expensive over cheap scores, by least squares."""
    x, y = cheap[places] - cheap[places].mean(), expensive[places] - expensive[places].mean()
    spread, least = float((x * x).sum()), 1e-6 * float(y.std()) / max(float(x.std()), 1e-9)
    slope = max(float((x * y).sum()) / spread if spread > 0 else 0.0, least, 1e-12)
    return slope, float(expensive[places].mean() - slope * cheap[places].mean())
