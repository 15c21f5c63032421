"""From a URL to a scorer: ``cohere+https://api.cohere.com?model=rerank-v3.5``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import partial
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from tamis.core import Scorer
from tamis.errors import InputError, ModelError
from tamis.score.remote.decision import DECISIONS, DecisionOptions, DecisionScorer
from tamis.score.remote.dialects import DIALECTS
from tamis.score.remote.http import HttpOptions, JsonClient, is_loopback
from tamis.score.remote.rerank import RemoteReranker, RerankOptions
from tamis.score.remote.yesno import FORMS, YesNoOptions, YesNoScorer

KEY = "TAMIS_API_KEY"


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a URL's scheme makes: the scorer, from a client, and the options that belong to it alone."""

    make: Callable[..., Scorer]
    options: type[Any]


@dataclass(frozen=True, slots=True)
class Place:
    """What every URL may say.

    Attributes:
        model: the model's name at the server; a fragment, ``#name``, says the same.
        path: where the server is asked, if not at the API's own path.
        key_env: the environment variable that holds the API key; empty sends none.
        insecure: allow a key to leave this machine without TLS.
    """

    model: str = ""
    path: str = ""
    key_env: str = KEY
    insecure: bool = False


SCHEMES: dict[str, Scheme] = {
    **{name: Scheme(partial(RemoteReranker, row), RerankOptions) for name, row in DIALECTS.items()},
    **{name: Scheme(partial(YesNoScorer, row), YesNoOptions) for name, row in FORMS.items()},
    **{name: Scheme(partial(DecisionScorer, row), DecisionOptions) for name, row in DECISIONS.items()},
}


def remote_scorer(url: str) -> Scorer:
    """The scorer that a URL names: ``API+http(s)://server[/path][?option=value&...][#model]``.

    Options are those of ``Place``, ``HttpOptions`` and of the API's own kind. The key is read from the environment,
    never from the URL. Nothing is sent before the first score.

    Raises:
        ModelError: the scheme names no API; the message lists those that are known.
        InputError: the URL has a key or password in it, an unknown option, or a value that does not fit.

    >>> remote_scorer("cohere+https://api.cohere.com?model=rerank-v3.5").name
    'cohere:rerank-v3.5'
    >>> remote_scorer("tei+http://127.0.0.1:8080").fingerprint
    'tei@http://127.0.0.1:8080/rerank(raw, instruction ignore)'
    """
    scheme, server, given = _taken_apart(url)
    rows: tuple[type[Any], ...] = (Place, HttpOptions, scheme.options)
    kinds = {field.name: field.type for row in rows for field in fields(row)}
    for name in given:
        if name not in kinds:
            near = get_close_matches(name, kinds, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            key = "; a key never belongs into a URL, name its variable: key_env=NAME" if "key" in name else ""
            raise InputError(f"unknown option {name!r}: {hint}known are {', '.join(kinds)}{key}")
    values = {name: _value(name, text, str(kinds[name])) for name, text in given.items()}
    place, http, own = (row(**{f.name: values[f.name] for f in fields(row) if f.name in values}) for row in rows)
    client = JsonClient(server, key=_key(place, urlsplit(server)), options=http)
    return scheme.make(client, model=place.model, options=own, path=place.path)


def _taken_apart(url: str) -> tuple[Scheme, str, dict[str, str]]:
    """The scheme's row, the server's plain URL, and the options by name, as text."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"a URL cannot be read ({error}): expected such as tei+http://127.0.0.1:8080") from error
    api, plus, protocol = parts.scheme.rpartition("+")
    if not plus or protocol not in ("http", "https") or api not in SCHEMES:
        near = get_close_matches(api or protocol, SCHEMES, 1)
        hint = f" Did you mean {near[0]}+https://?" if near else ""
        raise ModelError(
            f"{parts.scheme}:// does not say which API the server speaks: expected one of "
            f"{', '.join(SCHEMES)}, then +https:// or +http://, such as tei+http://127.0.0.1:8080.{hint}"
        )
    if "@" in parts.netloc:
        raise InputError(
            f"a URL must not hold a name or password: set the variable {KEY}, or name another by ?key_env=NAME"
        )
    if not host:
        raise InputError(f"{api}+{protocol}:// names no server: expected such as {api}+{protocol}://host:8080")
    given: dict[str, str] = {}
    for option in filter(None, parts.query.split("&")):
        name, _, value = option.partition("=")
        if given.setdefault(unquote(name), unquote(value)) != unquote(value):
            raise InputError(f"option {unquote(name)!r} stands twice with different values: give it once")
    if parts.fragment and given.setdefault("model", unquote(parts.fragment)) != unquote(parts.fragment):
        raise InputError("the model is named twice, as ?model= and as #: give it once")
    return SCHEMES[api], urlunsplit((protocol, parts.netloc, parts.path, "", "")), given


def _value(name: str, text: str, kind: str) -> Any:
    """An option's value as its kind; a choice among words stays text and is checked by its own row."""
    truth = {"1": True, "true": True, "0": False, "false": False}
    try:
        read: dict[str, Callable[[], Any]] = {
            "int": lambda: int(text),
            "float": lambda: float(text),
            "bool": lambda: truth[text.lower()],
        }
        return read.get(kind, lambda: text)()
    except (ValueError, KeyError) as error:
        wanted = {"int": "a whole number", "float": "a number", "bool": "1 or 0"}[kind]
        raise InputError(f"option {name!r} must be {wanted}, got {text!r:.40}") from error


def _key(place: Place, server: SplitResult) -> str:
    """The API key from the environment, where it may be sent.

    Raises:
        InputError: a variable was named that is not set, or the key would leave this machine unencrypted.
    """
    key = os.environ.get(place.key_env, "") if place.key_env else ""
    if not key and place.key_env not in ("", KEY):
        raise InputError(f"the environment variable {place.key_env!r}, which the URL names for its key, is not set")
    if key and server.scheme == "http" and not is_loopback(server.hostname or "") and not place.insecure:
        raise InputError(
            f"the key of {place.key_env} would go to {server.hostname} unencrypted: use https, add ?insecure=1 to send "
            "it all the same, or ?key_env= to send none"
        )
    return key
