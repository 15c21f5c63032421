"""Who looks at the pages: a signed cookie, which stands for a key or, where there are no keys, for a browser."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from tamis.serve.keys import Keys, digest

COOKIE = "tamis-visitor"
MARK = 16  # hexadecimal digits of a key's digest, or of a browser's own number
WITH_KEY, WITHOUT = 12 * 3600, 365 * 86400  # seconds that a cookie holds
SECRET = "secret"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who looks at the pages.

    Attributes:
        name: what their work is kept under; not to be guessed where there are no keys.
        holder: the key's holder; empty where there are no keys.
    """

    name: str
    holder: str = ""


class Visitors:
    """Makes and reads cookies.

    Args:
        keys: who may come in; without keys everybody, each browser a visitor of its own.
        secret: what cookies are signed with.

    >>> open_to_all = Visitors(Keys({}), b"secret")
    >>> cookie = open_to_all.cookie()
    >>> open_to_all.known(f"{COOKIE}={cookie}") == open_to_all.known(f"{COOKIE}={cookie}")
    True
    >>> open_to_all.known(f"{COOKIE}={cookie[:-1]}") is None
    True
    """

    def __init__(self, keys: Keys, secret: bytes) -> None:
        self.keys, self._secret = keys, secret

    def cookie(self, key: str = "") -> str | None:
        """A new cookie's value: of the key's holder, or where there are no keys, of a new visitor.

        Returns:
            None where nobody holds the key.
        """
        if self.keys and self.keys.holder(key) is None:
            return None
        mark = digest(key)[:MARK] if self.keys else secrets.token_hex(MARK // 2)
        ends = int(time.time()) + self.seconds
        return f"{mark}.{ends}.{self._signed(mark, ends)}"

    def known(self, cookies: str) -> Visitor | None:
        """Who sends these cookies; None where they say nothing, or nothing that holds any more.

        Args:
            cookies: the header.
        """
        mark, ends, signature = _parts(_value(cookies))
        if not hmac.compare_digest(signature.encode(), self._signed(mark, ends).encode()) or ends < time.time():
            return None
        if not self.keys:
            return Visitor(f"visitor-{mark}")
        holder = self.keys.named(mark)
        return None if holder is None else Visitor(f"key-{mark}", holder)

    @property
    def seconds(self) -> int:
        """How long a cookie holds."""
        return WITH_KEY if self.keys else WITHOUT

    def _signed(self, mark: str, ends: int) -> str:
        kind = "key" if self.keys else "open"  # a visitor from before there were keys has none
        return hmac.new(self._secret, f"{kind}.{mark}.{ends}".encode(), hashlib.sha256).hexdigest()


def kept_secret(folder: Path) -> bytes:
    """The secret of a folder, made where there is none, so that cookies hold over a restart."""
    path = folder / SECRET
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(file, "wb") as out:
        out.write(made := secrets.token_bytes(32))
    return made


def _value(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _parts(value: str) -> tuple[str, int, str]:
    parts = value.split(".")
    if len(parts) != 3 or not (parts[1].isascii() and parts[1].isdecimal() and len(parts[1]) < 20):
        return "", 0, ""
    return parts[0], int(parts[1]), parts[2]
