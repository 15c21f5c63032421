"""The models of a server, by name: each is loaded once, and can be exchanged while requests run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tamis.errors import NotFoundError
from tamis.serve.names import VENDORS, meant
from tamis.serve.served import Served


@dataclass(slots=True)
class Models:
    """Models by name.

    Attributes:
        served: by name; the first is the default.
        aliases: further names; what vendors' clients send unless told otherwise is the default's, too.
    """

    served: dict[str, Served]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def default(self) -> str:
        """Name of the model that answers where none is asked for."""
        return next(iter(self.served))

    def named(self, name: str) -> Served:
        """The model of a name or alias.

        Raises:
            NotFoundError: there is none; says which there are.
        """
        if name in self.served:
            return self.served[name]
        if not name or (name in VENDORS and name not in self.aliases):
            return self.served[self.default]
        if name not in self.aliases:
            raise NotFoundError(f"no model {name!r:.80} here: {meant(name, [*self.served, *self.aliases])}")
        return self.served[self.aliases[name]]

    def described(self) -> dict[str, dict[str, Any]]:
        """What answers, by name, as JSON."""
        return {
            name: {
                "fingerprint": served.scorer.fingerprint,
                "scores": "probability" if served.calibration else "sigmoid",
                "waiting_tokens": served.queue.waiting,
                "running_tokens": served.queue.running,
            }
            for name, served in self.served.items()
        }

    async def close(self) -> None:
        """Take no more requests, and return when all that were let in are done."""
        for served in [*self.served.values()]:
            await served.queue.close()
