"""What owners put into a running server beside its configuration: models and policies, kept over a restart."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tamis.data import atomic_write
from tamis.decide.policies.policy import Policy
from tamis.errors import DataError, InputError
from tamis.serve.build import exchange
from tamis.serve.config import SHIPPED, Configuration, ModelOptions
from tamis.serve.policies import NONE
from tamis.serve.service import Service

FILE = "served.json"
NAME = re.compile(r"[\w.-]{1,60}")


class Added:
    """Models and policies in a folder of their own, over what the configuration says.

    Args:
        folder: made when something is added.
        told: reads the configuration.
        beside: the folder in which relative paths of the configuration are looked for.

    Raises:
        DataError: the folder's list cannot be read.
    """

    def __init__(self, folder: str | Path, told: Callable[[], Configuration], beside: Path = Path()) -> None:
        self.folder, self._told, self._beside = Path(folder).resolve(), told, beside
        self._lock = asyncio.Lock()
        self._rows = self._read()

    def configuration(self) -> Configuration:
        """What the configuration says now, with what was added."""
        told = self._told()
        added = {name: ModelOptions(**row) for name, row in self._rows["models"].items()}
        first = told.models or {SHIPPED: ModelOptions()}  # what answers where no model is named stays first
        return replace(
            told,
            models={**first, **added} if added else told.models,
            policies={**told.policies, **self._rows["policies"]},
            policy=told.policy if self._rows["policy"] is None else self._rows["policy"],
        )

    async def reload(self, running: Service) -> list[str]:
        """Read the configuration again, and exchange what has changed; returns its names.

        Raises:
            TamisError: as in ``build.service``; everything is as it was.
        """
        async with self._lock:
            return await exchange(running, self.configuration(), self._beside)

    async def add_model(self, running: Service, name: str, folder: Path, calibration: Path | None = None) -> list[str]:
        """Serve a model folder under a name; it is copied, with the calibration of its scores.

        Raises:
            InputError: the name cannot be one, or the configuration has it.
            TamisError: as in ``build.service``; everything is as it was.
        """
        self._check(name, self._told().models)
        home = self.folder / "models" / name
        if home.exists():
            raise InputError(f"a model {name!r} was added before: choose another name")
        await asyncio.to_thread(_copied, folder, home)
        known = ""
        if calibration is not None:
            known = str(home / "calibration.served.json")
            shutil.copyfile(calibration, known)
        rows = {**self._rows, "models": {**self._rows["models"], name: {"model": str(home), "calibration": known}}}
        try:
            return await self._exchange(running, rows)
        except Exception:
            shutil.rmtree(home, ignore_errors=True)
            raise

    async def add_policy(self, running: Service, name: str, policy: Policy, *, active: bool = True) -> list[str]:
        """Keep a policy under a name, and let it decide.

        Raises:
            InputError: the name cannot be one, or the configuration has it.
            PolicyMismatch: it was tuned for a model that is not here.
            TamisError: as in ``build.service``; everything is as it was.
        """
        self._check(name, self._told().policies)
        home = self.folder / "policies"
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"{name}-{policy.digest.removeprefix('sha256:')[:12]}.json"
        policy.save(path)
        rows = {**self._rows, "policies": {**self._rows["policies"], name: str(path)}}
        return await self._exchange(running, {**rows, "policy": name} if active else rows)

    async def activate(self, running: Service, name: str) -> None:
        """Let another of the policies decide, over a restart too; ``"none"`` lets none.

        Raises:
            NotFoundError: there is no such policy.
            PolicyExpired: its last day is over.
        """
        async with self._lock:
            running.policies.activate(name)
            self._rows = {**self._rows, "policy": name or NONE}
            self._write()

    async def _exchange(self, running: Service, rows: dict[str, Any]) -> list[str]:
        async with self._lock:
            before, self._rows = self._rows, rows
            try:
                done = await exchange(running, self.configuration(), self._beside)
            except Exception:
                self._rows = before
                raise
            self._write()
            return done

    def _check(self, name: str, told: object) -> None:
        if not NAME.fullmatch(name) or name == NONE:
            raise InputError(f"{name!r:.80} cannot be a name: use letters, digits, '.', '-' and '_', 60 at most")
        if isinstance(told, dict) and name in told:
            raise InputError(f"{name!r} stands in the server's configuration: choose another name")

    def _read(self) -> dict[str, Any]:
        empty: dict[str, Any] = {"models": {}, "policies": {}, "policy": None}
        path = self.folder / FILE
        if not path.exists():
            return empty
        try:
            found = json.loads(path.read_text("utf-8"))
            return {**empty, **{key: found[key] for key in empty}}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"expected what was added to a server: {error}", path=path) from error

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(self.folder / FILE) as out:
            json.dump(self._rows, out, ensure_ascii=False, indent=1)


def _copied(folder: Path, home: Path) -> None:
    """A model's files, without what its training left beside them; whole or not at all."""
    part = home.with_name(f".{home.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, part, ignore=shutil.ignore_patterns("checkpoints", "base", "log.jsonl"))
    part.rename(home)
