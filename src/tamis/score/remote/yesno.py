"""Yes/no log-probabilities of a causal reranker over any OpenAI-compatible server: completions, or chat.

vLLM, SGLang and llama.cpp's server send them both ways, as their documentation and sources say; LMDeploy only for chat,
when it was started with a log-probability mode. None of these servers was run here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tamis.core import Document, Floats, Pair, Query
from tamis.errors import InputError, RemoteError
from tamis.score.prompts import CUT, PROMPTS, Prompt
from tamis.score.remote.answers import number, shown
from tamis.score.remote.controls import neutral
from tamis.score.remote.http import JsonClient, joined
from tamis.score.remote.pieces import Limits, gathered

SLOT = re.compile(r"(\{instruction\}|\{query\}|\{document\})")
TURN = re.compile(r"<\|im_start\|>(system|user)\n(.*?)<\|im_end\|>\n?", re.DOTALL)
ANSWER = re.compile(r"<\|im_start\|>assistant\n(<think>\n\n</think>\n\n)?")
IMPOSSIBLE = -1000.0  # log-probabilities below are a server's way to write minus infinity


class Margin(NamedTuple):
    """Log-probability of yes minus that of no; ``bound`` says when one of them was only bounded."""

    value: float
    bound: str = ""


@dataclass(frozen=True, slots=True)
class YesNoOptions:
    """How the model is asked.

    Attributes:
        prompt: which prompt, a row of ``tamis.score.prompts``.
        top: most likely tokens that are listed, of which yes and no must be two.
        thinking: ``"off"`` tells a chat template to close the thinking part, as the official prompt does; ``"unset"``
            sends no such field, for servers that refuse it.
    """

    prompt: str = "qwen3"
    top: int = 20
    thinking: str = "off"

    def __post_init__(self) -> None:
        known = [name for name, prompt in PROMPTS.items() if isinstance(prompt.no, str) and prompt.no]
        if self.prompt not in known:
            raise InputError(f"prompt must be one of {', '.join(known)}, got {self.prompt!r}")
        if self.top < 2:
            raise InputError(f"top must be at least 2, got {self.top}")
        if self.thinking not in ("off", "unset"):
            raise InputError(f"thinking must be 'off' or 'unset', got {self.thinking!r}")


def completion(text: str, filled: Mapping[str, str], options: YesNoOptions) -> dict[str, Any]:
    """A request of ``/v1/completions``: the prompt as one text, the next token's log-probabilities."""
    return {"prompt": fill(text, filled), "logprobs": options.top}


def chat(text: str, filled: Mapping[str, str], options: YesNoOptions) -> dict[str, Any]:
    """A request of ``/v1/chat/completions``: the prompt as messages, which the server's own template joins.

    Raises:
        InputError: the prompt is more than a system and a user message before an answer.
    """
    if not ANSWER.fullmatch(TURN.sub("", text)):
        raise InputError("this prompt cannot be said in chat messages: use yesno+http:// or ?prompt=qwen3")
    messages = [{"role": role, "content": fill(content, filled)} for role, content in TURN.findall(text)]
    thinking = {"chat_template_kwargs": {"enable_thinking": False}} if options.thinking == "off" else {}
    return {"messages": messages, "logprobs": True, "top_logprobs": options.top, **thinking}


def fill(text: str, filled: Mapping[str, str]) -> str:
    """A prompt's text with its slots filled; what looks like a slot in users' texts stays as it is.

    >>> fill("{query}: {document}", {"{query}": "what is {document}?", "{document}": "a slot"})
    'what is {document}?: a slot'
    """
    return "".join(filled.get(part, part) for part in SLOT.split(text))


@dataclass(frozen=True, slots=True)
class Form:
    """One way to ask: its scheme, its path, and how a request is written."""

    name: str
    path: str
    write: Callable[[str, Mapping[str, str], YesNoOptions], dict[str, Any]]


FORMS: dict[str, Form] = {
    row.name: row
    for row in (Form("yesno", "/v1/completions", completion), Form("chat-yesno", "/v1/chat/completions", chat))
}


