"""Single dev queries as people look at them: what stands on top now, where it stood before, what is relevant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamis.calibrate.evidence.pages import excerpt
from tamis.core import Floats
from tamis.evaluate.mistakes import KINDS, Mistake, counted, hurt, mistakes, worst
from tamis.train.after.figures import BEFORE, MAIN, Figures
from tamis.train.after.ranked import Judged, Ranked

WORST, CHANGED = 30, 15  # queries shown of the worst, and of those that lost or won most
TOP, ALSO = 5, 3  # documents shown of a query: the first ones, and relevant ones below them
LOOKED_AT = 200  # worst queries in which mistakes are looked for
EXAMPLES = 5  # of a kind of mistake
QUERY, DOCUMENT = 300, 400  # characters shown


@dataclass(frozen=True, slots=True)
class Cases:
    """The queries that are worth a look.

    Attributes:
        against: the system that the trained model is held against.
        before: its nDCG@10 of each telling query.
        after: that of the trained model.
        worst: places among the telling queries, least nDCG@10 first; those that could not be better are left out.
        losses: those that lost most against ``against``, worst first.
        wins: those that won most, best first.
        mistakes: of the ``looked_at`` worst queries.
        looked_at: how many those are.
    """

    figures: Figures
    against: str
    before: Floats
    after: Floats
    worst: tuple[int, ...]
    losses: tuple[int, ...]
    wins: tuple[int, ...]
    mistakes: tuple[Mistake, ...]
    looked_at: int

    def as_json(self) -> dict[str, Any]:
        """The queries with their documents, as JSON values; texts are cut to what a page shows."""
        shown = list(dict.fromkeys((*self.worst, *self.losses, *self.wins)))
        place = {telling: at for at, telling in enumerate(shown)}
        return {
            "cases": [self._case(telling) for telling in shown],
            "worst": [place[one] for one in self.worst],
            "losses": [place[one] for one in self.losses],
            "wins": [place[one] for one in self.wins],
            "points": [
                [round(float(b), 4), round(float(a), 4), place.get(at, -1)]
                for at, (b, a) in enumerate(zip(self.before, self.after, strict=True))
            ],
            "mistakes": [self._kind(kind) for kind in KINDS],
            "looked_at": self.looked_at,
        }

    def _case(self, telling: int) -> dict[str, Any]:
        at = self.figures.dev.telling[telling]
        judged, now, was = self._systems(at)
        relevant, ranks, order = self.figures.dev.relevant(at), now.ranks(at), now.order(at)
        low = [int(i) for i in order[TOP:] if relevant[i]]
        shown = [*map(int, order[:TOP]), *low[:ALSO]]
        kinds = {i: [one.kind for one in self.mistakes if one.at == at and one.document == i] for i in shown}
        documents = [
            {
                "text": excerpt(judged.documents[i].text, DOCUMENT),
                "label": float(judged.labels[i]),
                "relevant": bool(relevant[i]),
                "rank": int(ranks[i]),
                "was": int(was.ranks(at)[i]),
                "score": float(now.scores[at][i]),
                "score_before": float(was.scores[at][i]),
                "unread": float(now.truncated(at)[i]),
                "mistakes": kinds[i],
            }
            for i in shown
        ]
        first = int(ranks[relevant].min()) if relevant.any() else None
        first_before = int(was.ranks(at)[relevant].min()) if relevant.any() else None
        return {
            "number": judged.query.id,
            "query": excerpt(judged.query.text, QUERY),
            "instruction": excerpt(judged.query.instruction, QUERY),
            "before": float(self.before[telling]),
            "after": float(self.after[telling]),
            "first": first,
            "first_before": first_before,
            "relevant": int(relevant.sum()),
            "listed": len(judged.documents),
            "more": max(len(low) - ALSO, 0),
            "documents": documents,
        }

    def _systems(self, at: int) -> tuple[Judged, Ranked, Ranked]:
        figures = self.figures
        return figures.dev.queries[at], figures.ranked(figures.subject), figures.ranked(self.against)

    def _kind(self, kind: str) -> dict[str, Any]:
        own = [one for one in self.mistakes if one.kind == kind]
        examples: dict[int, Mistake] = {}
        for one in own:  # one a query, so that a long list does not fill the table
            examples.setdefault(one.at, one)
        return {
            "kind": kind,
            "queries": counted(own)[kind],
            "examples": [self._example(one) for one in list(examples.values())[:EXAMPLES]],
        }

    def _example(self, one: Mistake) -> Mapping[str, Any]:
        judged = self.figures.dev.queries[one.at]
        other = judged.documents[one.other].text if one.other >= 0 else ""
        return {
            **one.as_json(),
            "query": excerpt(judged.query.text, QUERY),
            "text": excerpt(judged.documents[one.document].text, DOCUMENT),
            "other": excerpt(other, DOCUMENT),
        }


def cases(figures: Figures, against: str = BEFORE) -> Cases:
    """Choose the queries that are worth a look.

    Args:
        figures: from ``measure``.
        against: the system that the trained model is held against.

    Raises:
        InputError: that system was not measured, or gives no scores.
    """
    figures.ranked(against)
    before, after = figures[against].evaluation[MAIN], figures[figures.subject].evaluation[MAIN]
    bad = worst(after, LOOKED_AT)
    looked_at = [figures.dev.telling[i] for i in bad]
    return Cases(
        figures=figures,
        against=against,
        before=before,
        after=after,
        worst=tuple(bad[:WORST]),
        losses=tuple(hurt(before, after, CHANGED)),
        wins=tuple(hurt(after, before, CHANGED)),
        mistakes=tuple(mistakes({at: figures.ranked(figures.subject).listed(at) for at in looked_at})),
        looked_at=len(looked_at),
    )
