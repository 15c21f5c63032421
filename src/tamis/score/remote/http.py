"""The one JSON client of remote models: retries, limits of time and size, and errors that say what to do."""

from __future__ import annotations

import json
import math
import os
import random
import re
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx

from tamis.errors import InputError, RemoteError
from tamis.score.remote.events import events

Given = TypeVar("Given")

LONGEST_WAIT = 60.0  # seconds between two tries
PASSING = frozenset({408, 429, 502, 503, 504, 529})  # statuses of a server that may answer a little later
MESSAGE = 300  # characters of a server's message that an error repeats
ADVICE: dict[int, str] = {
    400: "check the model's name and the options",
    401: "check the API key, which is read from the variable TAMIS_API_KEY or the one that ?key_env= names",
    403: "check that the API key may use this model",
    404: "check the URL, the scheme (which API the server speaks) and the model's name",
    408: "ask for more time (?timeout=) or less at once",
    413: "send less at once: ?batch=",
    422: "check the scheme (which API the server speaks) and the options",
    429: "ask for fewer connections (?connections=) or more patience (?retries=)",
}
TOO_MUCH = re.compile(
    r"batch size|too (?:many|large|big|long)|longer than|exceed|at most|maximum|max_tokens|limit", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How a server is asked.

    Attributes:
        timeout: seconds that one answer may take.
        retries: further tries after a fault that may pass: no connection, no answer in time, 429, 502, 503, 504.
        patience: seconds before the first further try, doubled each time, with jitter; a server's Retry-After wins.
        connections: most requests under way at once.
        most_bytes: largest answer that is read.
    """

    timeout: float = 60.0
    retries: int = 4
    patience: float = 0.5
    connections: int = 4
    most_bytes: int = 64_000_000

    def __post_init__(self) -> None:
        for name, least in (("retries", 0), ("patience", 0), ("connections", 1), ("most_bytes", 1)):
            if not getattr(self, name) >= least:
                raise InputError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if not 0 < self.timeout < float("inf"):
            raise InputError(f"timeout must be a number of seconds above 0, got {self.timeout}")


class Fault(Exception):
    """A fault that another try may cure; ``wait`` are the seconds a server asked for."""

    def __init__(self, error: RemoteError, *, wait: float | None = None, broken: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.wait, self.broken = error, wait, broken


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is sent; no error repeats its query."""

    url: str
    content: bytes
    method: str = "POST"
    query: str = ""


class JsonClient:
    """Sends JSON, gets JSON; one for any number of threads and for forked processes.

    Redirects are never followed, so that neither key nor texts reach a server that was not named.

    Args:
        url: the server, ``http://`` or ``https://``, with or without a path.
        key: stands in no error, log or representation.
        options: how the server is asked.
        advice: what to do about an answer of some status, where that is not what ``ADVICE`` says.
        header: how the key is sent.

    Raises:
        InputError: the URL or the key cannot be used.

    >>> JsonClient("http://127.0.0.1:8080", key="secret")
    JsonClient('http://127.0.0.1:8080')
    """

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        options: HttpOptions | None = None,
        advice: Mapping[int, str] | None = None,
        header: str = "Authorization: Bearer {key}",
    ) -> None:
        self.url, self.options, self._advice = url, options or HttpOptions(), {**ADVICE, **(advice or {})}
        self._key, self._header = key.strip(), header
        if not self._key.isascii() or not self._key.isprintable() or " " in self._key:
            raise InputError("the API key has characters that no header can carry: check the variable it is read from")
        try:
            given = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InputError(
                f"a server's URL cannot be read ({error}): expected such as http://127.0.0.1:8080"
            ) from error
        if given.scheme not in ("http", "https") or not given.host or given.userinfo:
            raise InputError("a server's URL must be http:// or https://, name a host, and hold no name or password")
        self._clients: dict[int, httpx.Client] = {}  # by process: a forked child must not write to its parent's sockets
        weakref.finalize(self, _close, self._clients)

    def __repr__(self) -> str:
        return f"JsonClient({self.url!r})"

    def post(self, path: str, body: Mapping[str, Any], *, within: float = math.inf) -> Any:
        """The server's answer to ``body``, sent to ``path`` below the client's URL.

        Args:
            within: seconds that all tries and the waiting between them may take together.

        Raises:
            RemoteError: the server failed, refused or was not reached, after all tries; or what it sent is no JSON.
        """
        return self.send(Asked(path, _written(body)), within=within)

    def send(self, asked: Asked, *, within: float = math.inf) -> Any:
        """The same for a request by any method and with any body; its ``url`` is the path."""
        asked, end = replace(asked, url=joined(self.url, asked.url)), time.monotonic() + within
        return self._tried(lambda: self._once(asked, end), end)

    def events(self, path: str, body: Mapping[str, Any]) -> Iterator[str]:
        """The server's answer to ``body`` as it comes: the data of each server-sent event.

        An answer that is no event stream is one event. Tries end with the first byte: what broke off later is not asked
        again, since its beginning has been given already. The time limit is that of a silence, not of the whole answer.

        Raises:
            RemoteError: the server failed, refused or was not reached, after all tries; or it broke off its answer.
        """
        asked = Asked(url := joined(self.url, path), _written(body))
        response = self._tried(lambda: self._opened(asked))
        try:
            yield from events(self._chunks(response, url), response.headers.get("content-type", ""))
        finally:
            response.close()

    def _tried(self, ask: Callable[[], Given], end: float = math.inf) -> Given:
        """What ``ask`` gives, asked again after a fault that may pass, unless the wait would be longer than is left."""
        passing = broken = 0
        fault: Fault | None = None
        while True:
            try:
                return ask()
            except Fault as new:
                # A try that the end cuts short says less than the one before it, which had its time.
                fault = fault if fault and time.monotonic() >= end else new
                passing, broken = passing + (not new.broken), broken + new.broken
                wait = self._wait(passing + broken, fault.wait)
                over = passing > self.options.retries or broken > min(1, self.options.retries)
                if over or wait > min(LONGEST_WAIT, end - time.monotonic()):
                    raise _final(fault.error, passing + broken, wait) from fault.__cause__
            time.sleep(wait)

    def _wait(self, tries: int, asked: float | None) -> float:
        jitter = random.uniform(0.5, 1.5)
        if asked is not None:
            return asked if asked > LONGEST_WAIT else min(LONGEST_WAIT, asked + self.options.patience * jitter)
        return min(LONGEST_WAIT, self.options.patience * 2.0 ** min(tries - 1, 16) * jitter)

    def _once(self, asked: Asked, end: float) -> Any:
        (response, data), url = self._sent(asked, whole=True, end=end), asked.url
        if not response.is_success:
            raise self._refused(response, data, url)
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            shown = self._hidden(said(data)) or "nothing"
            what = f"{url} (status {response.status_code}) expected JSON, got {shown!r}: {self._advice[404]}"
            raise Fault(RemoteError(what, status=response.status_code, said=shown), broken=True) from error

    def _opened(self, asked: Asked) -> httpx.Response:
        """An answer whose body is still to be read; the caller closes it."""
        response, data = self._sent(asked, whole=False)
        if not response.is_success:
            raise self._refused(response, data, asked.url)
        return response

    def _sent(self, asked: Asked, *, whole: bool, end: float = math.inf) -> tuple[httpx.Response, bytes]:
        """An answer and its bytes; with ``whole`` false, a success is left open and its bytes are unread."""
        url, full = asked.url, f"{asked.url}?{asked.query}" if asked.query else asked.url
        client, seconds = self._client(), min(self.options.timeout, max(end - time.monotonic(), 0.001))
        accept = {} if whole else {"Accept": "text/event-stream, application/json"}
        # Who has only so long does not wait longer for a connection that others hold.
        limits = httpx.Timeout(seconds, connect=min(seconds, 10.0), pool=None if end == math.inf else seconds)
        request = client.build_request(asked.method, full, content=asked.content, headers=accept, timeout=limits)
        try:
            response = client.send(request, stream=True)
            if not whole and response.is_success:
                return response, b""
            try:
                return response, self._body(response, url, min(end, time.monotonic() + seconds))
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise Fault(self._late(url, seconds)) from error
        except httpx.TransportError as error:
            what = f"{url} cannot be reached ({error or type(error).__name__})"
            raise Fault(RemoteError(f"{what}: check the URL and that the server runs")) from error

    def _late(self, url: str, seconds: float) -> RemoteError:
        return RemoteError(f"{url} did not answer within {max(round(seconds, 1), 0.1):g} s: {self._advice[408]}")

    def _chunks(self, response: httpx.Response, url: str) -> Iterator[bytes]:
        """The bytes of an answer as they come, not more than are allowed."""
        count, status = 0, response.status_code
        try:
            for chunk in response.iter_bytes():
                count += len(chunk)
                if count > self.options.most_bytes:
                    raise self._endless(url, status)
                yield chunk
        except httpx.TimeoutException as error:
            what = f"{url} fell silent for {self.options.timeout:g} s after {count} bytes: {self._advice[408]}"
            raise RemoteError(what, status=status) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _broken_off(url, count, status) from error

    def _endless(self, url: str, status: int) -> RemoteError:
        what = f"{url} sent more than {self.options.most_bytes} bytes: check that it is the right server"
        return RemoteError(what, status=status)

    def _body(self, response: httpx.Response, url: str, end: float) -> bytes:
        """The answer's bytes, all of them, and not more than are allowed, nor later."""
        data = bytearray()
        try:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > self.options.most_bytes:
                    raise self._endless(url, response.status_code)
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("too slow")
        except httpx.TimeoutException:
            raise
        except (httpx.TransportError, httpx.DecodingError) as error:
            if response.is_success:
                raise Fault(_broken_off(url, len(data), response.status_code), broken=True) from error
        return bytes(data)

    def _refused(self, response: httpx.Response, data: bytes, url: str) -> Exception:
        """What to raise for a status that is no success."""
        status, message = response.status_code, self._hidden(said(data))
        if response.is_redirect:
            place = self._hidden(_plain(response.headers["location"]))
            return RemoteError(f"{url} redirects to {place} (status {status}): give that URL", status=status)
        advice = self._advice.get(status, "see the server's log" if status >= 500 else self._advice[400])
        what = f"{url} answered status {status}{f': {message}' if message else ''}"
        error = RemoteError(f"{what}; {advice}", status=status, said=message)
        if status in PASSING:
            return Fault(error, wait=_retry_after(response.headers.get("retry-after", "")))
        return error

    def _hidden(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    def _client(self) -> httpx.Client:
        found = self._clients.get(os.getpid())
        # setdefault: of two threads that come first at once, both get the same client (the other has no connection).
        return found or self._clients.setdefault(os.getpid(), self._made())

    def _made(self) -> httpx.Client:
        asked, host = self.options, urlsplit(self.url)
        name, _, value = self._header.partition(":")
        local = is_loopback(host.hostname or "")
        return httpx.Client(
            headers={
                "Content-Type": "application/json",
                "Accept": "application/json",
                **({name: value.strip().format(key=self._key)} if self._key else {}),
            },
            limits=httpx.Limits(max_connections=asked.connections, max_keepalive_connections=asked.connections),
            verify=not (local and host.scheme == "http"),  # certificates take long to load, and nothing would read them
            trust_env=not local,  # a proxy of the environment is not the way to this machine
            follow_redirects=False,
        )


def _written(body: Mapping[str, Any]) -> bytes:
    # A lone surrogate is no character: servers refuse it. It is sent as a question mark.
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _broken_off(url: str, count: int, status: int) -> RemoteError:
    return RemoteError(f"{url} broke off its answer after {count} bytes: check what stands between", status=status)


def joined(url: str, path: str) -> str:
    """A server's URL with an API's path; what both share stands once.

    >>> joined("https://api.jina.ai/v1", "/v1/rerank"), joined("http://host:80/", "/rerank")
    ('https://api.jina.ai/v1/rerank', 'http://host:80/rerank')
    """
    parts = urlsplit(url)
    base, rest = [p for p in parts.path.split("/") if p], [p for p in path.split("/") if p]
    shared = next((n for n in range(min(len(base), len(rest)), 0, -1) if base[-n:] == rest[:n]), 0)
    return urlunsplit((parts.scheme, parts.netloc, "/" + "/".join(base + rest[shared:]), "", ""))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("api.cohere.com")
    (True, True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def too_much(error: RemoteError) -> bool:
    """Whether a server refused because the request was too large for it, so that a smaller one may pass."""
    return error.status == 413 or (error.status in (400, 422) and bool(TOO_MUCH.search(error.said)))


def said(data: bytes) -> str:
    """A server's message, from JSON as the known servers write it, or from a page; one line, shortened.

    >>> said(b'{"error": {"message": "no such model", "type": "not_found"}}'), said(b"<h1>Bad gateway</h1>")
    ('no such model (not_found)', 'Bad gateway')
    """
    text = data[:20_000].decode("utf-8", "replace")
    try:
        text = _message(json.loads(text))
    except (ValueError, RecursionError):
        text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE)
    text = " ".join(text.split())
    return text if len(text) <= MESSAGE else text[: MESSAGE - 1] + "…"


def _message(value: Any) -> str:
    if isinstance(value, Mapping):
        found = next((_message(value[k]) for k in ("message", "detail", "error", "msg", "reason") if value.get(k)), "")
        kind = next((value[k] for k in ("error_type", "type", "code") if isinstance(value.get(k), str)), "")
        return f"{found} ({kind})" if found and kind else found or kind
    if isinstance(value, list):
        return "; ".join(filter(None, map(_message, value[:3])))
    return value if isinstance(value, str) else ""


def _plain(url: str) -> str:
    """A URL without name, password, query and fragment, any of which may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "another place"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _final(error: RemoteError, tries: int, wait: float) -> RemoteError:
    if wait > LONGEST_WAIT:
        text = f"{error}; the server asks to wait {wait:.0f} s: try again then"
    else:
        text = f"{error} ({tries} tries)" if tries > 1 else str(error)
    return RemoteError(text, status=error.status, said=error.said)


def _retry_after(value: str) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date."""
    try:
        return max(0.0, float(value)) if value.strip().lower() not in ("nan", "inf") else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _close(clients: dict[int, httpx.Client]) -> None:
    if found := clients.pop(os.getpid(), None):
        found.close()
