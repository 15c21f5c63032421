"""What another policy would have decided on the queries that were logged."""

from __future__ import annotations

from collections.abc import Iterable

from tamis.core import Candidate, Document, Query, Ranking
from tamis.decide import Change, Policy, changes, needs_documents
from tamis.errors import InputError
from tamis.observe.events import Decided


def replayed(decisions: Iterable[Decided], old: Policy | None, new: Policy | None) -> Change:
    """Let two policies decide again on logged candidates: what both show, what only one does, what becomes empty.

    Decisions are kept as scores, so neither policy may look at texts; those of other scorers than the policies' are
    passed over.

    Args:
        decisions: as they were kept.
        old: decides now; None shows everything.
        new: would decide; None shows everything.

    Raises:
        InputError: a policy looks at queries or documents, or no decision is of the policies' scorer.

    >>> from tamis.decide import Thresholds
    >>> from tamis.observe.events import Placed
    >>> logged = Decided("r1", items=(Placed("a", 2.0, position=1), Placed("b", 1.0)))
    >>> change = replayed([logged], Policy(Thresholds(1.5)), Policy(Thresholds(0.5)))
    >>> change.both, change.only_new, change.changed
    (1, 1, 1)
    """
    for which, policy in (("old", old), ("new", new)):
        if needs := needs_documents(policy):
            raise InputError(
                f"the {which} policy has {' and '.join(needs)}, which look at queries and documents, and decisions are "
                "kept as scores: hold it against a test set with tamis tune --against"
            )
    scorers = {policy.scorer for policy in (old, new) if policy is not None and policy.scorer}
    if len(scorers) > 1:
        raise InputError("the policies are for scores of two models: nothing that was logged fits both")
    fitting = [one for one in decisions if not scorers or one.scorer in scorers]
    if not any(one.items for one in fitting):
        raise InputError("no decision with candidates was logged of the policies' scorer: there is nothing to replay")
    stage = next((policy.stage for policy in (new, old) if policy is not None and policy.stage), "")
    return changes(old, new, [ranking(one, stage) for one in fitting])


def ranking(decided: Decided, stage: str = "") -> Ranking:
    """The candidates of a kept decision, best first, without texts.

    >>> from tamis.observe.events import Placed
    >>> [c.doc.id for c in ranking(Decided("r1", items=(Placed("b", 1.0, position=1), Placed("a", 2.0))))]
    ['a', 'b']
    """
    items = sorted(decided.items, key=lambda item: -item.score)
    scores = [{stage: item.score} if stage else {} for item in items]
    found = [Candidate(Document(i.document, ""), i.score, s) for i, s in zip(items, scores, strict=True)]
    return Ranking(Query("", decided.request), tuple(found), {stage: decided.scorer} if stage else {})
