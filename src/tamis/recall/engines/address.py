"""Where an engine is: a URL read once, its options by their names, its key from the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tamis.errors import InputError

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart.

    Attributes:
        scheme: what stands before ``://``.
        host, port: the server; empty and None where there is none.
        path: without the slash before it.
        options: by name, as text.
        url: as it was given, perhaps with a password; it is in no message and no representation.
    """

    scheme: str
    host: str = ""
    port: int | None = None
    path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    url: str = field(default="", repr=False)

    @property
    def server(self) -> str:
        """Host and port, as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def read(self, row: type[Options]) -> Options:
        """The options as an instance of a dataclass of them.

        Raises:
            InputError: an option is unknown, or its value is no such number.
        """
        kinds = {each.name: str(each.type) for each in fields(row)}  # type: ignore[arg-type]
        for name in self.options:
            if name not in kinds:
                near = get_close_matches(name, kinds, 1)
                hint = f"did you mean {near[0]!r}? " if near else ""
                key = "; a key never belongs into a URL, name its variable: key_env=NAME" if "key" in name else ""
                raise InputError(f"{self.scheme}: unknown option {name!r}: {hint}known are {', '.join(kinds)}{key}")
        return row(**{name: _value(name, text, kinds[name]) for name, text in self.options.items()})


def address(url: str, *, password: bool = False) -> Address:
    """A URL's parts.

    Args:
        url: ``scheme://[host[:port]]/path?option=value``.
        password: whether user name and password may stand in it; they are in no error.

    Raises:
        InputError: it cannot be read, an option stands twice, or a user name stands in it.

    >>> address("qdrant://localhost:6333/law?timeout=9").options
    {'timeout': '9'}
    """
    scheme = url.partition(":")[0]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InputError(f"the {scheme}: URL cannot be read: special characters in it need %-encoding") from error
    if parts.username is not None and not password:
        raise InputError(
            f"a {scheme}: URL must not hold a name or password: the key is read from the environment (?key_env=NAME)"
        )
    options: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if options.setdefault(name, value) != value:
            raise InputError(f"option {name!r} stands twice with different values: give it once")
    return Address(parts.scheme, host, port, unquote(parts.path).removeprefix("/"), options, url)


def key(variable: str, usual: str, where: Address, *, encrypted: bool) -> str:
    """The API key from the environment, where it may be sent.

    Args:
        variable: that the key is read from; empty sends none.
        usual: the variable that may be absent.
        where: the server.
        encrypted: whether it is reached by TLS.

    Raises:
        InputError: another variable was named and is not set, or the key would leave this machine unencrypted.
    """
    found = os.environ.get(variable, "").strip() if variable else ""
    if not found and variable not in ("", usual):
        raise InputError(f"the environment variable {variable!r}, which the URL names for its key, is not set")
    from tamis.score.remote.http import is_loopback

    if found and not encrypted and not is_loopback(where.host):
        raise InputError(
            f"the key of {variable} would go to {where.host} unencrypted: use https, or ?key_env= to send none"
        )
    return found


def _value(name: str, text: str, kind: str) -> Any:
    reads: dict[str, tuple[Callable[[str], Any], str]] = {
        "int": (int, "a whole number"),
        "float": (float, "a number"),
    }
    read, wanted = reads.get(kind, (str, "a text"))
    try:
        return read(text)
    except ValueError as error:
        raise InputError(f"option {name!r} must be {wanted}, got {text!r:.40}") from error
