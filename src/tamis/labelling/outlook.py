"""What the labels of a round let expect of the promise, as a number of labels and as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tamis.calibrate import Labelled
from tamis.decide import PrecisionAtLeast, Refused, certify
from tamis.labelling.forecast import Rest, labels_expected
from tamis.labelling.rounds import Round

Kind: TypeAlias = Literal["nothing", "few", "refused", "hopeless", "more", "on", "shown"]

FEW = 20  # labels below which a calibration on them says more of chance than of the scorer


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the labels of the round let expect.

    Attributes:
        shown: whether they show the promise as they are.
        finished: whether every pair of the round is labelled: only then is the promise to be stated.
        more: about how many more labels of this region it takes; 0 where it is shown, None where no number can be told.
        sentence: the same in words.
        kind: which case it is: nothing labelled yet, too few labels to tell, refused whatever the number, out of
            reach in this region, more labels needed, shown but to be finished, shown.
        values: the numbers of the sentence, for those who say it in other words.
    """

    shown: bool
    finished: bool
    more: int | None
    sentence: str
    kind: Kind = "nothing"
    values: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The outlook as JSON values."""
        return {"shown": self.shown, "finished": self.finished, "more": self.more, "sentence": self.sentence}


def outlook(
    data: Labelled | None, target: PrecisionAtLeast, last: Round, left: int, rest: Rest | None = None
) -> Outlook:
    """What labelled pairs of a round let expect.

    Args:
        data: the labelled pairs of the round; None where there are none.
        target: what shall be promised.
        last: the round.
        left: pairs of it that nobody has labelled yet.
        rest: the pairs of its region that nobody has labelled, whether they were drawn or not.
    """
    if data is None or (len(data) < FEW and left):
        return _unknown(0 if data is None else len(data), target, last)
    found = certify(data, target)
    if isinstance(found, Refused):
        return _refused(found, data, target, left, rest)
    if left:
        said = (
            f"these {len(data)} labels show the promise; label the {left} pairs that are left before you state it: who "
            "stops at the first yes is wrong more often"
        )
        return Outlook(True, False, 0, said, "on", {"labels": len(data), "left": left})
    said = f"the promise is shown: {target.promise}, from a score of {found.threshold:.6g} on"
    if data.labels.all():
        said += "; all labels are relevant, so that a looser threshold may keep it too, which takes pairs further down"
    return Outlook(True, True, 0, said, "shown", {"threshold": found.threshold})


def _unknown(labels: int, target: PrecisionAtLeast, last: Round) -> Outlook:
    """What is known before labels tell anything: how many the promise takes at least, and in likely worlds."""
    midway = min(last.power, key=lambda precision: abs(precision - target.midway))
    begun = f"{labels} labels are too few to tell" if labels else "nothing of this round is labelled yet"
    said = (
        f"{begun}: the promise takes at least {last.needed} accepted pairs, all relevant, and about "
        f"{last.power[midway]} where {100 * midway:.4g} % of what is accepted is relevant"
    )
    # A threshold lies between two scores: the pair below it is labelled, too.
    if len(last.items) <= last.needed:
        said += f"; the {len(last.items)} pairs that are planned cannot show it: take a larger budget, or a larger pool"
    values = {"labels": labels, "needed": last.needed, "likely": last.power[midway], "precision": midway}
    short = {"planned": len(last.items)} if len(last.items) <= last.needed else {}
    return Outlook(False, False, None, said, "few" if labels else "nothing", values | short)


def _refused(found: Refused, data: Labelled, target: PrecisionAtLeast, left: int, rest: Rest | None) -> Outlook:
    """A refusal as a number of labels."""
    if not found.accepted:
        return Outlook(False, not left, None, found.reason, "refused", {"labels": len(data)})
    if data.labels.all():
        more: int | None = max(1, found.labels_needed - len(data))
    else:
        more = None if rest is None else labels_expected(data, rest, target)
    if more is None:
        said = "labels of this region are not expected to show the promise, however many: plan a round in a better one"
        said += ", take a better scorer, or promise less"
    else:
        said = f"the promise can be expected after about {more} more labels"
        if more > left:
            said += f", {more - left} more than are planned"
    values: dict[str, float] = {} if more is None else {"more": more, "unplanned": max(0, more - left)}
    if found.nearest_achievable:
        least, threshold = found.nearest_achievable[0]
        values |= {"least": least, "threshold": threshold}
        said += f"; so far they show {100 * least:.4g} %, from a score of {threshold:.6g} on"
    return Outlook(False, not left, more, said, "hopeless" if more is None else "more", values)
