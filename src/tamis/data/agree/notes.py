"""What agreement figures mean, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tamis.data.agree.agreement import Agreement

RULES = 0.75  # a label with this share of all ratings makes kappa and AC1 part
APART = 0.1  # how far they must lie apart to be worth a sentence
FEW_ITEMS = 30
# Krippendorff, Content Analysis, 2nd ed. (2004), section 11.4: what may be concluded from labels of this alpha.
GRADES = (
    (0.8, "the labels are reliable"),
    (0.667, "the labels allow tentative conclusions only"),
    (-1.0, "the labels are not reliable: look at the queue and at the guideline before training on them"),
)


def notes(found: Agreement) -> list[str]:
    """Sentences on a result, the most important first."""
    said = (_reliability(found), _paradox(found), _order(found), *_data(found), *_people(found))
    return [sentence for sentence in said if sentence]


def _reliability(found: Agreement) -> str:
    alpha = found.coefficients["krippendorff_alpha"]
    if alpha.value is None:
        return f"Agreement beyond chance is not defined: {alpha.reason}."
    between = "" if alpha.interval is None else f" ({alpha.interval[0]:.2f} to {alpha.interval[1]:.2f})"
    verdict = next(words for least, words in GRADES if alpha.value >= least or least < 0)
    wide = alpha.low is not None and alpha.high is not None and _grade(alpha.low) != _grade(alpha.high)
    doubt = "; the interval leaves room for another verdict" if wide else ""
    return f"Krippendorff's alpha is {alpha.value:.2f}{between}: {verdict} (.8 is asked for, .667 the least){doubt}."


def _grade(alpha: float) -> int:
    return next(place for place, (least, _) in enumerate(GRADES) if alpha >= least or least < 0)


def _paradox(found: Agreement) -> str:
    """Feinstein & Cicchetti (1990): high agreement and low kappa, where one label rules."""
    kappa, ac1 = found.coefficients["fleiss_kappa"].value, found.coefficients["gwet_ac1"].value
    shares, specific = found.prevalence, found.specific
    top = int(shares.argmax())
    if kappa is None or ac1 is None or shares[top] < RULES or ac1 - kappa < APART:
        return ""
    others = [at for at in np.flatnonzero(~np.isnan(specific)) if at != top]
    rare = min(others, key=lambda at: float(specific[at]), default=top)
    return (
        f"{shares[top]:.0%} of all labels are {found.table.labels[top]!r}, so kappa ({kappa:.2f}) takes most agreement "
        f"for chance while AC1 ({ac1:.2f}) does not; neither says whether annotators find the rare labels: where one "
        f"says {found.table.labels[rare]!r}, another agrees in {specific[rare]:.0%} of cases."
    )


def _order(found: Agreement) -> str:
    if found.ordinal or found.table.numbers is None or len(found.table.labels) < 3:
        return ""
    return "The labels are numbers and every two count as equally far apart here: ordinal agreement counts near misses."


def _data(found: Agreement) -> list[str]:
    per_item = found.table.counts.sum(axis=1)
    alone, items = int((per_item < 2).sum()), len(found.table.items)
    weak = int((per_item < 3).sum())
    return [
        f"{alone} of {items} items have one label only; they say nothing about agreement." if alone else "",
        f"Only {items} items: the intervals are rough." if items < FEW_ITEMS else "",
        f"{weak} of {items} items have fewer than three labels: the model can hardly tell who is right there."
        if weak > items / 2
        else "",
        _rare(found),
        "" if found.model.converged else f"The model had not come to rest after {found.model.iterations} rounds.",
    ]


def _rare(found: Agreement) -> str:
    rare = [found.table.labels[at] for at in found.model.kept if found.prevalence[at] > 0]
    names = ", ".join(map(repr, rare))
    return f"Too rare to model freely: {names}. Only items to which somebody gave it can come to it." if rare else ""


def _people(found: Agreement) -> list[str]:
    return [f"{who.name}: {'; '.join(who.flags)}." for who in found.annotators if who.flags]
