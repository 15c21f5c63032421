"""What rerank servers speak: one row an API, data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tamis.calibrate.logistic import log_odds
from tamis.core import Floats
from tamis.score.remote.answers import entries, number, placed, share

LEAST = 1e-9  # shares this close to 0 or 1 are a sigmoid that has run out of digits
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one API is asked and answers.

    Attributes:
        name: what a URL's scheme calls it.
        path: where it is asked.
        query, documents: fields of the request.
        limit: field that asks for all documents back; empty where a server always sends all.
        answers: field of the answer that lists the scores; empty where the answer is that list.
        score: field of the score; the document's place is always ``index``.
        always: further fields of each request.
        raw: fields that ask for raw logits; where there are none, the server only gives shares in [0, 1].
        model: whether the field ``model`` must be sent, may be sent, or does not exist.
        prompted: texts may come into a prompt, where what looks like a control token would be one.
        most: documents of one request.
        most_bytes: bytes of one request's texts.
    """

    name: str
    path: str
    query: str = "query"
    documents: str = "documents"
    limit: str = "top_n"
    answers: str = "results"
    score: str = "relevance_score"
    always: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    model: Literal["must", "may", "none"] = "may"
    prompted: bool = False
    most: int = 1000
    most_bytes: int = 8 * MEGABYTE

    def request(self, query: str, texts: Sequence[str], *, model: str, raw: bool) -> dict[str, Any]:
        """The request's body."""
        body: dict[str, Any] = {"model": model} if model and self.model != "none" else {}
        body |= {self.query: query, self.documents: list(texts), **self.always}
        if self.limit:
            body[self.limit] = len(texts)
        return {**body, **self.raw} if raw else body

    def scores(self, answer: Any, count: int, *, raw: bool, where: str) -> Floats:
        """Logits in the order of the request, shape ``(count,)``.

        Raises:
            RemoteError: not every document has exactly one finite score.
        """
        hint = "; if this model gives raw numbers, say so: ?scores=raw"
        found = []
        for entry in entries(answer, self.answers, where):
            what = f"{where}: {self.score!r} of index {entry.get('index')!r:.60}"
            value = entry.get(self.score)
            found.append((entry.get("index"), number(value, what) if raw else share(value, what, hint)))
        ordered = np.array(placed(found, range(count), where), dtype=np.float64)
        return ordered if raw else log_odds(ordered, least=LEAST)


# Limits are the servers' own where they state one; Jina states none, and its v3 reads 64 documents in one window.
# vLLM's older versions call use_activation activation; each ignores the other's name.
DIALECTS: dict[str, Dialect] = {
    row.name: row
    for row in (
        Dialect("cohere", "/v2/rerank", model="must"),
        Dialect("cohere-v1", "/v1/rerank", always={"return_documents": False}, model="must"),
        Dialect("jina", "/v1/rerank", always={"return_documents": False}, model="must", most=64),
        Dialect(
            "voyage", "/v1/rerank", limit="top_k", answers="data", always={"return_documents": False}, model="must"
        ),
        Dialect(
            "tei",
            "/rerank",
            documents="texts",
            limit="",
            answers="",
            score="score",
            always={"truncate": True, "return_text": False},
            raw={"raw_scores": True},
            model="none",
            most=32,
            most_bytes=1_900_000,
        ),
        Dialect("vllm", "/rerank", raw={"use_activation": False, "activation": False}, prompted=True, most=512),
        Dialect(
            "vllm-score",
            "/score",
            query="text_1",
            documents="text_2",
            limit="",
            answers="data",
            score="score",
            raw={"use_activation": False, "activation": False},
            prompted=True,
            most=512,
        ),
        Dialect("xinference", "/v1/rerank", always={"return_documents": False}, model="must", prompted=True, most=256),
        Dialect("infinity", "/rerank", always={"return_documents": False}, raw={"raw_scores": True}),
    )
}
