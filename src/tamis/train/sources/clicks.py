"""Labels from clicks: corrected for where documents stood, with what was seen and passed over as negatives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Protocol

from tamis.data import Example
from tamis.data.impressions import Impression
from tamis.errors import InputError
from tamis.observe.clicks.examination import PositionBias


@dataclass(slots=True)
class Tally:
    """All impressions of one document for one query, put together.

    Attributes:
        shown: impressions.
        clicks: those with a click that satisfied.
        looks: expected number of times it was looked at, the sum of the propensities.
        weighed: sum of 1 / propensity over the satisfied clicks.
        passed: times it stood above a click and was not clicked itself (or the click did not satisfy).
    """

    shown: int = 0
    clicks: int = 0
    looks: float = 0.0
    weighed: float = 0.0
    passed: int = 0

    def add(self, satisfied: bool, propensity: float) -> None:
        """Count one impression."""
        self.shown += 1
        self.looks += propensity
        self.clicks += satisfied
        self.weighed += satisfied / propensity


class Labelling(Protocol):
    """From a tally to a label and to how much it counts; None leaves the document out."""

    def label(self, tally: Tally) -> tuple[float, float] | None: ...


@dataclass(frozen=True, slots=True)
class Clicked:
    """Label 1 for what was clicked, 0 for what was passed over; what nobody can be said to have seen is left out.

    A positive counts by its clicks' inverse propensities, which makes the loss unbiased under the position model
    (Joachims, Swaminathan, Schnabel, WSDM 2017, eq. 4); a negative by how often it was passed over: a document above
    a click was seen (skip-above, Joachims, KDD 2002).

    Attributes:
        clicks: satisfied clicks that make a positive.
        passed: times that make a negative.
    """

    clicks: int = 1
    passed: int = 1

    def __post_init__(self) -> None:
        if self.clicks < 1 or self.passed < 1:
            raise InputError(f"clicks and passed must be at least 1, got {self.clicks} and {self.passed}")

    def label(self, tally: Tally) -> tuple[float, float] | None:
        """(1, summed inverse propensities), (0, times passed over), or None.

        >>> Clicked().label(Tally(9, 2, 3.0, 6.0)), Clicked().label(Tally(9, passed=4)), Clicked().label(Tally(9))
        ((1.0, 6.0), (0.0, 4.0), None)
        """
        if tally.clicks >= self.clicks:
            return 1.0, tally.weighed
        return (0.0, float(tally.passed)) if tally.passed >= self.passed and not tally.clicks else None


@dataclass(frozen=True, slots=True)
class Rate:
    """Clicks for each expected look, in [0, 1], as a graded label; it counts by the number of looks.

    Source: clicks over expected clicks (Zhang, Jones, WWW 2007), a self-normalised inverse-propensity estimate: it
    varies less than the mean of clicks / propensity, and is as consistent under the position model. Any click makes a
    label above 0, which counts as relevant where labels are read as yes or no: train with graded losses.
    """

    def label(self, tally: Tally) -> tuple[float, float] | None:
        """(clicks / looks, looks).

        >>> Rate().label(Tally(shown=10, clicks=1, looks=2.0))
        (0.5, 2.0)
        """
        return min(1.0, tally.clicks / tally.looks), tally.looks


@dataclass(frozen=True, slots=True)
class LowerBound:
    """Wilson's lower bound of the rate, with expected looks for trials: few looks earn no high label.

    Source: Wilson (JASA 1927).

    Attributes:
        confidence: two-sided, in (0, 1).
    """

    confidence: float = 0.9

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise InputError(f"confidence must lie between 0 and 1, got {self.confidence}")

    def label(self, tally: Tally) -> tuple[float, float] | None:
        """(lower bound, 1).

        >>> bounds = [LowerBound().label(Tally(n, n // 2, n / 1.0)) for n in (2, 20, 200)]
        >>> [round(found[0], 2) for found in bounds if found]
        [0.12, 0.33, 0.44]
        """
        z, trials = NormalDist().inv_cdf((1 + self.confidence) / 2), tally.looks
        rate = min(1.0, tally.clicks / trials)
        middle = rate + z * z / (2 * trials)
        half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
        return max(0.0, (middle - half) / (1 + z * z / trials)), 1.0


@dataclass(frozen=True, slots=True)
class Clicks:
    """How a click log becomes labels.

    Attributes:
        bias: how likely a place is looked at.
        labelling: what becomes of a document's tally: ``Clicked``, ``Rate`` or ``LowerBound``.
        dwell: seconds below which a click did not satisfy; a click without a dwell time does.
        impressions: how often a document must have been shown for a query to get a label.
        heaviest: most that one label may count; weights are divided by their mean before.
    """

    bias: PositionBias = field(default_factory=PositionBias)
    labelling: Labelling = field(default_factory=Clicked)
    dwell: float = 0.0
    impressions: int = 1
    heaviest: float = 10.0

    def __post_init__(self) -> None:
        if self.dwell < 0 or self.impressions < 1 or not self.heaviest >= 1:
            raise InputError(
                "dwell must be at least 0, impressions and heaviest at least 1, got "
                f"{self.dwell}, {self.impressions}, {self.heaviest}"
            )

    def labels(self, log: Iterable[Impression], texts: Mapping[str, str] | None = None) -> Labelled:
        """One example a query, in the log's order.

        Args:
            log: the impressions; those of one list (same query and session) may stand anywhere in the log.
            texts: the documents' texts by the ids in the log; None takes what the log says as text.

        >>> shown = [Impression("q", "a", 1, False, session="1"), Impression("q", "b", 2, True, session="1")]
        >>> Clicks().labels(shown).examples[0].labels, Clicks().labels(shown).examples[0].documents
        ((0.0, 1.0), ('a', 'b'))
        """
        tallies, counted = self._tallied(log)
        found: dict[str, list[tuple[str, float, float]]] = {}
        for (query, document), tally in tallies.items():
            said = self.labelling.label(tally) if tally.shown >= self.impressions else None
            if tally.shown < self.impressions:
                counted["documents shown too seldom"] += 1
            elif said is None:
                counted["documents neither clicked nor passed over"] += 1
            elif texts is not None and document not in texts:
                counted["documents without a text"] += 1
            else:
                found.setdefault(query, []).append((document if texts is None else texts[document], *said))
        return Labelled(list(self._examples(found)), dict(counted))

    def _tallied(self, log: Iterable[Impression]) -> tuple[dict[tuple[str, str], Tally], Counter[str]]:
        tallies: dict[tuple[str, str], Tally] = {}
        lists: dict[tuple[str, str], list[tuple[int, str, bool, bool]]] = {}
        counted: Counter[str] = Counter()
        for shown in log:
            satisfied = shown.clicked and (shown.dwell is None or shown.dwell >= self.dwell)
            tallies.setdefault((shown.query, shown.document), Tally()).add(satisfied, self.bias.of(shown))
            counted.update(impressions=1, clicks=shown.clicked, satisfied=satisfied)
            if shown.session:
                row = (shown.position, shown.document, shown.clicked, satisfied)
                lists.setdefault((shown.query, shown.session), []).append(row)
            else:
                counted["impressions of no known list"] += 1
        for (query, _), rows in lists.items():
            for document in passed_over(rows):
                tallies[query, document].passed += 1
        return tallies, counted

    def _examples(self, found: Mapping[str, Sequence[tuple[str, float, float]]]) -> Iterator[Example]:
        weights = [weight for said in found.values() for _, _, weight in said]
        mean = sum(weights) / len(weights) if weights else 1.0
        for query, said in found.items():
            documents, labels, own = zip(*said, strict=True)
            scaled = tuple(min(self.heaviest, weight / mean) for weight in own)
            yield Example(query, documents, labels, weights=() if all(w == 1 for w in scaled) else scaled)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Examples with graded or binary labels, and how much of the log went into them or was left out."""

    examples: list[Example]
    counted: Mapping[str, int]


def passed_over(rows: Sequence[tuple[int, str, bool, bool]]) -> list[str]:
    """Documents of one shown list that stand above its last click and did not satisfy.

    Args:
        rows: (position, document, clicked, satisfied), in any order.

    >>> passed_over([(1, "a", False, False), (2, "b", True, True), (3, "c", False, False)])
    ['a']
    """
    last = max((position for position, _, clicked, _ in rows if clicked), default=0)
    return [
        document for position, document, clicked, satisfied in rows if not satisfied and (position < last or clicked)
    ]
