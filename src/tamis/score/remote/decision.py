"""Decision APIs as scorers: a server answers typed questions about a text with probabilities, and writes no prose.

Two forms spread in autumn 2026, each with three kinds of question:

- OpenAI's Decisions API (public beta of October 2026), ``POST /v1/decisions``: an ``input`` and a list of ``questions``
  of type ``predicate``, ``choice`` or ``score``; an answer may be a ``refusal``. Taken from openai-python's types
  (``decision_create_params.py``, ``decision.py``); Fireworks documents the same form.
- System One, the form of TypeSafe's Jev, ``POST /v1/systemone``: a ``state`` and ``questions`` by name, of type
  ``noul`` (yes or no), ``choice`` or ``score``. Taken from llama.cpp's server (``server-decision.cpp``) and published
  clients; Ollama, Fireworks and Databricks document the same form, Perplexity too, but under ``/v1/decisions``.

Requests and answers are those of the official clients (openai 3.52, typesafe-sdk 0.7.5), compared on the wire; no such
server was run here. How well a server's probabilities are
calibrated is its own claim: their log-odds are taken as raw scores, to be calibrated like any others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tamis.calibrate.logistic import log_odds
from tamis.core import Document, Floats, Pair, Query
from tamis.errors import InputError, RemoteError
from tamis.score.remote.answers import entries, placed, share, shown
from tamis.score.remote.controls import neutral
from tamis.score.remote.http import JsonClient, joined
from tamis.score.remote.pieces import Limits, gathered

LEAST = 1e-4  # decision servers round to two to four digits: a share of 0 or 1 is rounded
MEGABYTE = 1_000_000
QUESTION = "Does `{document}` contain information that `query` asks for, or an essential part of it?"
INSTRUCTED = "Is `{document}` what `instruction` asks for, given `query`?"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question: its options, and what each is worth; a predicate has the option yes alone."""

    options: tuple[tuple[str, str], ...]
    worth: tuple[float, ...]


KINDS: dict[str, Kind] = {
    "predicate": Kind((), (1.0,)),
    "choice": Kind(
        (
            ("relevant", "It states what is asked for, wholly or in an essential part."),
            ("irrelevant", "It is on another subject, or only close to the subject without what is asked for."),
        ),
        (1.0, 0.0),
    ),
    "score": Kind(
        (
            ("none", "It is on another subject."),
            ("near", "It is on the subject, but without what is asked for."),
            ("part", "It states a part of what is asked for."),
            ("full", "It states what is asked for."),
        ),
        (0.0, 1 / 3, 2 / 3, 1.0),
    ),
}


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """One API: its path, how a request is written, and how the options' probabilities are read, by question."""

    name: str
    path: str
    write: Callable[[Mapping[str, Any], Mapping[str, str], str], dict[str, Any]]
    read: Callable[[Any, str, str], list[tuple[Any, list[float]]]]


def openai_request(state: Mapping[str, Any], questions: Mapping[str, str], kind: str) -> dict[str, Any]:
    """The body of OpenAI's form; the input is a text, so the state is written as JSON."""
    options = KINDS[kind].options
    further: dict[str, Any] = {
        "predicate": {},
        "choice": {"choices": [{"value": value, "description": text} for value, text in options]},
        "score": {"levels": [{"label": label, "description": text} for label, text in options]},
    }[kind]
    asked = [{"type": kind, "name": name, "instructions": text, **further} for name, text in questions.items()]
    return {"input": json.dumps(state, ensure_ascii=False), "questions": asked}


def openai_answers(answer: Any, kind: str, where: str) -> list[tuple[Any, list[float]]]:
    """The options' probabilities by question's name, from OpenAI's form."""
    found = []
    for entry in entries(answer, "answers", where):
        name = entry.get("name")
        what = _typed(entry, kind, f"{where}: the answer to {name!r:.60}")
        if kind == "predicate":
            found.append((name, [share(entry.get("probability"), what)]))
            continue
        key = "value" if kind == "choice" else "label"
        given = {str(part.get(key)): part.get("probability") for part in entries(entry, "probabilities", what)}
        found.append((name, [share(given.get(option), f"{what}, {option}") for option, _ in KINDS[kind].options]))
    return found


def systemone_request(state: Mapping[str, Any], questions: Mapping[str, str], kind: str) -> dict[str, Any]:
    """The body of System One's form."""
    criteria: Any = {
        "predicate": {text: KINDS["choice"].options[at][1] for at, text in enumerate(("true", "false"))},
        "choice": dict(KINDS["choice"].options),
        "score": [text for _, text in KINDS["score"].options],
    }[kind]
    named = "noul" if kind == "predicate" else kind
    asked = {name: {"type": named, "instructions": text, "criteria": criteria} for name, text in questions.items()}
    return {"state": dict(state), "questions": asked}


