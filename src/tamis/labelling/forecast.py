"""How many labels a promise will take: what a calibration on those that are there expects of more like them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tamis.calibrate import Labelled
from tamis.calibrate.labelled import Codes
from tamis.calibrate.maps.platt import Platt
from tamis.core import Floats
from tamis.decide import PrecisionAtLeast, Terms
from tamis.decide.certificates.precision import loosest
from tamis.decide.certificates.terms import of_pairs
from tamis.decide.certificates.walk import Descent

TRIALS = 25  # futures that are drawn for each number of labels
SHARE = 0.8  # of the futures in which the promise is shown: what "can be expected" means
MOST = 5000  # pairs beyond which nobody plans
STEP = 1.25  # from one number of labels to the next that is tried


@dataclass(frozen=True, slots=True)
class Rest:
    """Pairs of a round's region that nobody has labelled: their scores, and the queries they belong to.

    Attributes:
        scores: shape ``(n,)``.
        groups: number of each pair's query, shape ``(n,)``, as the labelled pairs of the same query have it.
    """

    scores: Floats
    groups: Codes

    @classmethod
    def of(cls, scores: Floats, queries: Sequence[str], known: Sequence[str]) -> Rest:
        """The rest beside labelled pairs with these queries."""
        codes = {name: at for at, name in enumerate(dict.fromkeys((*known, *queries)))}
        return cls(scores, np.array([codes[name] for name in queries], dtype=np.int64))


def labels_expected(data: Labelled, rest: Rest, target: PrecisionAtLeast) -> int | None:
    """About how many more pairs of a region must be labelled until the promise is shown in four of five futures.

    A future keeps the labels that are there, draws more pairs of the region, and labels each relevant with the chance
    that Platt's map of the labels gives its score. Pairs of one query are drawn as if they were independent, so that
    where they go together the number is too low.

    Args:
        data: the labelled pairs of the region, irrelevant ones among them.
        rest: the others.
        target: what shall be promised.

    Returns:
        The number; None where the whole region, or 5,000 pairs of it, are not expected to do.
    """
    chances = Platt().fit(data.scores, data.labels)(rest.scores)
    rng, count = np.random.default_rng(0), 0
    futures = [(rng.permutation(rest.scores.size), rng.random(rest.scores.size)) for _ in range(TRIALS)]
    most = min(rest.scores.size, MOST)
    while count < most:
        count = min(most, max(count + 5, int(STEP * (len(data) + count)) - len(data)))
        passed = 0
        for order, luck in futures:
            more = order[:count]
            drawn = Labelled.of(
                np.concatenate([data.scores, rest.scores[more]]),
                np.concatenate([data.labels, luck[more] < chances[more]]),
                np.concatenate([data.groups, rest.groups[more]]),
            )
            passed += _shown(drawn, target)
        if passed >= SHARE * TRIALS:
            return count
    return None


def _shown(data: Labelled, target: PrecisionAtLeast) -> bool:
    """Whether the labels show the promise; what ``certify`` says, without its reasons."""
    terms = Terms()
    by_query = not of_pairs(data, terms)
    if by_query and data.queries < terms.minimum:
        return False
    return loosest(Descent(data, target.least, by_query=by_query).walks(1 - target.confidence)) is not None
