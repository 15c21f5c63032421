"""What is kept of texts and of users: a keyed hash, which nobody without the key can guess at."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from tamis.errors import InputError, StorageError, StoreError
from tamis.observe.store.database import Database
from tamis.observe.store.lib import sa
from tamis.observe.store.schema import META

VARIABLE = "TAMIS_OBSERVE_KEY"
LEAST = 16  # characters of a key that somebody chose


class Veil:
    """Hashes texts and names of users; the same text gives the same hash under one key.

    A plain hash of a short query is guessed by hashing a dictionary; under a key (BLAKE2b keyed, RFC 7693 section 2.9)
    that takes the key too.

    Args:
        key: any bytes.
        texts: keep texts as they are; names of users are hashed all the same.

    >>> veil = Veil(b"a key of the owner")
    >>> veil.text("sieve") == veil.text("sieve"), veil.text("sieve") == veil.user("sieve"), len(veil.text("sieve"))
    (True, False, 32)
    >>> Veil(b"a key of the owner", texts=True).text("sieve")
    'sieve'
    """

    def __init__(self, key: bytes, *, texts: bool = False) -> None:
        self._key = hashlib.blake2b(key).digest()  # of any length to the 64 bytes that BLAKE2b takes
        self.texts = texts

    def text(self, text: str) -> str:
        """A query's or document's text as it is kept; empty stays empty."""
        return mended(text) if self.texts else self._hash(text, b"text")

    def user(self, name: str) -> str:
        """A user's name as it is kept; empty stays empty."""
        return self._hash(name, b"user")

    @property
    def fingerprint(self) -> str:
        """What tells this key from others and does not give it away."""
        return self._hash("tamis", b"fingerprint")

    def _hash(self, text: str, use: bytes) -> str:
        if not text:
            return ""
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=16, key=self._key, person=use).hexdigest()


def mended(text: str) -> str:
    r"""A text without what a database takes for its end, or cannot write: NUL and halves of characters.

    >>> mended("a\x00b")
    'a�b'
    """
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def unveil(database: Database, key: str | bytes | None, texts: bool) -> Veil:
    """The veil of a store: with the key given, else that of ``TAMIS_OBSERVE_KEY``, else the store's own.

    An SQLite store's own key is made with it and lies beside it in ``<database>.key``, which only its owner can read:
    a copy of the database alone tells nothing. A PostgreSQL store's own key stands in its table ``meta``, so that all
    replicas hash alike: that protects against guesses by whoever sees hashes outside the database (exports, pages),
    and not against whoever can read the database. With the variable set the key is in neither place.

    Raises:
        InputError: a key of fewer than 16 characters.
        StoreError: the store was begun with another key, under which texts have other hashes.
        StorageError: the key's file cannot be read or made.
    """
    key = key if key is not None else os.environ.get(VARIABLE)
    if key is not None and len(key) < LEAST:
        raise InputError(f"the key has {len(key)} characters, at least {LEAST} are needed: take a random one")
    with database.alone() as connection:
        kept = _meta(connection, "fingerprint")
        own = kept is None
        given = key.encode() if isinstance(key, str) else key
        secret = given or _own(database, connection, make=own)
        veil = Veil(secret, texts=texts)
        if kept is None:
            connection.execute(sa.insert(META), {"key": "fingerprint", "value": veil.fingerprint})
        elif kept != veil.fingerprint:
            raise StoreError(
                f"{database.name} was begun with another key: give that one ({VARIABLE}, or the file beside the "
                "database), for hashes under two keys never meet"
            )
    return veil


def _own(database: Database, connection: sa.Connection, make: bool) -> bytes:
    """The store's own key, made where the store is new."""
    if database.path is None:
        kept = _meta(connection, "key")
        if kept is None and make:
            kept = secrets.token_hex(32)
            connection.execute(sa.insert(META), {"key": "key", "value": kept})
    else:
        kept = _beside(database.path.with_name(database.path.name + ".key"), make)
    if kept is None:
        raise StoreError(f"{database.name} was begun with a key that is not here: set {VARIABLE} to it")
    return kept.encode()


def _beside(path: Path, make: bool) -> str | None:
    """The content of the key's file; a new one is on the disk before the store says that it has a key."""
    try:
        if path.exists():
            return path.read_text("ascii").strip()
        if not make:
            return None
        key = secrets.token_hex(32)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as out:
            out.write(key + "\n")
            out.flush()
            os.fsync(file)
        return key
    except OSError as error:
        raise StorageError(f"{path} cannot be used: {error.strerror or error}") from error


def _meta(connection: sa.Connection, key: str) -> str | None:
    found: str | None = connection.scalar(sa.select(META.c.value).where(META.c.key == key))
    return found
