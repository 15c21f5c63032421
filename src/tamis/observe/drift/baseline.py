"""How decisions were when all was well: a frozen sample, against which looks hold what is decided now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tamis.errors import InputError
from tamis.observe.drift.sample import Sample
from tamis.observe.events import Decided

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """A frozen sample of decisions, and what was promised of them.

    Attributes:
        sample: the numbers that are kept.
        decisions: decisions of which they were taken.
        promised: the precision that was promised, in (0, 1]; None to hold precision against what it was.

    >>> from tamis.observe.events import Placed
    >>> found = Baseline.of([Decided(f"r{n}", items=(Placed("a", 0.01 * n, position=1),)) for n in range(300)])
    >>> found.decisions, found.digest == Baseline.from_json(found.as_json()).digest
    (300, True)
    """

    sample: Sample
    decisions: int
    promised: float | None = None

    @classmethod
    def of(cls, decisions: Sequence[Decided], promised: float | None = None, *, seed: int = 0) -> Self:
        """Freeze decisions.

        Args:
            decisions: how they are while all is well, such as the first thousand under a policy.
            promised: the precision that was promised.
            seed: of the draw, where there are more decisions than are kept.

        Raises:
            InputError: no decisions, or a promise out of range.
        """
        if not decisions:
            raise InputError("a baseline needs decisions: let some be made first")
        if promised is not None and not 0 < promised <= 1:
            raise InputError(f"a promised precision lies in (0, 1], got {promised}")
        return cls(Sample.of(decisions, seed=seed), len(decisions), promised)

    @property
    def digest(self) -> str:
        """Sixteen hex digits of all numbers: two baselines with the same are the same."""
        text = json.dumps(self._content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """The baseline as JSON values."""
        return {**self._content(), "digest": self.digest}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave.

        Raises:
            InputError: it did not, or it was changed since.
        """
        if values.get("schema") != SCHEMA or "sample" not in values:
            raise InputError("expected a baseline as Baseline.as_json gives it: take a new one")
        promised = values.get("promised")
        kept = Sample.from_json(values["sample"])
        found = cls(kept, int(values.get("decisions", len(kept))), None if promised is None else float(promised))
        if values.get("digest", found.digest) != found.digest:
            raise InputError("the baseline was changed after it was taken: take a new one")
        return found

    def _content(self) -> dict[str, Any]:
        kept = {"decisions": self.decisions, "promised": self.promised}
        return {"schema": SCHEMA, **kept, "sample": self.sample.as_json()}
