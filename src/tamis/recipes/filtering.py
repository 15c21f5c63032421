"""``multi_stage_filtering``: loose cut, strict cut, business rules, as the policy has them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from tamis.core import Decision, Document, Query, as_documents
from tamis.decide import Policy
from tamis.pipeline import Pipeline, Rerank
from tamis.recipes.differs import DiffersFromFounding
from tamis.recipes.models import Model, as_scorer

Given: TypeAlias = str | Document | Mapping[str, Any]


class Filtered(list[tuple[Any, float]]):
    """The accepted documents as they were given, each with its raw score, best first.

    Attributes:
        decision: the same with the documents left out, the stage that dropped each, and why; ``decision.dropped``
            counts them by stage.
    """

    decision: Decision

    def __init__(self, items: Iterable[tuple[Any, float]], decision: Decision) -> None:
        super().__init__(items)
        self.decision = decision


def multi_stage_filtering(
    query: str | Query, documents: Iterable[Given], model: Model, policy: Policy | str | Path | None = None
) -> Filtered:
    """The documents that a policy accepts: its rules before the threshold, the threshold, its rules after it.

    Differs from the founding version, which could not run (it named ``self``), kept whatever scored above .4, and of
    more than ten documents a fixed fifth, however good or bad: here the strict stage is a threshold tuned on labels,
    cut at the policy's ``max_k``. Without a policy nothing is left out, with a warning: no number is right for every
    model. Documents come best first, not in the order given.

    Args:
        query: what is asked.
        documents: strings, mappings with ``text``, or Documents.
        model: a scorer, its spec, or an object with ``score(query, document)``.
        policy: a policy, or the file that ``Policy.save`` or ``tamis tune`` wrote.

    Returns:
        a list of ``(document, score)``; its ``decision`` says what was dropped where and why.

    Warns:
        DiffersFromFounding: without a policy.

    Raises:
        InputError: the query is blank, two documents share an id, or the model is none.
        PolicyError: the policy cannot be used, has expired, or was tuned for another scorer.
        NotCertifiedError: the policy has no threshold, since none was certified.

    >>> from tamis.decide import MinLength, Thresholds
    >>> policy = Policy(Thresholds(-3.0), scorer=as_scorer("tamis-mini").fingerprint, stage="tamis-mini",
    ...                 after=(MinLength(12),))
    >>> found = multi_stage_filtering("what sieves soup?", ["A tamis sieves soup.", "Rain.", "Sieve soup"],
    ...                               "tamis-mini", policy)
    >>> [document for document, score in found], dict(found.decision.dropped)
    (['A tamis sieves soup.'], {'threshold': 1, 'min_length': 1})
    """
    given = documents if isinstance(documents, (str, Mapping, Document)) else list(documents)
    by_id = dict(zip((document.id for document in as_documents(given)), given, strict=True))
    if policy is None:
        warnings.warn(
            "multi_stage_filtering without a policy leaves nothing out: tune a threshold for this model (tamis tune, "
            "tamis.tuning.tune_policy) and pass the policy",
            DiffersFromFounding,
            stacklevel=2,
        )
    elif not isinstance(policy, Policy):
        policy = Policy.load(policy)
    decision = Pipeline(stages=(Rerank(as_scorer(model)),), policy=policy).decide(query, given)
    return Filtered(((by_id[candidate.doc.id], candidate.score) for candidate in decision.ranking), decision)
