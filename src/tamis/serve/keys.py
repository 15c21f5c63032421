"""API keys: kept as digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from tamis.errors import InputError

LEAST = 16  # characters of a key


def digest(key: str) -> str:
    """What is kept of a key: it is long and random, so that a plain hash cannot be turned back."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """Who may ask. Without keys everybody may.

    Attributes:
        digests: names of the keys' holders by digest.
    """

    digests: Mapping[str, str]

    @classmethod
    def of(cls, keys: Iterable[str]) -> Self:
        """Keys as ``NAME=KEY`` or ``KEY``, or ``NAME=sha256:DIGEST``.

        Raises:
            InputError: a key is short enough to be guessed or not ASCII, or a digest is none.

        >>> keys = Keys.of(["shop=0123456789abcdef"])
        >>> keys.holder("0123456789abcdef"), keys.holder("0123456789abcdeg")
        ('shop', None)
        """
        found: dict[str, str] = {}
        for number, entry in enumerate(keys, 1):
            name, _, key = entry.partition("=") if "=" in entry.rstrip("=") else ("", "", entry)  # base64 ends in =
            if key.startswith("sha256:"):
                kept = key.removeprefix("sha256:").lower()
                if len(kept) != 64 or set(kept) - set("0123456789abcdef"):
                    raise InputError(f"key {number}: expected sha256: and 64 hexadecimal digits")
            elif len(key) < LEAST:
                raise InputError(f"key {number} has {len(key)} characters: expected at least {LEAST}, drawn at random")
            elif not (key.isascii() and key.isprintable()):
                raise InputError(f"key {number}: expected ASCII characters, since headers hold no others")
            else:
                kept = digest(key)
            found[kept] = name or f"key-{number}"
        return cls(found)

    def named(self, mark: str) -> str | None:
        """Name of the holder of the key whose digest begins so; None where there is none any more."""
        return next((name for kept, name in self.digests.items() if kept.startswith(mark)), None) if mark else None

    def __bool__(self) -> bool:
        return bool(self.digests)

    def holder(self, key: str) -> str | None:
        """Name of a key's holder; None where nobody holds it. All are compared, whether one has fitted or not."""
        given, found = digest(key), None
        for kept, name in self.digests.items():
            if hmac.compare_digest(kept, given):
                found = name
        return found


def presented(headers: Mapping[str, str]) -> str:
    """The key in a request's headers (``Authorization: Bearer KEY``, or ``x-api-key``); empty without one.

    >>> presented({"authorization": "Bearer k"}), presented({"x-api-key": "k"}), presented({})
    ('k', 'k', '')
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
