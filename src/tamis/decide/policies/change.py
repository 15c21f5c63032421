"""What would change if another policy decided: over the same scored rankings, shown by both, by one, by none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tamis.core import Decision, Floats, Ranking
from tamis.decide.policies.compared import Compared, compared
from tamis.decide.policies.cuts import Direction, fit_to_show
from tamis.decide.policies.policy import Policy
from tamis.decide.rules.table import MaxK, MinProbability, MinScore
from tamis.errors import InputError

EXAMPLES = 10  # documents of either side that are named
SCORES_ONLY = (MaxK, MinScore, MinProbability)  # rules that look at scores and places, not at documents


@dataclass(frozen=True, slots=True)
class Flip:
    """A document that one policy shows and the other does not.

    Attributes:
        query: the query's id, or its text where it has none.
        document: the document's id.
        score: what the ranking is ordered by.
        label: what is known of it; None without labels.
        shown: by ``"old"`` or by ``"new"``.
        reason: why the other one leaves it out.
    """

    query: str
    document: str
    score: float
    label: float | None
    shown: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The flip as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Change:
    """What a new policy would do where an old one decided.

    Attributes:
        queries, pairs: how many there are.
        both, only_old, only_new, neither: documents by who shows them; their sum is ``pairs``.
        changed: queries of which other documents are shown.
        emptied: queries of which the old policy shows something and the new one nothing.
        filled: queries of which the old policy shows nothing and the new one something.
        precision: of what is shown, how much should be; None without labels.
        recall: of what should be shown, how much is; None without labels.
        examples: documents that flip, of either side the best-scored ones.
    """

    queries: int
    pairs: int
    both: int
    only_old: int
    only_new: int
    neither: int
    changed: int
    emptied: int
    filled: int
    precision: Compared | None
    recall: Compared | None
    examples: tuple[Flip, ...]

    def as_json(self) -> dict[str, Any]:
        """The change as JSON values."""
        plain = {name: getattr(self, name) for name in self.__slots__[:9]}
        return {
            **plain,
            "precision": None if self.precision is None else self.precision.as_json(),
            "recall": None if self.recall is None else self.recall.as_json(),
            "examples": [flip.as_json() for flip in self.examples],
        }


def changes(
    old: Policy | None,
    new: Policy | None,
    rankings: Sequence[Ranking],
    labels: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Change:
    """Hold two policies against each other on scored rankings.

    A policy whose last day is over decides here all the same: it is what a new one is to replace.

    Args:
        old: the policy that decides now; None shows everything.
        new: the one that would; None shows everything.
        rankings: all candidates of each query, with the scores that both policies are for.
        labels: 1 or 0 for each candidate of each ranking in turn; which of them should be shown follows from the
            policies' direction.
        confidence: wanted coverage of the intervals, in (0, 1).
        seed: the same seed draws the same queries.

    Raises:
        InputError: no candidate, another number of labels than candidates, labels other than 0 and 1, a document that
            stands twice in a ranking, or labels with policies of two directions.
        PolicyMismatch: the scores come from another scorer than a policy was tuned for.
        NotCertifiedError: a policy has no threshold, and its ``on_refuse`` is "raise".

    >>> from tamis import Candidate, Document, Query
    >>> from tamis.decide import Thresholds
    >>> found = Ranking(Query("sieve", "q1"), tuple(Candidate(Document(n, n), s) for n, s in (("a", 2.0), ("b", 1.0))))
    >>> change = changes(None, Policy(Thresholds(1.5)), [found], [1, 0])
    >>> change.both, change.only_old, change.precision.new.value, change.examples[0].reason
    (1, 1, 1.0, 'threshold: score 1 is below 1.5')
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
    # A policy past its last day decides here all the same; once a policy, not once a ranking: it is digested anew.
    old, new = (None if policy is None else replace(policy, expires="") for policy in (old, new))
    seen = [_Seen.of(ranking, old, new) for ranking in rankings]
    sizes = [len(one.ranking) for one in seen]
    if not sum(sizes):
        raise InputError("no ranking has a candidate: there is nothing to compare policies on")
    cut = np.cumsum(sizes)[:-1]
    parts = None if labels is None else np.split(_checked(labels, sum(sizes)), cut)
    was, now = (np.concatenate([one.shown(side) for one in seen]) for side in (0, 1))
    some = np.array([[one.shown(side).any() for side in (0, 1)] for one in seen])
    precision, recall = (None, None)
    if parts is not None:
        direction = _direction(old, new)
        precision, recall = _judged(seen, [fit_to_show(part, direction) for part in parts], confidence, seed)
    return Change(
        queries=len(seen),
        pairs=sum(sizes),
        both=int((was & now).sum()),
        only_old=int((was & ~now).sum()),
        only_new=int((now & ~was).sum()),
        neither=int((~was & ~now).sum()),
        changed=sum(bool((one.shown(0) != one.shown(1)).any()) for one in seen),
        emptied=int((some[:, 0] & ~some[:, 1]).sum()),
        filled=int((some[:, 1] & ~some[:, 0]).sum()),
        precision=precision,
        recall=recall,
        examples=tuple(_examples(seen, parts)),
    )


