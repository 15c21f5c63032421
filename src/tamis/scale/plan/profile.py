"""What a model costs on a machine, as measured or as worked out; a JSON file between the two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from tamis.data import atomic_write
from tamis.errors import DataError, InputError
from tamis.scale.plan.costs import Cost

KIND = "tamis-profile"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a server's work takes.

    Attributes:
        model: its name.
        scoring: seconds of one batch of the model.
        busy: processors that scoring keeps busy; 0 where it is done elsewhere: on a GPU, by a remote engine.
        front: processor seconds of the server's loop for one request: reading it, writing the answer.
        recall: seconds of the index for one batch of queries (``pair`` is a query); None where that was not measured.
        memory: bytes of the process, models and all, without an index.
        device: what scores: a name of the table of devices.
        source: where the numbers are from, with the year.
        certainty: how far off they may be, as a factor: 1.2 is a fifth.

    Raises:
        InputError: no work, or processors below 0.
    """

    model: str
    scoring: Cost
    busy: float = 1.0
    front: Cost = field(default_factory=Cost)
    recall: Cost | None = None
    memory: float = 400e6
    device: str = "cpu"
    source: str = ""
    certainty: float = 1.2

    def __post_init__(self) -> None:
        """Refuse a model that costs nothing."""
        if not self.scoring(1, 1) > 0 or self.busy < 0 or self.certainty < 1:
            raise InputError(f"a profile has work, and busy and certainty of at least 0 and 1, got {self}")

    def overridden(self, *, token: float | None = None, pair: float | None = None, batch: float | None = None) -> Self:
        """The same with other seconds of scoring, as somebody who knows better says."""
        given = {
            name: value for name, value in (("token", token), ("pair", pair), ("batch", batch)) if value is not None
        }
        if not given:
            return self
        said = f"{self.source}; {', '.join(given)} as given"
        return replace(self, scoring=replace(self.scoring, **given), source=said)

    def as_json(self) -> dict[str, Any]:
        """The profile as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What ``as_json`` gave; TypeError, KeyError or InputError for anything else."""
        recall = found.get("recall")
        costs: dict[str, Any] = {"scoring": Cost(**found["scoring"]), "front": Cost(**found.get("front", {}))}
        rest: dict[str, Any] = {
            name: value for name, value in found.items() if name not in ("scoring", "front", "recall", "kind")
        }
        return cls(**rest, **costs, recall=None if recall is None else Cost(**recall))

    def save(self, path: str | Path) -> None:
        """Write the profile; there is the old file or the whole new one."""
        with atomic_write(Path(path)) as out:
            json.dump({"kind": KIND, **self.as_json()}, out, ensure_ascii=False, indent=1)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a profile.

        Raises:
            DataError: there is none, or it is something else.
        """
        try:
            found = json.loads(Path(path).read_text("utf-8"))
            if not isinstance(found, dict) or found.get("kind") != KIND:
                raise DataError("expected a profile that tamis plan --measure has written", path=path)
            return cls.from_json(found)
        except FileNotFoundError:
            raise DataError("no such file", path=path) from None
        except DataError:
            raise
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DataError(f"expected a profile of tamis plan --measure: {error}", path=path) from error
