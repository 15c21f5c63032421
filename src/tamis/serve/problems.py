"""What is told to a client whose request cannot be answered: one table from errors to statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tamis.errors import (
    BusyError,
    ClosingError,
    InputError,
    ModelError,
    NotCertifiedError,
    NotFoundError,
    OvertimeError,
    PolicyError,
    RemoteError,
    StaleError,
    StorageError,
    TamisError,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One row: HTTP status and the name of the kind."""

    status: int
    kind: str


PROBLEMS: dict[type[Exception], Problem] = {
    InputError: Problem(400, "invalid_request"),
    NotFoundError: Problem(404, "not_found"),
    PolicyError: Problem(409, "policy"),
    NotCertifiedError: Problem(409, "not_certified"),
    StaleError: Problem(409, "stale"),
    BusyError: Problem(429, "overloaded"),
    RemoteError: Problem(502, "upstream"),
    ClosingError: Problem(503, "closing"),
    ModelError: Problem(503, "model"),
    OvertimeError: Problem(504, "timeout"),
    StorageError: Problem(507, "storage"),
    TamisError: Problem(500, "internal"),
}

INVALID = Problem(422, "validation")
TOO_LARGE = Problem(413, "too_large")
UNKNOWN = Problem(401, "unauthorized")
FORBIDDEN = Problem(403, "forbidden")
ELSEWHERE = Problem(421, "misdirected")
BUSY = PROBLEMS[BusyError]
GONE = Problem(499, "gone")  # the client has closed the connection: nobody reads the answer


def problem(error: Exception) -> Problem:
    """The row of an error, or of the nearest error above it.

    >>> problem(BusyError("full")), problem(KeyError("bug"))
    (Problem(status=429, kind='overloaded'), Problem(status=500, kind='internal'))
    """
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), PROBLEMS[TamisError])


# Clients of these read an object at "error", as OpenAI's API has it; those of the others a text.
OF_OPENAI = frozenset({"/v1/embeddings", "/v1/models", "/score", "/v1/score", "/infinity/rerank"})


def told(message: str, row: Problem, path: str = "") -> dict[str, Any]:
    """The body of an answer, as all clients of a path read it: Cohere ``message``, Jina ``detail``, TEI ``error``.

    >>> told("full", PROBLEMS[BusyError])["error"], told("full", PROBLEMS[BusyError], "/v1/embeddings")["error"]
    ('full', {'message': 'full', 'type': 'overloaded', 'param': None, 'code': 429})
    """
    error = {"message": message, "type": row.kind, "param": None, "code": row.status} if path in OF_OPENAI else message
    return {"message": message, "detail": message, "error": error, "error_type": row.kind}
