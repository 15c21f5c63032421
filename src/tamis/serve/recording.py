"""What is recorded of a decision that a request got, and of those that shadows would have given it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tamis.core import Decision, Ranking
from tamis.decide.policies.policy import Policy
from tamis.decide.rules.table import limited
from tamis.observe.clicks import Exploration, with_propensities
from tamis.observe.events import Decided
from tamis.serve.lineup import ALL, SHADOW, Ruling, short
from tamis.text import detect


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that was made for a request.

    Attributes:
        decision: what is shown, and why the rest is not.
        ranking: all candidates as they were scored, which it was made on.
        ruling: what decided, and in which part of the traffic.
        model: the model's name.
        scorer: its scorer's fingerprint.
        request: the id that the answer carries.
        user: a name of the user or session; empty where nobody said it.
        k: most that is shown; None for all that is accepted.
        explore: whether one more document may be shown to learn about it.
        drawn: whether chance had a part in what is shown.
    """

    decision: Decision
    ranking: Ranking
    ruling: Ruling
    model: str
    scorer: str
    request: str
    user: str = ""
    k: int | None = None
    explore: bool = True
    drawn: bool = False

    def explored(self, exploration: Exploration) -> Made:
        """The same, now and then with one more document shown; nothing that takes part in a trial explores."""
        policy = self.ruling.policy
        if not self.explore or policy is None or self.ruling.arm != ALL:
            return self
        decision = exploration.apply(self.decision, self.request, policy.after)
        return replace(self, decision=decision, drawn=decision is not self.decision)

    def kept(self) -> Decided:
        """The decision as it is kept."""
        decided = Decided.of(
            self.decision,
            self.request,
            stage=self._stage(self.ruling.policy),
            model=self.model,
            scorer=self.scorer,
            arm=self.ruling.arm,
            user=self.user,
            segment=detect(self.ranking.query.text),
        )
        return with_propensities(decided, self.decision) if self.drawn else decided

    def beside(self, shadow: Policy) -> Decided:
        """What a shadow would have decided, as it is kept: under an id of its own, so that no event is its.

        Raises:
            PolicyError, NotCertifiedError, InputError: it cannot decide on these candidates.
        """
        would = replace(
            self,
            decision=limited(shadow.decide(self.ranking), self.k),
            ruling=Ruling(shadow, SHADOW),
            drawn=False,
            request=f"{self.request}#{short(shadow.digest)}",
        )
        return would.kept()

    def _stage(self, policy: Policy | None) -> str:
        """Whose scores are kept: those that the policy reads, else those that the candidates are ordered by."""
        return (policy.stage if policy else "") or "".join([*self.ranking.fingerprints][-1:])
