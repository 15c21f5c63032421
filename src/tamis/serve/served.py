"""A model as the server has it: a scorer, the queue before it, and what its scores are shown as."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from tamis.calibrate.logistic import sigmoid
from tamis.core import Floats, Pair, Ranking, Scorer, Stage
from tamis.decide.policies.policy import Policy
from tamis.errors import BusyError, ClosingError
from tamis.pipeline import scored
from tamis.score import depends_on_companions, evidence_of, stage_name, weighable
from tamis.serve.queue import USUAL, Limits, Queue, length

Scale: TypeAlias = Literal["probability", "sigmoid", "logit"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a request is worked on.

    Attributes:
        priority: 0 comes first.
        within: seconds until work on it must have begun.
    """

    priority: int = 0
    within: float = float("inf")


BESIDE = Terms(priority=9)  # long work: after all requests, and without an end of its time


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair in the queue, and what is weighed in."""

    pair: Pair
    evidence: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The numbers that clients see of a ranking, in its order, and what they are.

    Attributes:
        policy: digest of the policy whose probabilities these are; empty where none is.
    """

    scores: Floats
    scale: Scale
    policy: str = ""


class Served:
    """A scorer with its queue.

    Args:
        scorer: what scores.
        calibration: gives probabilities of the scorer's logits; None where there is none.
        limits: of the queue.
        name: what answers call it; the scorer's own name where empty.
    """

    def __init__(
        self, scorer: Scorer, calibration: Stage | None = None, limits: Limits = USUAL, *, name: str = ""
    ) -> None:
        self.scorer, self.calibration, self.name = scorer, calibration, name or scorer.name
        self.queue = Queue[Asked, float](self._score, tokens, limits, alone=depends_on_companions(scorer))

    async def scores(self, pairs: Sequence[Pair], terms: Terms = Terms()) -> Floats:
        """Raw logits of the pairs, in their order.

        Raises:
            UnavailableError: the queue takes no more, or the time ran out.
        """
        return await self._submitted([Asked(pair) for pair in pairs], terms)

    async def rank(self, ranking: Ranking, terms: Terms = Terms(), policy: Policy | None = None) -> Ranking:
        """The ranking reordered by the scorer's logits, with what the first stage said weighed in where it can be.

        Args:
            ranking: as recalled or given.
            terms: how it is worked on.
            policy: what will decide; the scores are those that it was tuned on.

        Raises:
            UnavailableError: the queue takes no more, or the time ran out.
        """
        wanted = evidence_of(policy.stage, self.scorer) if policy else None
        names = weighable(self.scorer, ranking, wanted)
        asked = [Asked((ranking.query, c.doc), {name: c.scores[name] for name in names} or None) for c in ranking]
        logits = await self._submitted(asked, terms)
        return ranking.rescored(stage_name(self.scorer, names), logits, fingerprint=self.scorer.fingerprint)

    def fits(self, policy: Policy) -> bool:
        """Whether a policy was tuned on scores that this model can give."""
        return not policy.scorer or policy.scorer == self.scorer.fingerprint

    def shown(self, ranking: Ranking, policy: Policy | None = None) -> Shown:
        """Probabilities of a ranked ranking where a policy or the model has a calibration, else sigmoids of its logits.

        A policy that was tuned on scores with the first stage weighed in says nothing of scores without.
        """
        if policy is not None and policy.calibration is not None and _tuned_on(policy, ranking):
            return Shown(_probabilities(policy.calibrated(ranking)), "probability", policy.digest)
        if self._calibrates(ranking):
            return Shown(_probabilities(self.calibrated(ranking)), "probability")
        return Shown(sigmoid(ranking.scores), "sigmoid")

    def logits(self, ranking: Ranking) -> Shown:
        """A ranked ranking's raw logits."""
        return Shown(ranking.scores, "logit")

    def calibrated(self, ranking: Ranking) -> Ranking:
        """The ranking with the probabilities of the model's calibration, where that says something of its scores."""
        if self.calibration is None or not self._calibrates(ranking):
            return ranking
        return self.calibration([ranking])[0]

    def tokens(self, ranking: Ranking) -> int:
        """About how many tokens the candidates have."""
        return sum(length(candidate.doc.full_text) for candidate in ranking)

    def _calibrates(self, ranking: Ranking) -> bool:
        """Whether the calibration is for the ranking's scores: those of the texts alone."""
        return self.calibration is not None and ranking.fingerprints.get(self.scorer.name) == self.scorer.fingerprint

    async def _submitted(self, asked: Sequence[Asked], terms: Terms) -> Floats:
        found = await self.queue.submit(asked, priority=terms.priority, within=terms.within)
        return np.asarray(found, dtype=np.float64)

    def _score(self, asked: Sequence[Asked]) -> list[float]:
        """Logits of what stands in the queue together; what has the same weighed in goes to the scorer in one call."""
        scores = np.zeros(len(asked))
        kinds: dict[tuple[str, ...], list[int]] = {}
        for at, one in enumerate(asked):
            kinds.setdefault(tuple(one.evidence or ()), []).append(at)
        for names, places in kinds.items():
            columns = {name: np.array([(asked[at].evidence or {})[name] for at in places]) for name in names}
            scores[places] = scored(self.scorer, [asked[at].pair for at in places], evidence=columns)
        return scores.tolist()


class InQueue:
    """A served model as a scorer for other threads than the server's: its pairs wait in the queue like everybody's.

    Args:
        served: the model.
        terms: how its pairs are worked on.
        patient: come again where too much is waiting, for long work that nobody waits for.

    Raises:
        RuntimeError: it was made outside of the server's loop.
    """

    def __init__(self, served: Served, terms: Terms = Terms(), *, patient: bool = False) -> None:
        self._served, self._terms, self._loop = served, terms, asyncio.get_running_loop()
        self._patient = patient
        self.name, self.fingerprint = served.scorer.name, served.scorer.fingerprint
        self.depends_on_companions = depends_on_companions(served.scorer)

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits of the pairs, in their order.

        Raises:
            UnavailableError: too much is waiting, or the time ran out.
        """
        while True:
            try:
                return asyncio.run_coroutine_threadsafe(self._served.scores(pairs, self._terms), self._loop).result()
            except ClosingError:  # the model was exchanged after this request was let in: nobody else waits for it
                return scored(self._served.scorer, pairs)
            except BusyError as error:
                if not self._patient:
                    raise
                time.sleep(error.seconds)


def tokens(asked: Asked) -> int:
    """About how many tokens a pair's document has.

    >>> from tamis.core import Document, Query
    >>> tokens(Asked((Query("q"), Document("d", "twenty bytes of text"))))
    5
    """
    return length(asked.pair[1].full_text)


def _probabilities(ranking: Ranking) -> Floats:
    return np.array([candidate.probability for candidate in ranking], dtype=np.float64)


def _tuned_on(policy: Policy, ranking: Ranking) -> bool:
    """Whether a ranking has the scores that a policy knows."""
    if not policy.stage:
        return not policy.scorer
    known = ranking.fingerprints.get(policy.stage)
    return known is not None and policy.scorer in ("", known)
