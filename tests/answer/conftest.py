"""The scripted HTTP server of the remote scorers, speaking chat completions; and decisions to answer from."""

from __future__ import annotations

import json

import pytest

from tamis.core import Candidate, Decision, Document, Query, Ranking

from ..score.remote.conftest import serve  # noqa: F401

STREAM = {"Content-Type": "text/event-stream"}


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    """No key of whoever runs the tests gets into them."""
    monkeypatch.delenv("TAMIS_LLM_KEY", raising=False)


def completion(content, **further):
    """The body of a whole answer."""
    return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop", **further}]}


def event(value):
    """One server-sent event."""
    return f"data: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n\n".encode()


def delta(content, finish=None):
    """The event of a piece of text."""
    return event({"choices": [{"delta": {"content": content}, "finish_reason": finish}]})


def streamed(*pieces, done=True):
    """The bytes of an answer in pieces."""
    first = event({"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
    last = delta("", "stop") + event({"choices": [], "usage": {"total_tokens": 7}}) + event("[DONE]")
    return first + b": ping\n\n" + b"".join(map(delta, pieces)) + (last if done else b"")


def decided(query, *documents, rejected=()):
    """A decision that accepted these documents, given as texts or Documents."""
    made = [d if isinstance(d, Document) else Document(f"d{n}", d) for n, d in enumerate(documents, 1)]
    left_out = tuple((Candidate(Document(f"r{n}", "x"), 0.0), why) for n, why in enumerate(rejected))
    return Decision(Ranking(Query(query), tuple(Candidate(d, 1.0) for d in made)), left_out, "p" if left_out else "")
