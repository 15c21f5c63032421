"""The manifest: the one file that says which files make an index, and what made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tamis.errors import IndexCorruptError, IndexMismatchError, IndexStoreError
from tamis.recall.bm25 import Parameters

FORMAT = "tamis-index"
VERSION = 2
MANIFEST = "manifest.json"

Ann: TypeAlias = bool | Literal["auto"]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a file holds: its size and the digest of its bytes."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class EncoderRecord:
    """What made the vectors; ``spec`` is empty when an Encoder object was given."""

    spec: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """Documents that were written together, and which of them were deleted since.

    Attributes:
        documents: how many were written.
        length: tokens of all of them.
        files: by what they hold.
        gone: how many of the documents were deleted since.
        gone_length: tokens of those.
    """

    documents: int
    length: int
    files: Mapping[str, str]
    gone: int = 0
    gone_length: int = 0

    @property
    def live(self) -> int:
        """Documents that can be found."""
        return self.documents - self.gone


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation of an index.

    Attributes:
        generation: counts the writes.
        added: how many documents were ever added; names the next one that has no id.
        segments: the documents, in blocks.
        files: size and digest of every file.
    """

    generation: int
    added: int
    encoder: EncoderRecord | None
    segmenter: str
    ann: Ann
    bm25: Parameters = field(default_factory=Parameters)
    segments: tuple[SegmentRecord, ...] = ()
    files: Mapping[str, FileRecord] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        """How many can be found."""
        return sum(segment.live for segment in self.segments)

    @property
    def length(self) -> int:
        """Tokens of all documents that can be found."""
        return sum(segment.length - segment.gone_length for segment in self.segments)

    def encoded(self) -> bytes:
        """Canonical JSON with a digest over itself.

        >>> made = Manifest(1, 0, None, "1", "auto")
        >>> decoded(made.encoded(), "folder") == made
        True
        """
        body = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps({**body, "digest": _digest(body)}, indent=1, sort_keys=True).encode() + b"\n"


def decoded(data: bytes, folder: Path | str) -> Manifest:
    """A manifest from its bytes.

    Raises:
        IndexMismatchError: another version of tamis made the index.
        IndexCorruptError: the bytes are not those that were written.
    """
    damaged = IndexCorruptError(
        f"{folder}: {MANIFEST} is damaged: restore the folder from a copy, or build the index again"
    )
    try:
        body = json.loads(data)
        version, digest = body.pop("version"), body.pop("digest")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise damaged from error
    # Before the digest: a newer format may compute it in another way.
    if isinstance(version, int) and version > VERSION:
        raise IndexMismatchError(
            f"{folder}: index format {version} was made by a newer tamis (this one reads {VERSION}): "
            "upgrade tamis, or build the index again"
        )
    if isinstance(version, int) and version < VERSION:
        raise IndexMismatchError(
            f"{folder}: index format {version} was made by an older tamis (this one reads {VERSION}): "
            "build the index again"
        )
    if digest != _digest({"version": version, **body}) or body.pop("format") != FORMAT:
        raise damaged
    return _manifest(body)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _manifest(body: dict[str, Any]) -> Manifest:
    encoder = body.pop("encoder")
    return Manifest(
        encoder=EncoderRecord(**encoder) if encoder else None,
        bm25=Parameters(**body.pop("bm25")),
        segments=tuple(SegmentRecord(**row) for row in body.pop("segments")),
        files={name: FileRecord(**row) for name, row in body.pop("files").items()},
        **body,
    )


def read_manifest(folder: Path, name: str = MANIFEST) -> Manifest:
    """The manifest of an index folder, or one that stands beside it.

    Raises:
        IndexStoreError: the folder holds no index, or cannot be read.
        IndexMismatchError: another version of tamis made the index.
        IndexCorruptError: the manifest's bytes are not those that were written.
    """
    try:
        data = (folder / name).read_bytes()
    except FileNotFoundError as error:
        what = "is not an index folder" if folder.is_dir() else "does not exist"
        raise IndexStoreError(f"{folder}: {what} (expected {name}): make one with Index.build") from error
    except OSError as error:
        raise IndexStoreError(f"{folder}: expected an index folder, cannot read it: {error.strerror}") from error
    return decoded(data, folder)
