"""Artefacts: JSON files that say what they are and carry a digest of what they say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tamis.data.write import atomic_write
from tamis.errors import PolicyError

VERSION = 1


def canonical(value: Any) -> str:
    """JSON text that is the same, byte for byte, for equal values.

    >>> canonical({"b": 1, "a": [0.1]})
    '{"a":[0.1],"b":1}'
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def readable(value: Any) -> str:
    """The same as people read it, an item a line."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 of a value's canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def artefact(kind: str, content: Mapping[str, Any]) -> str:
    """The text of an artefact: its content with ``kind``, ``version`` and ``sha256``, readable, ending in a newline."""
    whole = {**content, "kind": kind, "version": VERSION}
    return readable({**whole, "sha256": digest(whole)}) + "\n"


def write_artefact(path: str | Path, kind: str, content: Mapping[str, Any]) -> None:
    """Write an artefact; it appears whole or not at all.

    Raises:
        InputError: the path is a directory, or its folder does not exist.
        StorageError: the disk refused it.
    """
    text = artefact(kind, content)
    with atomic_write(path) as out:
        out.write(text)


def read_artefact(path: str | Path, kind: str) -> dict[str, Any]:
    """The content of an artefact, without ``kind``, ``version`` and ``sha256``.

    Raises:
        PolicyError: no such file, no artefact of this kind, changed since it was written, or of a newer tamis.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> write_artefact(Path(folder.name) / "p.json", "tamis-policy", {"threshold": 0.5})
    >>> read_artefact(Path(folder.name) / "p.json", "tamis-policy")
    {'threshold': 0.5}
    >>> folder.cleanup()
    """
    try:
        whole = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PolicyError(f"{path} cannot be read as a {kind}: {error}") from error
    if not isinstance(whole, dict) or whole.get("kind") != kind:
        found = whole.get("kind", "no kind") if isinstance(whole, dict) else type(whole).__name__
        raise PolicyError(f"{path}: expected a {kind}, got {found!r}")
    if whole.get("version") != VERSION:
        raise PolicyError(f"{path}: written in version {whole.get('version')}, this tamis reads {VERSION}")
    if not _fits(whole.pop("sha256", None), whole):
        raise PolicyError(f"{path} was changed after it was written (its digest does not fit): make it anew")
    return {key: value for key, value in whole.items() if key not in ("kind", "version")}


def _fits(said: Any, whole: Mapping[str, Any]) -> bool:
    """Whether a digest is that of the content; no content that was written here has none."""
    try:
        return bool(said == digest(whole))
    except (ValueError, RecursionError):  # NaN, infinities and half characters, which Python reads from JSON
        return False
