"""Folders of scorers made of other scorers: a ``config.json`` that names the members and says what each must be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tamis.core import Floats, Pair, Scorer
from tamis.data import atomic_write, readable
from tamis.errors import InputError, ModelError

VERSION = 1
LoadScorer: TypeAlias = Callable[[str], Scorer]


def finite_scores(scorer: Scorer, pairs: Sequence[Pair]) -> Floats:
    """The scorer's logits, shape ``(len(pairs),)``.

    Raises:
        InputError: it gave another number of scores, or one that is not finite.
    """
    scores = np.asarray(scorer.score(pairs), dtype=np.float64)
    check_finite(scorer, scores, len(pairs))
    return scores


def check_finite(scorer: Scorer, scores: Floats, count: int) -> None:
    """Refuse scores that are not ``count`` finite numbers, by InputError."""
    if scores.shape != (count,):
        raise InputError(f"scorer {scorer.name!r}: expected {count} scores, one a pair, got shape {scores.shape}")
    if not np.isfinite(scores).all():
        at = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise InputError(f"scorer {scorer.name!r}: score {scores[at]} of pair {at} is not finite")


def config_digest(config: Mapping[str, Any]) -> str:
    """Twelve hex digits of the SHA-256 of a configuration; where its members lie does not count."""
    kept = {key: value for key, value in config.items() if key not in ("members", "name")}
    return hashlib.sha256(readable(kept).encode()).hexdigest()[:12]


def write_config(folder: str | Path, config: Mapping[str, Any]) -> None:
    """Write ``config.json`` into a folder, which is made where there is none; it appears whole or not at all.

    Raises:
        StorageError: the disk refused it.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with atomic_write(Path(folder) / "config.json") as out:
        out.write(readable({**config, "version": VERSION}) + "\n")


def read_config(folder: Path, architecture: str) -> dict[str, Any]:
    """The ``config.json`` of a folder that holds this architecture.

    Raises:
        ModelError: it cannot be read, holds another architecture, or a newer tamis wrote it.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        found, version = config["architecture"], config["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} is no {architecture} folder: {error!r}") from error
    if found != architecture:
        raise ModelError(f"{folder}: expected architecture {architecture!r}, got {found!r}")
    if version != VERSION:
        raise ModelError(
            f"{folder}: written in version {version}, this tamis reads {VERSION}: use the one that wrote it"
        )
    return dict(config)


def load_members(folder: Path, config: Mapping[str, Any], load_scorer: LoadScorer) -> list[Scorer]:
    """The scorers a configuration names, each checked to be the one it was written with.

    A member that is a folder inside or relative to ``folder`` is read from there; anything else goes to
    ``load_scorer`` as it is.

    Raises:
        ModelError: a member is the folder itself, or its fingerprint is not the recorded one.
    """
    try:
        named = list(zip(config["members"], config["fingerprints"], strict=True))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder}: 'members' and 'fingerprints' must be lists of one length: {error!r}") from error
    members = []
    for spec, fingerprint in named:
        if (folder / str(spec)).resolve() == folder.resolve():
            raise ModelError(f"{folder} names itself as a member")
        member = load_scorer(member_spec(folder, spec))
        if member.fingerprint != fingerprint:
            raise ModelError(
                f"{folder}: member {spec!r} has fingerprint {member.fingerprint!r}, expected {fingerprint!r}: "
                "put back the model it was fitted with, or fit and save anew"
            )
        members.append(member)
    return members


def member_spec(folder: Path, spec: str) -> str:
    """What ``load_scorer`` takes for a member: the path of a folder found from ``folder``, else the spec itself."""
    inside = (folder / str(spec)).resolve()
    return str(inside) if inside.is_dir() else str(spec)


def checked_weights(weights: ArrayLike | None, count: int) -> Floats:
    """Weights of ``count`` members, adding to 1; equal where none are given.

    Raises:
        InputError: no members, not one weight a member, one that is negative or not finite, or all are 0.

    >>> checked_weights([3, 1], 2).tolist()
    [0.75, 0.25]
    """
    if not count:
        raise InputError("no members: give at least one scorer")
    given = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (count,):
        raise InputError(f"expected {count} weights, one a member, got shape {given.shape}")
    if not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise InputError(f"weights must be finite, at least 0 and not all 0, got {given.tolist()}")
    total = float(given.sum())
    return given.copy() if abs(total - 1) < 1e-12 else given / total  # weights that were read again keep their bits


def checked_specs(specs: Sequence[str] | None, members: Sequence[Scorer]) -> tuple[str, ...]:
    """What ``load_scorer`` takes for each member; their names where nothing is said.

    Raises:
        InputError: not one spec a member.
    """
    named = tuple(member.name for member in members) if specs is None else tuple(map(str, specs))
    if len(named) != len(members):
        raise InputError(f"expected {len(members)} specs, one a member, got {len(named)}")
    return named
