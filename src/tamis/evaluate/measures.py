"""Measures as values: ``nDCG @ 10``, ``RR @ 10``, ``AP``, ``P @ 5``, ``R @ 100``; equal to trec_eval."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tamis.core import Floats
from tamis.errors import InputError
from tamis.evaluate import formulas

Formula: TypeAlias = Callable[[Floats, Floats, int | None], float]  # gains, ideal, cutoff


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of one query's ranking, with or without a rank cutoff.

    Attributes:
        name: its name in figures and on the command line.
        formula: (gains in rank order, ideal gains, cutoff) -> value.
        chance: the same for the expected value when the candidates stand in random order.
        cutoff: ranks that count; None counts all.
        needs_cutoff: whether the measure means nothing without one.

    >>> str(nDCG @ 10), str(AP)
    ('ndcg@10', 'ap')
    >>> nDCG @ 10 == measure("ndcg@10")
    True
    """

    name: str
    formula: Formula = field(repr=False, compare=False)
    chance: Formula = field(repr=False, compare=False)
    cutoff: int | None = None
    needs_cutoff: bool = field(default=False, repr=False, compare=False)

    def __matmul__(self, cutoff: int) -> Measure:
        """The same measure over the first ``cutoff`` ranks.

        Raises:
            InputError: the cutoff is no whole number of at least 1.
        """
        try:
            ranks = operator.index(cutoff)
        except TypeError:
            ranks = 0
        if ranks < 1:
            raise InputError(f"the cutoff of {self.name!r} must be a whole number of at least 1, got {cutoff!r}")
        return replace(self, cutoff=ranks)

    def __str__(self) -> str:
        return self.name if self.cutoff is None else f"{self.name}@{self.cutoff}"


nDCG = Measure("ndcg", formulas.ndcg, formulas.chance_ndcg)
RR = Measure("rr", formulas.rr, formulas.chance_rr)
AP = Measure("ap", formulas.ap, formulas.chance_ap)
P = Measure("p", formulas.precision, formulas.chance_precision, needs_cutoff=True)
R = Measure("recall", formulas.recall, formulas.chance_recall)

MEASURES: dict[str, Measure] = {row.name: row for row in (nDCG, RR, AP, P, R)}
_OTHER_NAMES = {"r": R, "map": AP, "mrr": RR, "precision": P}  # what other tools print for the same thing


def measure(text: str) -> Measure:
    """The measure a name stands for, in any case: ``ndcg@10``, ``RR@10``, ``ap``, ``p@5``, ``recall@100``.

    Raises:
        InputError: the name is unknown, the cutoff is no whole number of at least 1, or a needed cutoff is missing.

    >>> measure("Recall@100") == R @ 100
    True
    >>> measure("ncdg@10")
    Traceback (most recent call last):
    ...
    tamis.errors.InputError: unknown measure 'ncdg@10': did you mean 'ndcg@10'? Known: ndcg, rr, ap, p, recall
    """
    name, at, cutoff = text.strip().lower().partition("@")
    found = MEASURES.get(name) or _OTHER_NAMES.get(name)
    if found is None:
        near = difflib.get_close_matches(name, [*MEASURES, *_OTHER_NAMES], n=1)
        hint = f"did you mean {near[0] + at + cutoff!r}? " if near else ""
        raise InputError(f"unknown measure {text!r}: {hint}Known: {', '.join(MEASURES)}")
    if at and not re.fullmatch("[1-9][0-9]*", cutoff):
        raise InputError(f"the cutoff of {text!r} must be a whole number of at least 1, as in '{found.name}@10'")
    return checked(found @ int(cutoff) if at else found)


def checked(given: Measure) -> Measure:
    """The measure, if it can be computed as it stands.

    Raises:
        InputError: it is no Measure, or lacks the cutoff it needs.
    """
    if not isinstance(given, Measure):
        raise InputError(
            f"expected a Measure such as nDCG @ 10, got {given!r}: tamis.evaluate.measure(text) reads names"
        )
    if given.needs_cutoff and given.cutoff is None:
        raise InputError(f"{given.name!r} needs a cutoff, as in '{given.name}@10'")
    return given