def needs_documents(policy: Policy | None) -> list[str]:
    """What of a policy looks at queries or documents, by name; a policy without any decides on scores alone.

    >>> from tamis.decide import MaxK, MinLength, Thresholds
    >>> needs_documents(Policy(Thresholds(0.0), before=(MinLength(20),), after=(MaxK(3),)))
    ["the rule 'min_length'"]
    """
    if policy is None:
        return []
    rules = [rule for rule in (*policy.before, *policy.after) if not isinstance(rule, SCORES_ONLY)]
    return [
        *(f"the rule {rule.name!r}" for rule in rules),
        *(["thresholds by segment"] if policy.thresholds.by is not None else []),
        *(["difficulty"] if policy.offsets is not None else []),
    ]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A ranking with why each policy leaves out what it does, by document; no reason, and it is shown."""

    ranking: Ranking
    reasons: tuple[Mapping[str, str], Mapping[str, str]]

    @classmethod
    def of(cls, ranking: Ranking, old: Policy | None, new: Policy | None) -> Self:
        ids = [candidate.doc.id for candidate in ranking]
        if len(set(ids)) < len(ids):
            twice = next(one for at, one in enumerate(ids) if one in ids[:at])
            raise InputError(f"document {twice!r} stands twice for query {_name(ranking)!r:.80}: ids must be unique")
        return cls(ranking, (_reasons(old, ranking), _reasons(new, ranking)))

    def shown(self, side: int) -> NDArray[np.bool_]:
        """Which candidates a side shows, in ranking order."""
        return np.array([candidate.doc.id not in self.reasons[side] for candidate in self.ranking], dtype=np.bool_)

    def flips(self, labels: Floats | None) -> Iterator[Flip]:
        was, now = self.shown(0), self.shown(1)
        for at in np.flatnonzero(was != now).tolist():
            item, side = self.ranking[at], int(was[at])  # the side that leaves it out
            label = None if labels is None else float(labels[at])
            reason = self.reasons[side][item.doc.id]
            yield Flip(_name(self.ranking), item.doc.id, item.score, label, "old" if side else "new", reason)


def _name(ranking: Ranking) -> str:
    return ranking.query.id or ranking.query.text


def _reasons(policy: Policy | None, ranking: Ranking) -> Mapping[str, str]:
    decided = Decision(ranking) if policy is None else policy.decide(ranking)
    return {candidate.doc.id: reason for candidate, reason in decided.rejected}


def _checked(labels: ArrayLike, size: int) -> Floats:
    known = np.asarray(labels, dtype=np.float64)
    if known.shape != (size,):
        raise InputError(f"expected {size} labels, one a candidate of each ranking in turn, got shape {known.shape}")
    if not np.isin(known, (0.0, 1.0)).all():
        raise InputError(f"labels must be 0 or 1, got {known[~np.isin(known, (0.0, 1.0))][0]:g}")
    return known


def _direction(old: Policy | None, new: Policy | None) -> Direction:
    found = {policy.direction for policy in (old, new) if policy is not None} or {"accept-high"}
    if len(found) > 1:
        raise InputError("one policy shows high scores and the other low ones: labels cannot mean the same for both")
    return found.pop()


def _judged(seen: Sequence[_Seen], right: Sequence[Floats], confidence: float, seed: int) -> tuple[Compared, Compared]:
    """Precision and recall of both sides."""
    pairs = list(zip(seen, right, strict=True))
    hits = [np.array([float(part[one.shown(side)].sum()) for one, part in pairs]) for side in (0, 1)]
    shown = [np.array([float(one.shown(side).sum()) for one in seen]) for side in (0, 1)]
    wanted = np.array([float(part.sum()) for part in right])
    return (
        compared((hits[0], shown[0]), (hits[1], shown[1]), confidence=confidence, seed=seed),
        compared((hits[0], wanted), (hits[1], wanted), confidence=confidence, seed=seed),
    )


def _examples(seen: Sequence[_Seen], parts: Sequence[Floats] | None) -> Iterator[Flip]:
    labels = parts if parts is not None else [None] * len(seen)
    flips = [flip for one, part in zip(seen, labels, strict=True) for flip in one.flips(part)]
    for side in ("old", "new"):
        chosen = [flip for flip in flips if flip.shown == side]
        yield from sorted(chosen, key=lambda flip: (-flip.score, flip.query, flip.document))[:EXAMPLES]
