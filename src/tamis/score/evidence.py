"""Scorers that weigh in what a first stage has said of a pair: how rare its words are, how near its vectors."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import chain, combinations
from typing import Protocol, runtime_checkable

from tamis.core import DENSE, Floats, Pair, Ranking, Scorer
from tamis.errors import InputError

ENCODER = "e5-small"  # whose cosines "dense" must be: those of another encoder lie on another scale


@runtime_checkable
class Weighing(Protocol):
    """A scorer that weighs in scores of the first stage, which know the collection or the vectors; the texts do not.

    The scales are those of ``tamis.recall``: ``"bm25"`` is Lucene's formula, k1 = .9, b = .4, over its own tokens,
    ``"dense"`` the cosine of e5-small. A retriever whose scores are on another scale names them otherwise, or says in
    the ranking's fingerprints which encoder its ``"dense"`` comes from.
    """

    @property
    def evidence(self) -> tuple[str, ...]:
        """The stages whose scores it can weigh, in the order in which its own stage is named after them."""
        ...

    def score_with_evidence(self, pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``, from the texts and one finite number a pair of some of these stages.

        Without any, they are those of ``score``.
        """
        ...


def weighable(scorer: Scorer, ranking: Ranking, wanted: Collection[str] | None = None) -> tuple[str, ...]:
    """The evidence that a scorer is given for a ranking: what it can weigh and every candidate carries.

    Args:
        scorer: what shall score.
        ranking: the candidates.
        wanted: nothing but these is given; None stands for all.

    >>> from tamis.core import Candidate, Document, Query
    >>> from tamis.score import load_scorer
    >>> found, blend = Candidate(Document("a", "tamis"), 3.0, {"bm25": 3.0}), load_scorer("tamis-blend")
    >>> weighable(blend, Ranking(Query("tamis"), (found,)))
    ('bm25',)
    >>> weighable(blend, Ranking(Query("tamis"), (found, Candidate(Document("b", "drum"), 0.1))))
    ()
    """
    able = scorer.evidence if isinstance(scorer, Weighing) else ()
    return tuple(name for name in able if (wanted is None or name in wanted) and _carried(name, ranking))


def stage_name(scorer: Scorer, evidence: Sequence[str]) -> str:
    """What scores are called: they are not those that the texts alone get, so the evidence stands in the name.

    >>> from tamis.score import load_scorer
    >>> stage_name(load_scorer("tamis-blend"), ["bm25"])
    'tamis-blend+bm25'
    """
    return "+".join((scorer.name, *evidence))


def evidence_of(stage: str, scorer: Scorer) -> tuple[str, ...] | None:
    """The evidence in a stage of the scorer; None where the stage is none of its own.

    >>> from tamis.score import load_scorer
    >>> blend = load_scorer("tamis-blend")
    >>> evidence_of("tamis-blend+bm25", blend), evidence_of("tamis-blend", blend), evidence_of("bm25", blend)
    (('bm25',), (), None)
    """
    able = scorer.evidence if isinstance(scorer, Weighing) else ()
    parts = chain.from_iterable(combinations(able, count) for count in range(len(able) + 1))
    return next((part for part in parts if stage_name(scorer, part) == stage), None)


def check_evidence(able: Sequence[str], pairs: Sequence[Pair], evidence: Mapping[str, Floats]) -> None:
    """Refuse what a scorer cannot weigh.

    Raises:
        InputError: a name is not among those it is able to weigh, or a column is not one finite number a pair.
    """
    for name, column in evidence.items():
        if name not in able:
            raise InputError(f"evidence {name!r} cannot be weighed, only {', '.join(map(repr, able)) or 'none'}")
        if column.shape != (len(pairs),):
            raise InputError(f"expected {name!r} of shape ({len(pairs)},), one a pair, got {column.shape}")
        if not all(map(math.isfinite, column.tolist())):
            raise InputError(f"expected one finite number a pair of {name!r}: leave it out where it is not known")


def _carried(name: str, ranking: Ranking) -> bool:
    if name == DENSE and not _of_our_encoder(ranking):
        return False
    return all(math.isfinite(candidate.scores.get(name, math.nan)) for candidate in ranking)


def _of_our_encoder(ranking: Ranking) -> bool:
    from tamis.score.load import load_encoder

    made_by = ranking.fingerprints.get(DENSE)
    return made_by is not None and made_by == load_encoder(ENCODER).fingerprint
