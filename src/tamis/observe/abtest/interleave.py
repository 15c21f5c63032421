"""Two rankings in one list by team draft, and which of them its clicks prefer. For screening only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any, Literal, TypeAlias

from tamis.core import Ranking
from tamis.errors import InputError
from tamis.evaluate.distributions import binomial_high, binomial_low, binomial_tail

Team: TypeAlias = Literal["a", "b", ""]

FAIRNESS = 50.0  # the mixture over preferences is Beta(50, 50): most of it between .4 and .6, where they lie


@dataclass(frozen=True, slots=True)
class Interleaved:
    """One list out of two.

    Attributes:
        documents: ids, best first, each once.
        teams: which ranking put a document there, by its id; empty where only one ranking had documents left.
    """

    documents: tuple[str, ...]
    teams: Mapping[str, Team]


def interleave(
    first: Ranking | Sequence[str], second: Ranking | Sequence[str], k: int, *, request: str, salt: str = ""
) -> Interleaved:
    """Team-draft interleaving of two rankings (Radlinski, Kurup, Joachims, CIKM 2008).

    In each round a coin says which ranking chooses first; each chooses its best document that is not taken. Where one
    has none left the other's follow without a team, as the paper stops there and a longer list must not gain clicks.

    Args:
        first: ranking a, ids best first.
        second: ranking b.
        k: documents wanted, at least 1.
        request: id of the request, by which the coins are tossed: the same request gives the same list.
        salt: keeps outsiders from working out the teams; the experiment's name.

    Raises:
        InputError: k below 1, no request, or a document that stands twice in one ranking.

    >>> found = interleave(["x", "y"], ["y", "z"], 3, request="r1")
    >>> sorted(found.documents), len(found.teams)
    (['x', 'y', 'z'], 3)
    """
    if k < 1:
        raise InputError(f"expected at least 1 document to show, got k = {k}")
    if not request:
        raise InputError("an interleaved list needs the id of its request: its coins are tossed by it")
    one, two = _ids(first), _ids(second)
    most = min(k, len({*one, *two}))
    teams: dict[str, Team] = {}
    for team in _turns(salt, request):
        if len(teams) == most:
            break
        own, other = (one, two) if team == "a" else (two, one)
        chosen, rival = _next(own, teams), _next(other, teams)
        if chosen is not None:
            teams[chosen] = team if rival is not None else ""
    return Interleaved(tuple(teams), teams)


def credit(teams: Mapping[str, Team], clicked: Iterable[str]) -> tuple[int, int]:
    """How many clicked documents each ranking had put there: (a, b); a document counts once.

    >>> credit({"x": "a", "y": "b", "z": "a"}, ["x", "x", "z"])
    (2, 0)
    """
    found = [teams.get(document, "") for document in set(clicked)]
    return found.count("a"), found.count("b")


@dataclass(frozen=True, slots=True)
class Interleaving:
    """How many sessions preferred ranking a or b: a screening, never a reason to ship.

    Interleaving makes systematic errors: it can prefer the ranking that users like less, and no number of sessions
    heals it (arXiv 2007.12719). What it finds promising goes into an A/B test. Sessions must be independent: one sum
    of credits a user where users come again.

    Attributes:
        wins: sessions with more credit for a.
        ties: with the same credit for both, as those without a click.
        losses: with more credit for b.

    >>> found = Interleaving.of([(1, 0)] * 40 + [(0, 1)] * 20 + [(0, 0)] * 100)
    >>> found.wins, found.ties, round(found.preference, 4), round(found.p_value, 4)
    (40, 100, 0.5625, 0.0135)
    """

    wins: int = 0
    ties: int = 0
    losses: int = 0

    @classmethod
    def of(cls, credits: Iterable[tuple[int, int]]) -> Interleaving:
        """Counted from the credit (a, b) of each session."""
        signs = [(a > b) - (a < b) for a, b in credits]
        return cls(signs.count(1), signs.count(0), signs.count(-1))

    def __add__(self, other: Interleaving) -> Interleaving:
        """Both together."""
        return Interleaving(self.wins + other.wins, self.ties + other.ties, self.losses + other.losses)

    @property
    def preference(self) -> float:
        """Share of sessions for a, ties counted half; .5 means none (Chapelle and others, TOIS 2012)."""
        sessions = self.wins + self.ties + self.losses
        return (self.wins + self.ties / 2) / sessions if sessions else 0.5

    @property
    def p_value(self) -> float:
        """Exact two-sided sign test, for one look at a number of sessions that was fixed before."""
        return min(1.0, 2 * binomial_tail(max(self.wins, self.losses), self.wins + self.losses, 0.5))

    @property
    def always_p(self) -> float:
        """The sign test for any number of looks: one over the likelihood ratio of a beta mixture to a fair coin.

        The ratio is a martingale under no preference, so its chance to ever exceed 1 / level is at most level (Ville).
        """
        wins, losses = self.wins, self.losses
        log_ratio = _log_beta(FAIRNESS + wins, FAIRNESS + losses) - _log_beta(FAIRNESS, FAIRNESS)
        return math.exp(min(0.0, -(log_ratio + (wins + losses) * math.log(2))))

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Exact interval (Clopper and Pearson) of a's share among sessions that are no ties; for one look."""
        decisive = self.wins + self.losses
        if not decisive:
            return 0.0, 1.0
        return binomial_low(self.wins, decisive, level / 2), binomial_high(self.wins, decisive, level / 2)

    def as_json(self) -> dict[str, Any]:
        """The counts and what they say, as JSON values."""
        counts = {"wins": self.wins, "ties": self.ties, "losses": self.losses}
        return {**counts, "preference": self.preference, "p": self.p_value, "always_p": self.always_p}


def _ids(ranking: Ranking | Sequence[str]) -> Sequence[str]:
    ids = [item.doc.id for item in ranking] if isinstance(ranking, Ranking) else list(ranking)
    if len(set(ids)) != len(ids):
        twice = next(name for at, name in enumerate(ids) if name in ids[:at])
        raise InputError(f"document {twice!r} stands twice in a ranking: each may be there once")
    return ids


def _next(ids: Sequence[str], taken: Mapping[str, Team]) -> str | None:
    return next((name for name in ids if name not in taken), None)


def _turns(salt: str, request: str) -> Iterator[Literal["a", "b"]]:
    """Who chooses next: two turns a round, their order from the bits of a hash that goes on for ever."""
    seed = f"{len(salt)}:{salt}{request}".encode("utf-8", "surrogatepass")
    for block in count():
        bits = int.from_bytes(blake2b(b"%d:%b" % (block, seed)).digest(), "big")
        for at in range(512):
            yield from ("a", "b") if bits >> at & 1 else ("b", "a")


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