class YesNoScorer:
    """log P(yes) - log P(no) of the next token: the raw logit of a causal reranker, as its authors define it.

    One request a pair, those of one query one after the other, so that a server's prefix cache keeps what they share.
    Where only one of the two answers is among the listed tokens, the other counts as likely as the least likely listed
    one, which it cannot exceed: the score is then a bound, and ``score_with_notes`` says so.

    Args:
        form: the row of the API the server speaks.
        client: the server.
        model: the model's name at the server.
        options: how the model is asked.
        path: where the server is asked, if not at the form's own path.
    """

    def __init__(
        self, form: Form, client: JsonClient, *, model: str = "", options: YesNoOptions | None = None, path: str = ""
    ) -> None:
        self.form, self.client, self.model, self.options = form, client, model, options or YesNoOptions()
        self.path, self.prompt = path or form.path, PROMPTS[self.options.prompt]
        self._written(Query(""), Document("", ""))  # a prompt this form cannot say is an error now

    @property
    def reads_instructions(self) -> bool:
        """Whether the prompt has a place for a query's instruction."""
        return bool(self.prompt.instructed)

    @property
    def name(self) -> str:
        """The form, and the model where one is named."""
        return f"{self.form.name}:{self.model}" if self.model else self.form.name

    @property
    def fingerprint(self) -> str:
        """What produces the scores, as far as it shows from here: a server may change its model behind its name."""
        asked = f"prompt {self.options.prompt}, top {self.options.top}, thinking {self.options.thinking}"
        return f"{self.name}@{joined(self.client.url, self.path)}({asked})"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``.

        Raises:
            RemoteError: the server failed or refused, or lists neither yes nor no.
        """
        return self.score_with_notes(pairs)[0]

    def score_with_notes(self, pairs: Sequence[Pair]) -> tuple[Floats, list[dict[str, Any]]]:
        """Raw logits, and ``{"bound": "at least"}`` or ``"at most"`` where a score is only that.

        Raises:
            RemoteError: the server failed or refused, or lists neither yes nor no.
        """
        limits = Limits(1, 1, self.client.options.connections)
        found = gathered(pairs, self._ask, limits)
        scores: Floats = np.array([margin.value for margin in found], dtype=np.float64)
        return scores, [{"bound": margin.bound} if margin.bound else {} for margin in found]

    def _ask(self, query: Query, documents: Sequence[Document]) -> list[Margin]:
        where = joined(self.client.url, self.path)
        answer = self.client.post(self.path, self._written(query, documents[0]))
        return [margin(listed(answer, where), self.prompt, self.options.top, where)]

    def _written(self, query: Query, document: Document) -> dict[str, Any]:
        named = {"model": self.model} if self.model else {}
        request = self.form.write(*asked(self.prompt, query, document), self.options)
        return {**named, **request, "max_tokens": 1, "temperature": 0}


def asked(prompt: Prompt, query: Query, document: Document) -> tuple[str, dict[str, str]]:
    """The prompt's text with its slots, and what fills them, free of control tokens."""
    instruction = query.instruction or prompt.instruction
    text = prompt.instructed if instruction and prompt.instructed else prompt.text
    filled = {"{instruction}": instruction, "{query}": query.text, "{document}": document.full_text}
    return text.replace(CUT, ""), {slot: neutral(part) for slot, part in filled.items()}


def listed(answer: Any, where: str) -> dict[str, float]:
    """The first token's alternatives and their log-probabilities, in either form that servers write.

    Raises:
        RemoteError: there are none, or one is no number.

    >>> listed({"choices": [{"logprobs": {"top_logprobs": [{"yes": -0.1, "no": -2.4}]}}]}, "server")
    {'yes': -0.1, 'no': -2.4}
    """
    try:
        found = answer["choices"][0]["logprobs"]
        if "content" in found:
            tops = [(top["token"], top["logprob"]) for top in found["content"][0]["top_logprobs"]]
        else:
            tops = list(found["top_logprobs"][0].items())
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise RemoteError(
            f"{where} sent no log-probabilities of the first token, got {shown(answer)}: start the server with them "
            "switched on, or try the other form (yesno+ or chat-yesno+)"
        ) from error
    numbers: dict[str, float] = {}
    for token, value in tops:
        what = f"{where}: the log-probability of {token!r:.40}"
        if value is not None and (found_value := number(value, what)) > IMPOSSIBLE:
            numbers[str(token)] = max(found_value, numbers.get(str(token), -math.inf))
    return numbers


def margin(tokens: Mapping[str, float], prompt: Prompt, top: int, where: str) -> Margin:
    """The margin of yes over no from the most likely tokens, exact tokens only: ``Yes`` and `` yes`` are others.

    Raises:
        RemoteError: neither of the two is listed.
    """
    # A server may add the token it drew, which may be less likely than one that is not listed.
    best = dict(sorted(tokens.items(), key=lambda item: -item[1])[:top])
    yes, no = tokens.get(str(prompt.yes)), tokens.get(str(prompt.no))
    if yes is None and no is None:
        seen = ", ".join(map(repr, list(best)[:5])) or "nothing"
        raise RemoteError(
            f"{where}: neither {prompt.yes!r} nor {prompt.no!r} is among the {top} most likely tokens (most likely: "
            f"{seen}): check that the model is a yes/no reranker and that the server does not change the prompt, or "
            "ask for more tokens (?top=)"
        )
    least = min(best.values())
    if no is None and yes is not None:
        return Margin(yes - least, "at least")
    if yes is None and no is not None:
        return Margin(least - no, "at most")
    return Margin((yes or 0.0) - (no or 0.0))
