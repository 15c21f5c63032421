"""Several scorers as one: the weighted mean of their logits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from tamis.calibrate.logistic import log_odds
from tamis.calibrate.maps.forms import MAPS, as_json, from_json
from tamis.core import Calibrator, Floats, Pair, Scorer
from tamis.errors import InputError, ModelError, PolicyError
from tamis.score.companions import depends_on_companions, numbered
from tamis.score.composite import (
    LoadScorer,
    check_finite,
    checked_specs,
    checked_weights,
    config_digest,
    finite_scores,
    load_members,
    member_spec,
    read_config,
    write_config,
)
from tamis.score.instructions import reads_instructions
from tamis.score.listwise import listwise_weights
from tamis.score.notes import merged, notes, score_with_notes

LEAST = 1e-6  # probabilities are kept this far from 0 and 1, so that log-odds stay within 13.8
GRID = np.linspace(-30, 30, 601)  # what a calibrator makes of these says which it is


class Ensemble:
    """The weighted mean of several scorers' logits, each standardised or calibrated; a score needs no companions.

    A member's logits are moved to mean 0 and deviation 1 by the constants ``fit`` has learned; before ``fit`` they are
    taken as they are. A member with a calibrator gives the log-odds of its probabilities instead. Members of weight 0
    are not run.

    When to use: members that err differently, such as an embedding and a cross-encoder, and labels of some queries to
    weigh them by. Relation to others: ``RankFusion`` needs no constants, but its scores depend on the candidates.

    Attributes:
        weights: of the members, adding to 1; given, or learned by ``fit`` with labels.
        location: of each member's logits, learned by ``fit``.
        scale: deviation of each member's logits, learned by ``fit``.

    >>> from tamis import Document, Query, load_scorer
    >>> both = Ensemble([load_scorer("tamis-mini"), load_scorer("e5-small")])
    >>> texts = ["A tamis is a drum sieve.", "Rain fell.", "七天内可以退货。"]
    >>> pairs = [(Query(q), Document(t, t)) for q in ("what sieves soup?", "怎么退货") for t in texts]
    >>> both = both.fit(pairs, labels=[1, 0, 0, 0, 0, 1])
    >>> scores = both.score(pairs)
    >>> texts[scores[:3].argmax()], texts[scores[3:].argmax()]
    ('A tamis is a drum sieve.', '七天内可以退货。')
    """

    def __init__(
        self,
        members: Sequence[Scorer],
        *,
        weights: ArrayLike | None = None,
        calibrators: Sequence[Calibrator | None] | None = None,
        specs: Sequence[str] | None = None,
        name: str = "ensemble",
    ) -> None:
        """Put scorers together.

        Args:
            members: at least one.
            weights: one a member, at least 0, not all 0; equal where nothing is said.
            calibrators: one a member, fitted; None standardises that member.
            specs: what ``load_scorer`` takes for each member, needed to save; by default their names.
            name: what the scores are called.

        Raises:
            InputError: no members, or not one weight, calibrator or spec a member.
        """
        self.name = name
        self.members = tuple(members)
        self.weights = checked_weights(weights, len(self.members))
        self.calibrators = tuple(calibrators) if calibrators is not None else (None,) * len(self.members)
        if len(self.calibrators) != len(self.members):
            raise InputError(f"expected {len(self.members)} calibrators or None, got {len(self.calibrators)}")
        self.specs = checked_specs(specs, self.members)
        self.location = np.zeros(len(self.members))
        self.scale = np.ones(len(self.members))

    @property
    def depends_on_companions(self) -> bool:
        """Whether a member's scores depend on the candidates, and so these do."""
        return any(map(depends_on_companions, self.members))

    @property
    def reads_instructions(self) -> bool:
        """Whether a member reads a query's instruction."""
        return any(map(reads_instructions, self.members))

    @property
    def fingerprint(self) -> str:
        """What exactly produces the scores: members, weights, constants, calibrators."""
        inner = "+".join(member.fingerprint for member in self.members)
        return f"{self.name}:{config_digest(self._config([_trace(c) for c in self.calibrators]))}({inner})"

    def fit(
        self,
        pairs: Sequence[Pair],
        labels: ArrayLike | None = None,
        groups: Sequence[str] | None = None,
        *,
        l2: float = 1.0,
    ) -> Self:
        """Learn location and scale from pairs and, where labels are given, the weights.

        The weights are those of ``listwise_weights``: a softmax over each query's documents (Cao et al., ICML 2007),
        at least 0, held small by ``l2 / 2`` times their squares.

        Args:
            pairs: as they will be met: true queries with the candidates of a first stage.
            labels: relevance of each pair, at least 0; None leaves the weights as they are.
            groups: name of each pair's query; by default pairs with equal queries belong together.
            l2: above 0; a greater one trusts the labels less.

        Raises:
            InputError: fewer than two pairs, a member that gives all pairs one score, labels or groups that are not
                one a pair, no query with both a relevant and a less relevant document, or no member that helps.
        """
        if len(pairs) < 2:
            raise InputError(f"fit needs at least 2 pairs, got {len(pairs)}")
        known = None if labels is None else _checked_labels(labels, len(pairs))
        together = numbered(pairs, groups)
        if not l2 > 0:
            raise InputError(f"l2 must be above 0, got {l2}")
        location, scale, columns = np.zeros(len(self.members)), np.ones(len(self.members)), []
        for at, member in enumerate(self.members):
            scores = self._value(at, finite_scores(member, pairs), 0.0, 1.0)
            if self.calibrators[at] is None:
                location[at], scale[at] = scores.mean(), scores.std()
                if not scale[at] > 0:
                    raise InputError(f"member {member.name!r} gives all {len(pairs)} pairs one score: leave it out")
            columns.append((scores - location[at]) / scale[at])
        if known is not None:
            weights = listwise_weights(np.stack(columns, axis=1), known, together, l2=l2)
            if not weights.any():
                raise InputError("no member puts relevant documents above others on these pairs: all weights are 0")
            self.weights = weights / weights.sum()
        self.location, self.scale = location, scale
        return self

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Weighted means, shape ``(len(pairs),)``, in the pairs' order.

        Raises:
            InputError: a member gave a score that is not finite.
        """
        return self._mean([finite_scores(member, pairs) for member in self._asked()], len(pairs))

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
        """Scores, and the members' remarks together.

        Of numbers by one name the greatest is kept, of anything else what the first member says.
        """
        said = [score_with_notes(member, pairs) for member in self._asked()]
        for member, (scores, _) in zip(self._asked(), said, strict=True):
            check_finite(member, scores, len(pairs))
        return self._mean([scores for scores, _ in said], len(pairs)), merged([note for _, note in said], len(pairs))

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """The remarks of ``score_with_notes``; members whose remarks come from scoring score again."""
        return merged([notes(member, pairs) for member in self._asked()], len(pairs))

    def save(self, folder: str | Path) -> None:
        """Write ``config.json`` into a folder that ``load`` reads; the members stay where they are.

        Raises:
            InputError: a calibrator is none of the maps of ``tamis.calibrate``.
            StorageError: the disk refused it.
        """
        write_config(folder, self._config([None if c is None else as_json(c) for c in self.calibrators]))

    @classmethod
    def load(cls, folder: Path, load_scorer: LoadScorer) -> Ensemble:
        """Read a folder written by ``save``; member paths that are relative count from it.

        Raises:
            ModelError: a field is missing or wrong, or a member is not the one it was saved with.
        """
        config = read_config(folder, "ensemble")
        members = load_members(folder, config, load_scorer)
        try:
            calibrators = [None if written is None else from_json(written) for written in config["calibrators"]]
            made = cls(
                members,
                weights=config["weights"],
                calibrators=calibrators,
                specs=[member_spec(folder, spec) for spec in config["members"]],
                name=config["name"],
            )
            made.location = _constants(config["location"], len(members))
            made.scale = _constants(config["scale"], len(members))
        except (KeyError, TypeError, ValueError, AttributeError, PolicyError) as error:
            raise ModelError(f"{folder} is no ensemble folder: {error!r}") from error
        if not (made.scale > 0).all():
            raise ModelError(f"{folder}: 'scale' must be above 0, got {made.scale.tolist()}")
        return made

    def _asked(self) -> list[Scorer]:
        """The members that have a weight."""
        return [member for member, weight in zip(self.members, self.weights.tolist(), strict=True) if weight]

    def _mean(self, scores: Sequence[Floats], count: int) -> Floats:
        """The weighted mean of the asked members' logits."""
        total = np.zeros(count)
        for at, given in zip(np.flatnonzero(self.weights).tolist(), scores, strict=True):
            # Sums, not a matrix product: that rounds by how many rows it has.
            total += self.weights[at] * self._value(at, given, self.location[at], self.scale[at])
        return total

    def _value(self, at: int, scores: Floats, location: float, scale: float) -> Floats:
        """What a member's logits are taken for, before its weight."""
        calibrator = self.calibrators[at]
        if calibrator is None:
            return (scores - location) / scale
        chances = np.asarray(calibrator(scores), dtype=np.float64)
        if chances.shape != scores.shape or np.isnan(chances).any():
            raise InputError(f"the calibrator of {self.members[at].name!r} gave no probability for each pair")
        return log_odds(chances, least=LEAST)

    def _config(self, calibrators: Sequence[Any]) -> dict[str, Any]:
        return {
            "architecture": "ensemble",
            "name": self.name,
            "members": list(self.specs),
            "fingerprints": [member.fingerprint for member in self.members],
            "weights": self.weights.tolist(),
            "location": self.location.tolist(),
            "scale": self.scale.tolist(),
            "calibrators": list(calibrators),
        }


def _trace(calibrator: Calibrator | None) -> Any:
    """What a calibrator is: what it writes of itself, else the digest of what it makes of some scores."""
    if calibrator is None or getattr(calibrator, "name", "") in MAPS:
        return calibrator and as_json(calibrator)
    made = np.asarray(calibrator(GRID), dtype=np.float64).tobytes()
    return hashlib.sha256(made).hexdigest()[:12]


def _checked_labels(labels: ArrayLike, count: int) -> Floats:
    known = np.asarray(labels, dtype=np.float64)
    if known.shape != (count,):
        raise InputError(f"expected {count} labels, one a pair, got shape {known.shape}")
    if not np.isfinite(known).all() or (known < 0).any():
        raise InputError("labels must be finite numbers of at least 0")
    return known


def _constants(values: ArrayLike, count: int) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (count,) or not np.isfinite(found).all():
        raise ValueError(f"expected {count} finite constants, got {values!r}")
    return found
