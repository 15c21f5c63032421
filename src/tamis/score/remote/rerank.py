"""Any server that speaks a rerank API as a scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from tamis.core import Document, Floats, Pair, Query
from tamis.errors import InputError, RemoteError
from tamis.score.remote.controls import neutral
from tamis.score.remote.dialects import Dialect
from tamis.score.remote.http import JsonClient, joined
from tamis.score.remote.pieces import Limits, gathered

Scores: TypeAlias = Literal["auto", "raw", "sigmoid"]
Instructions: TypeAlias = Literal["ignore", "prefix", "field"]


@dataclass(frozen=True, slots=True)
class RerankOptions:
    """What the API leaves open.

    Attributes:
        batch: most documents of one request; 0 takes what the server allows.
        scores: what comes back: ``"raw"`` numbers, taken as they are, ``"sigmoid"`` values in [0, 1], turned back into
            logits, or ``"auto"``: raw where the API can be asked for it, else sigmoid.
        instruction: what happens to a query's instruction, which no public rerank API knows: ``"ignore"`` leaves it out
            and says so in the notes, ``"prefix"`` writes it on a line before the query, ``"field"`` sends it as the
            field ``instruction``, for servers that added one.
        listwise: the model reads the documents of a request together, so that scores depend on each other.
    """

    batch: int = 0
    scores: Scores = "auto"
    instruction: Instructions = "ignore"
    listwise: bool = False

    def __post_init__(self) -> None:
        if self.batch < 0:
            raise InputError(f"batch must be at least 0, got {self.batch}")
        for name, known in (("scores", Scores), ("instruction", Instructions)):
            if (value := getattr(self, name)) not in get_args(known):
                raise InputError(f"{name} must be one of {', '.join(get_args(known))}, got {value!r}")


class RemoteReranker:
    """A model behind a rerank API.

    Documents are cut to the server's limits, asked side by side and put together in order. Every document gets exactly
    one finite score, or the call is an error. An empty document is sent like any other.

    Args:
        dialect: the row of the API the server speaks.
        client: the server.
        model: the model's name at the server.
        options: what the API leaves open.
        path: where the API is asked, if not at the dialect's own path.

    Raises:
        InputError: this API needs a model's name, or cannot be asked for what the options want.
    """

    def __init__(
        self,
        dialect: Dialect,
        client: JsonClient,
        *,
        model: str = "",
        options: RerankOptions | None = None,
        path: str = "",
    ) -> None:
        self.dialect, self.client, self.model, self.options = dialect, client, model, options or RerankOptions()
        self.path = path or dialect.path
        if dialect.model == "must" and not model:
            raise InputError(f"{dialect.name} needs the model's name: add ?model=NAME to the URL")
        self.raw = self.options.scores == "raw" or (self.options.scores == "auto" and bool(dialect.raw))
        self.depends_on_companions = self.options.listwise

    @property
    def reads_instructions(self) -> bool:
        """Whether a query's instruction is sent."""
        return self.options.instruction != "ignore"

    @property
    def name(self) -> str:
        """The API, and the model where one is named."""
        return f"{self.dialect.name}:{self.model}" if self.model else self.dialect.name

    @property
    def fingerprint(self) -> str:
        """What produces the scores, as far as it shows from here: a server may change its model behind its name."""
        scores, where = "raw" if self.raw else "sigmoid", joined(self.client.url, self.path)
        together = f", listwise of {self._limits.most}" if self.options.listwise else ""
        return f"{self.name}@{where}({scores}, instruction {self.options.instruction}{together})"

    def score(self, pairs: Sequence[Pair]) -> Floats:
        """Raw logits, shape ``(len(pairs),)``.

        Raises:
            RemoteError: the server failed, refused, or did not give every document one finite score.
        """
        return np.array(gathered(pairs, self._ask, self._limits), dtype=np.float64)

    def notes(self, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
        """For each pair, ``{"instruction_not_read": True}`` where the query has one and the API has no place for it."""
        unread = self.options.instruction == "ignore"
        return [{"instruction_not_read": True} if query.instruction and unread else {} for query, _ in pairs]

    @property
    def _limits(self) -> Limits:
        most = self.options.batch or self.dialect.most
        return Limits(most, self.dialect.most_bytes, self.client.options.connections)

    def _ask(self, query: Query, documents: Sequence[Document]) -> list[float]:
        texts = [self._safe(document.full_text) for document in documents]
        body = self.dialect.request(self._safe(self._asked(query)), texts, model=self.model, raw=self.raw)
        if query.instruction and self.options.instruction == "field":
            body["instruction"] = query.instruction
        try:
            answer = self.client.post(self.path, body)
        except RemoteError as error:
            empty = [document.id for document in documents if not document.full_text.strip()]
            if error.status not in (400, 422) or not empty:
                raise
            text = f"{error}; document {empty[0]!r} is empty, which this server may refuse: leave it out"
            raise RemoteError(text, status=error.status, said=error.said) from error
        where = joined(self.client.url, self.path)
        return list(self.dialect.scores(answer, len(texts), raw=self.raw, where=where))

    def _asked(self, query: Query) -> str:
        prefixed = query.instruction and self.options.instruction == "prefix"
        return f"{query.instruction}\n{query.text}" if prefixed else query.text

    def _safe(self, text: str) -> str:
        return neutral(text) if self.dialect.prompted else text
