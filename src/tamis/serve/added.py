"""What owners put into a running server beside its configuration: models and policies, kept over a restart."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from tamis.data import atomic_write
from tamis.decide.policies.policy import Policy
from tamis.errors import DataError, InputError, StorageError
from tamis.serve.build import exchange
from tamis.serve.config import SHIPPED, Configuration, ModelOptions
from tamis.serve.policies import NONE
from tamis.serve.service import Service

FILE, CALIBRATION, TRAINING = "served.json", "calibration.json", "training"
NAME = re.compile(r"\w[\w.-]{0,59}")


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

    @property
    def policies(self) -> Collection[str]:
        """Names of the policies that were added; one that has expired since is no reason for a server not to start."""
        return [*self._rows["policies"]]

    async def reload(self, running: Service) -> list[str]:
        """Read the configuration again, and exchange what has changed; returns its names.

        Raises:
            TamisError: as in ``build.service``; everything is as it was.
        """
        async with self._lock:
            return await exchange(running, self.configuration(), self._beside, kept=self.policies)

    async def add_model(
        self,
        running: Service,
        name: str,
        folder: Path,
        *,
        calibration: Path | None = None,
        policy: Policy | None = None,
        device: str = "auto",
    ) -> list[str]:
        """Serve a model folder under a name; it is copied, with the calibration of its scores.

        Args:
            running: the server's.
            name: what the model is called from now on.
            folder: the model's.
            calibration: gives probabilities of its scores.
            policy: kept under the model's name; decides from now on.
            device: what the model runs on.

        Raises:
            InputError: the name cannot be one, or is taken.
            PolicyMismatch: the calibration or the policy is for another model.
            TamisError: as in ``build.service``; everything is as it was.
        """
        async with self._lock:
            told = self._told()
            self._check(name, told.models or (SHIPPED,))
            if policy is not None:
                self._check(name, told.policies)
            home = self.folder / "models" / name
            if name in self._rows["models"]:
                raise InputError(f"a model {name!r} was added before: choose another name")
            try:
                # The folder keeps its own name, which is the stage that calibration and policy speak of.
                place = await asyncio.to_thread(_copied, folder.resolve(), home, calibration)
                options = {} if device == "auto" else {"device": device}
                known = str(home / CALIBRATION) if calibration else ""
                row = {"model": str(place), "calibration": known, "options": options}
                rows = {**self._rows, "models": {**self._rows["models"], name: row}}
                return await self._exchange(running, self._with_policy(rows, name, policy) if policy else rows)
            except Exception:
                shutil.rmtree(home, ignore_errors=True)
                raise

    async def add_policy(self, running: Service, name: str, policy: Policy, *, active: bool = True) -> list[str]:
        """Keep a policy under a name, in the place of one that was added under it before, and let it decide.

        Raises:
            InputError: the name cannot be one, or the configuration has it.
            PolicyMismatch: it was tuned for a model that is not here.
            TamisError: as in ``build.service``; everything is as it was.
        """
        async with self._lock:
            self._check(name, self._told().policies)
            done = await self._exchange(running, self._with_policy(self._rows, name, policy, active=active))
            if active and running.observing is not None:  # the ledger may have put another in charge since
                await running.activate(name, "workbench")
            return done

    async def activate(self, running: Service, name: str, actor: str = "workbench") -> None:
        """Let another of the policies decide, over a restart too; ``"none"`` lets none.

        Raises:
            NotFoundError: there is no such policy.
            PolicyExpired: its last day is over.
        """
        async with self._lock:
            await running.activate(name, actor)
            if running.observing is None:  # a ledger remembers by itself
                self._rows = {**self._rows, "policy": name or NONE}
                self._write()

    async def _exchange(self, running: Service, rows: dict[str, Any]) -> list[str]:
        """Put other rows in the place of these, in the server and on the disk; the lock is held."""
        before, self._rows = self._rows, rows
        try:
            done = await exchange(running, self.configuration(), self._beside, kept=self.policies)
        except Exception:
            self._put_back(before)
            raise
        try:
            self._write()
        except Exception:
            self._put_back(before)
            await exchange(running, self.configuration(), self._beside, kept=self.policies)
            raise
        return done

    def _with_policy(self, rows: dict[str, Any], name: str, policy: Policy, *, active: bool = True) -> dict[str, Any]:
        """The rows with a policy, whose file is written."""
        home = self.folder / "policies"
        home.mkdir(parents=True, exist_ok=True)
        path = home / f"{name}-{policy.digest.removeprefix('sha256:')[:12]}.json"
        policy.save(path)
        more = {**rows, "policies": {**rows["policies"], name: str(path)}}
        return {**more, "policy": name} if active else more

    def _put_back(self, before: dict[str, Any]) -> None:
        """Go back to other rows; files of policies that only the rows of now have are removed."""
        for path in set(self._rows["policies"].values()) - set(before["policies"].values()):
            Path(path).unlink(missing_ok=True)
        self._rows = before

    def _check(self, name: str, told: Collection[str]) -> None:
        if not NAME.fullmatch(name) or name == NONE:
            raise InputError(
                f"{name!r:.80} cannot be a name: begin with a letter or digit, then letters, digits, '.', '-' and '_', "
                "60 at most"
            )
        if name in told:
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


def _copied(folder: Path, home: Path, calibration: Path | None) -> Path:
    """A model's files without what its training left beside them, and its calibration; whole or not at all.

    Returns:
        the model's folder, under the name that it had.

    Raises:
        InputError: it is no folder.
        StorageError: the disk refused it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder.name}: expected a model's folder")
    part = home.with_name(f".{home.name}.part")
    for old in (part, home):  # what a server that was killed has left
        shutil.rmtree(old, ignore_errors=True)
    try:
        shutil.copytree(folder, part / folder.name, ignore=_beside_the_model)
        if calibration is not None:
            shutil.copyfile(calibration, part / CALIBRATION)
        part.rename(home)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise StorageError(f"{folder.name} was not copied: {error.strerror or error}") from error
    return home / folder.name


def _beside_the_model(folder: str, names: list[str]) -> list[str]:
    """What a training leaves in a model's folder that is not the model."""
    return [name for name in names if name == TRAINING]
