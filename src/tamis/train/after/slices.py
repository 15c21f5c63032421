"""Parts of the dev queries that may fare differently: by length, language, number of relevant documents and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tamis.evaluate import Interval, Paired, interval, paired
from tamis.evaluate.slices import masks
from tamis.text import detect, segment
from tamis.train.after.figures import MAIN, Figures
from tamis.train.after.ranked import DevSet, Ranked

ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the queries.

    Attributes:
        kind: what the queries are told apart by, such as "length".
        part: which part, such as "short".
        after: mean nDCG@10 of the trained model, with its interval.
        before: the same of the system it is held against.
        gain: after minus before, query by query.
    """

    kind: str
    part: str
    after: Interval
    before: Interval
    gain: Paired

    def as_json(self) -> dict[str, Any]:
        """The slice as JSON values."""
        means = {name: [one.mean, one.low, one.high] for name, one in (("before", self.before), ("after", self.after))}
        gain = {"gain": [self.gain.difference, self.gain.low, self.gain.high], "p": self.gain.p_value}
        return {"kind": self.kind, "part": self.part, "queries": self.after.queries, **means, **gain}


def _length(dev: DevSet, at: int, _: Ranked) -> str:
    words = len(segment(dev.queries[at].query.text))
    return "short" if words <= 3 else "middle" if words <= 10 else "long"


def _language(dev: DevSet, at: int, _: Ranked) -> str:
    return detect(dev.queries[at].query.text)


def _positives(dev: DevSet, at: int, _: Ranked) -> str:
    count = int(dev.relevant(at).sum())
    return "none" if count == 0 else "one" if count == 1 else "few" if count <= 3 else "many"


def _documents(dev: DevSet, at: int, _: Ranked) -> str:
    """The longest relevant document, in characters."""
    relevant = dev.relevant(at)
    lengths = [len(one.text) for one, good in zip(dev.queries[at].documents, relevant, strict=True) if good]
    longest = max(lengths, default=0)
    return "short" if longest < 200 else "middle" if longest < 1000 else "long"


def _truncated(dev: DevSet, at: int, after: Ranked) -> str:
    return "cut" if (after.truncated(at) > 0)[dev.relevant(at)].any() else "whole"


# What queries are told apart by: the name, how a query's part is found, and the parts in the order they are shown.
KINDS: Mapping[str, tuple[Callable[[DevSet, int, Ranked], str], tuple[str, ...]]] = {
    "length": (_length, ("short", "middle", "long")),
    "language": (_language, ("zh", "en", "mixed", "other")),
    "positives": (_positives, ("none", "one", "few", "many")),
    "document": (_documents, ("short", "middle", "long")),
    "truncated": (_truncated, ("whole", "cut")),
}


def slices(figures: Figures, against: str) -> list[Slice]:
    """The slices with at least five queries; a kind of which only one part occurs says nothing and is left out.

    The intervals are of each slice alone: among many slices some look good or bad by chance.

    Args:
        figures: from ``measure``.
        against: the system that the trained model is held against, such as "before".

    Raises:
        InputError: that system was not measured.
    """
    after, before = figures[figures.subject].evaluation[MAIN], figures[against].evaluation[MAIN]
    ranked = figures.ranked(figures.subject)
    told = {
        kind: ([part_of(figures.dev, at, ranked) for at in figures.dev.telling], parts)
        for kind, (part_of, parts) in KINDS.items()
    }
    return [
        Slice(
            kind,
            part,
            interval(after[mask], rounds=ROUNDS),
            interval(before[mask], rounds=ROUNDS),
            paired(after[mask], before[mask], rounds=ROUNDS),
        )
        for (kind, part), mask in masks(told).items()
    ]
