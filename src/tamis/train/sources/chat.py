"""A language model behind an OpenAI-compatible server, asked in chat messages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from tamis.errors import InputError, RemoteError
from tamis.score.remote.answers import shown
from tamis.score.remote.http import HttpOptions, JsonClient, is_loopback, joined

PATH = "/v1/chat/completions"
KEY = "OPENAI_API_KEY"


@dataclass(frozen=True, slots=True)
class Chat:
    """Sends messages, gets text. Neither texts nor the key stand in errors, logs or representations.

    Attributes:
        client: the server.
        model: the model's name there; empty leaves it to the server.
        most_tokens: longest answer.
    """

    client: JsonClient
    model: str = ""
    most_tokens: int = 512

    @classmethod
    def at(cls, url: str, model: str = "", *, options: HttpOptions | None = None) -> Self:
        """The model at a URL; the key is read from the variable OPENAI_API_KEY, where it is set.

        Raises:
            InputError: the URL cannot be used, or the key would leave this machine unencrypted.

        >>> Chat.at("http://127.0.0.1:8000").client
        JsonClient('http://127.0.0.1:8000')
        """
        key = os.environ.get(KEY, "")
        parts = urlsplit(url)
        if key and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise InputError(f"the key of {KEY} would go to {parts.hostname} unencrypted: use https, or unset {KEY}")
        return cls(JsonClient(url, key=key, options=options), model)

    def answer(self, system: str, user: str, *, temperature: float = 0.0) -> str:
        """The model's answer to a system and a user message.

        Raises:
            RemoteError: the server failed or refused, after all tries (429 and passing faults are tried again, when
                the server's Retry-After says), or its answer holds no text.
        """
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        body: dict[str, Any] = {"messages": messages, "temperature": temperature, "max_tokens": self.most_tokens}
        where = joined(self.client.url, PATH)
        try:
            found = self.client.post(PATH, {**({"model": self.model} if self.model else {}), **body})
        except RemoteError as error:
            if error.status not in (401, 403):
                raise
            raise RemoteError(
                f"{where} answered status {error.status}: check the API key, which is read from the variable {KEY}",
                status=error.status,
            ) from None  # what it came from names another variable
        try:
            text = found["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError) as error:
            what = f"{where} should answer with choices[0].message.content, got {shown(found)}"
            raise RemoteError(f"{what}: check that it is a chat completions API", status=200) from error
        if not isinstance(text, str):
            what = f"{where} sent a message without text, got {shown(text)}"
            raise RemoteError(f"{what}: allow longer answers, or choose another model", status=200)
        return text