def systemone_answers(answer: Any, kind: str, where: str) -> list[tuple[Any, list[float]]]:
    """The options' probabilities by question's name, from System One's form."""
    answers = answer.get("answers") if isinstance(answer, Mapping) else None
    if not isinstance(answers, Mapping):
        raise RemoteError(f"{where} should answer with 'answers' by name, got {shown(answer)}: check the scheme")
    found = []
    for name, entry in answers.items():
        named = "noul" if kind == "predicate" else kind
        what = _typed(entry, named, f"{where}: the answer to {name!r:.60}")
        if kind == "predicate":
            found.append((name, [share(entry.get("noul"), what)]))
            continue
        given = entry.get("probabilities")
        given = given if isinstance(given, Mapping) else {}
        names = [option if kind == "choice" else str(at) for at, (option, _) in enumerate(KINDS[kind].options)]
        found.append((name, [share(given.get(option), f"{what}, {option!r}") for option in names]))
    return found


def _typed(entry: Any, kind: str, what: str) -> str:
    """``what``, when the answer is of the kind that was asked."""
    got = entry.get("type") if isinstance(entry, Mapping) else None
    if got == "refusal":
        raise RemoteError(f"{what} is a refusal: the server declines to judge this document; leave it out")
    if got != kind:
        raise RemoteError(f"{what} should be of type {kind!r}, got {got!r:.60}: check which API the server speaks")
    return what


DECISIONS: dict[str, DecisionForm] = {
    row.name: row
    for row in (
        DecisionForm("decision", "/v1/decisions", openai_request, openai_answers),
        DecisionForm("systemone", "/v1/systemone", systemone_request, systemone_answers),
    )
}


@dataclass(frozen=True, slots=True)
class DecisionOptions:
    """How relevance is asked for.

    Attributes:
        question: ``"predicate"``: yes or no; ``"choice"`` of relevant and irrelevant; ``"score"`` on four levels.
        batch: documents of one request. One document is judged by itself; several share what the model reads, so that
            scores depend on each other.
    """

    question: str = "predicate"
    batch: int = 1

    def __post_init__(self) -> None:
        if self.question not in KINDS:
            raise InputError(f"question must be one of {', '.join(KINDS)}, got {self.question!r}")
        if self.batch < 1:
            raise InputError(f"batch must be at least 1, got {self.batch}")


class DecisionScorer:
    """Log-odds of the probability that a decision model gives a document's relevance.

    A query's instruction, where there is one, becomes part of the question.

    Args:
        form: the row of the API the server speaks.
        client: the server.
        model: the model's name at the server.
        options: how relevance is asked for.
        path: where the server is asked, if not at the form's own path.

    Raises:
        InputError: there is no model's name.
    """

    reads_instructions = True

    def __init__(
        self,
        form: DecisionForm,
        client: JsonClient,
        *,
        model: str = "",
        options: DecisionOptions | None = None,
        path: str = "",
    ) -> None:
        self.form, self.client, self.model, self.options = form, client, model, options or DecisionOptions()
        self.path = path or form.path
        if not model:
            raise InputError(f"{form.name} needs the model's name: add ?model=NAME to the URL")
        self.depends_on_companions = self.options.batch > 1

    @property
    def name(self) -> str:
        """The API and the model."""
        return f"{self.form.name}:{self.model}"

    @property
    def fingerprint(self) -> str:
        """What produces the scores, as far as it shows from here: a server may change its model behind its name."""
        asked = f"question {self.options.question} 1, batch {self.options.batch}"  # 1: the wording's version
        return f"{self.name}@{joined(self.client.url, self.path)}({asked})"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``.

        Raises:
            RemoteError: the server failed, refused, or did not give every document its probability.
        """
        limits = Limits(self.options.batch, MEGABYTE, self.client.options.connections)
        return log_odds(np.array(gathered(pairs, self._ask, limits), dtype=np.float64), least=LEAST)

    def _ask(self, query: Query, documents: Sequence[Document]) -> list[float]:
        names = [f"d{at}" for at in range(len(documents))]
        texts = [neutral(document.full_text) for document in documents]
        alone = len(documents) == 1
        state: dict[str, Any] = {"instruction": neutral(query.instruction)} if query.instruction else {}
        state["query"] = neutral(query.text)
        state |= {"document": texts[0]} if alone else {"documents": dict(zip(names, texts, strict=True))}
        wording = INSTRUCTED if query.instruction else QUESTION
        places = ["document"] if alone else [f"documents.{name}" for name in names]
        questions = {name: wording.format(document=place) for name, place in zip(names, places, strict=True)}
        body = {"model": self.model, **self.form.write(state, questions, self.options.question)}
        where = joined(self.client.url, self.path)
        answers = self.form.read(self.client.post(self.path, body), self.options.question, where)
        worth = KINDS[self.options.question].worth
        return placed(((name, min(1.0, float(np.dot(worth, found)))) for name, found in answers), names, where)
