"""A language model behind an OpenAI-compatible server, asked in chat messages."""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tamis.errors import InputError, RemoteError
from tamis.score.remote.answers import shown
from tamis.score.remote.http import HttpOptions, JsonClient, is_loopback, joined, said

PATH = "/v1/chat/completions"
KEY = "TAMIS_LLM_KEY"
PATIENT = HttpOptions(timeout=120.0)
ADVICE = {
    400: "check the model's name, and that the passages fit its window",
    404: "check the URL and the model's name",
    408: "give it more time (HttpOptions(timeout=...)), or fewer and shorter passages",
    413: "give it fewer or shorter passages",
    422: "check that it is a chat completions API, and the model's name",
    429: "wait, or ask for fewer connections",
}
THOUGHT = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)
BEGUN = re.compile(r"\s*<think>")
MAY_BEGIN = tuple("<think>"[:n] for n in range(len("<think>") + 1))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said.

    Attributes:
        text: without what the model thought aloud first (``<think>``).
        cut: whether the limit of its length ended it.
    """

    text: str
    cut: bool = False


class Chat:
    """Sends messages, gets text, whole or as it comes. The key stands in no error and no representation.

    Args:
        url: the server, with or without ``/v1``.
        model: the model's name there; empty leaves it to the server.
        key_env: the environment variable that holds the key; empty sends none.
        temperature: 0 is the most likely text; None leaves it to the server, as some models demand.
        most_tokens: longest answer.
        options: how the server is asked; while an answer streams, ``timeout`` is the longest silence.

    Raises:
        InputError: the URL cannot be used, or the key would leave this machine unencrypted.

    >>> Chat("http://127.0.0.1:8000/v1", "qwen3").client
    JsonClient('http://127.0.0.1:8000/v1')
    """

    def __init__(
        self,
        url: str,
        model: str = "",
        *,
        key_env: str = KEY,
        temperature: float | None = 0.0,
        most_tokens: int = 1024,
        options: HttpOptions = PATIENT,
    ) -> None:
        if most_tokens < 1:
            raise InputError(f"most_tokens must be at least 1, got {most_tokens}")
        key = os.environ.get(key_env, "") if key_env else ""
        self.client = JsonClient(url, key=key, options=options, advice=ADVICE)
        parts = urlsplit(url)
        if key and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            where = f"{parts.hostname} unencrypted"
            raise InputError(f"the key of {key_env} would go to {where}: use https, or unset {key_env}")
        self._access = f"check the API key, which is read from the variable {key_env}" if key_env else "send an API key"
        self.model, self.key_env = model, key_env
        self.temperature, self.most_tokens = temperature, most_tokens
        self._schemaless = False

    def __repr__(self) -> str:
        return f"Chat({self.client.url!r}, {self.model!r})"

    def reply(
        self, system: str, user: str, *, schema: Mapping[str, Any] | None = None, within: float = math.inf
    ) -> Reply:
        """The model's answer to a system and a user message.

        Args:
            system: what the model is told once.
            user: what it is asked.
            schema: JSON schema that the server holds the answer to, where it can. One that refuses the request for it
                (400, 422) is asked without, and from then on always; the answer may then be any text.
            within: seconds that all tries may take together.

        Raises:
            RemoteError: the server failed or refused, after all tries (passing faults and 429 are tried again, when
                the server's Retry-After says), or its answer holds no text.
        """
        with self._discreet():
            found = self._found(self._asked(system, user), schema, within)
        choice = self._choice(found, "message")
        thoughts = _Thoughts()
        text = thoughts.without(_text(choice, "message", self._where)) + thoughts.rest()
        return self._checked(text, choice.get("finish_reason"))

    def stream(self, system: str, user: str) -> Iterator[str | Reply]:
        """The answer's text piece by piece, and last the whole ``Reply``.

        Raises:
            RemoteError: as ``reply``; or the answer broke off in the middle.
        """
        thoughts, text, finish = _Thoughts(), "", None
        for data in self._events({**self._asked(system, user), "stream": True}):
            if data.strip() == "[DONE]":
                finish = finish or "stop"
                break
            found = self._read(data)
            if found.get("choices") == []:  # what was used is told in an event without choices
                continue
            key = "message" if "message" in self._choice(found, "delta") else "delta"  # a server that cannot stream
            choice = self._choice(found, key)
            piece = thoughts.without(_text(choice, key, self._where))
            text, finish = text + piece, choice.get("finish_reason") or finish
            if piece:
                yield piece
        if finish is None:
            what = f"{self._where} broke off its answer after {len(text)} characters: ask again, or see its log"
            raise RemoteError(what, status=200)
        if rest := thoughts.rest():
            text += rest
            yield rest
        yield self._checked(text, finish)

    def _found(self, body: Mapping[str, Any], schema: Mapping[str, Any] | None, within: float) -> Any:
        """The server's answer, held to a schema where the server can."""
        end = time.monotonic() + within
        if schema is not None and not self._schemaless:
            form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
            try:
                return self.client.post(PATH, {**body, "response_format": form}, within=within)
            except RemoteError as error:
                if error.status not in (400, 422):
                    raise
            found = self.client.post(PATH, body, within=end - time.monotonic())
            self._schemaless = True  # it was the schema that was refused: without it, the same is answered
            return found
        return self.client.post(PATH, body, within=within)

    @property
    def _where(self) -> str:
        return joined(self.client.url, PATH)

    def _events(self, body: Mapping[str, Any]) -> Iterator[str]:
        with self._discreet():
            yield from self.client.events(PATH, body)

    @contextmanager
    def _discreet(self) -> Iterator[None]:
        """Leaves out what a server says of a refused key: such messages have repeated keys, and whole requests."""
        try:
            yield
        except RemoteError as error:
            if error.status not in (401, 403):
                raise
            what = f"{self._where} answered status {error.status}: {self._access}"
            raise RemoteError(what, status=error.status) from None

    def _asked(self, system: str, user: str) -> dict[str, Any]:
        given = {"model": self.model or None, "temperature": self.temperature, "max_tokens": self.most_tokens}
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        return {"messages": messages, **{name: value for name, value in given.items() if value is not None}}

    def _read(self, data: str) -> Mapping[str, Any]:
        """One event of a stream as JSON; an error among them is raised."""
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            what = f"{self._where} sent an event that is no JSON, got {data[:60]!r}"
            raise RemoteError(f"{what}: {ADVICE[422]}", status=200) from error
        if isinstance(found, Mapping) and found.get("error"):
            message = said(data.encode("utf-8", "replace"))
            raise RemoteError(f"{self._where} failed while it answered: {message}", status=200, said=message)
        if not isinstance(found, Mapping):
            raise RemoteError(f"{self._where} should send objects, got {shown(found)}: {ADVICE[422]}", status=200)
        return found

    def _choice(self, found: Any, key: str) -> Mapping[str, Any]:
        """The first choice of an answer."""
        try:
            choice = found["choices"][0]
        except (KeyError, IndexError, TypeError) as error:
            what = f"{self._where} should answer with choices[0].{key}.content, got {shown(found)}"
            raise RemoteError(f"{what}: check that it is a chat completions API", status=200) from error
        if not isinstance(choice, Mapping):
            what = f"{self._where}: choices[0] should be an object, got {shown(choice)}"
            raise RemoteError(f"{what}: check that it is a chat completions API", status=200)
        return choice

    def _checked(self, text: str, finish: object) -> Reply:
        """The reply, where it holds text."""
        if finish == "content_filter":
            raise RemoteError(
                f"{self._where}: the server's filter held the answer back: ask in other words", status=200
            )
        if not text.strip():
            what = f"{self._where} sent an answer without text"
            raise RemoteError(f"{what}: allow longer answers (most_tokens), or choose another model", status=200)
        return Reply(text.strip(), finish == "length")


def _text(choice: Mapping[str, Any], key: str, where: str) -> str:
    """The text of a message or of a part of one; a refusal is an error."""
    message = choice.get(key)
    if not isinstance(message, Mapping):
        what = f"{where} should answer with choices[0].{key}.content, got {shown(message)}"
        raise RemoteError(f"{what}: check that it is a chat completions API", status=200)
    if isinstance(refusal := message.get("refusal"), str) and refusal:
        raise RemoteError(f"{where}: the model refused: {' '.join(refusal.split())[:200]}", status=200, said=refusal)
    content = message.get("content")
    if content is not None and not isinstance(content, str):
        what = f"{where} sent a message without text, got {shown(content)}"
        raise RemoteError(f"{what}: allow longer answers, or choose another model", status=200)
    return content or ""


class _Thoughts:
    """Holds back the beginning of a stream for as long as it may be, or is, what a model thinks aloud."""

    def __init__(self) -> None:
        self.held, self.over = "", False

    def without(self, piece: str) -> str:
        """What of all that came is known to be answer, and was not given yet."""
        if self.over:
            return piece
        self.held += piece
        if found := THOUGHT.match(self.held):
            given = self.held[found.end() :]
        elif BEGUN.match(self.held) or self.held.lstrip() in MAY_BEGIN:
            return ""
        else:
            given = self.held
        # White space after the thought is still held back: more of it may come.
        self.over, self.held = bool(given.strip()), "" if given.strip() else self.held
        return given.lstrip() if self.over else ""

    def rest(self) -> str:
        """What is left at the end; nothing where a thought never ended."""
        return "" if self.over or BEGUN.match(self.held) else self.held.lstrip()
