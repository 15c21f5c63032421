"""The errors tamis raises, one tree; every message says what was expected, what was got and what to do.

::

    TamisError
    ├── InputError          an argument has a wrong value                 (also a ValueError)
    │   ├── DataError       a file's content is wrong: file, line, field
    │   └── NotFoundError   nothing has the name that was given
    ├── MissingExtraError   an optional package is not installed           (also an ImportError)
    ├── ModelError          a model spec or model folder cannot be used
    ├── RemoteError         a server failed, refused, or sent what cannot be used
    ├── IndexStoreError     an index folder cannot be used
    │   ├── IndexCorruptError    its bytes are not the bytes that were written
    │   └── IndexMismatchError   another encoder or a newer format made it
    ├── PolicyError         a policy or calibration cannot be used        (tampered, newer, not one)
    │   ├── PolicyMismatch  it was made for another scorer
    │   └── PolicyExpired   its certificate has run out
    ├── NotCertifiedError   a threshold was asked of a certificate that was refused
    ├── UnavailableError    a server cannot take, or finish, a request now
    │   ├── BusyError       too much is waiting; the error says when to come again
    │   ├── ClosingError    it is stopping
    │   └── OvertimeError   the request's time ran out
    ├── StoppedError        work ended because its caller asked it to; nothing was written
    ├── TrainingError       training cannot go on; the last checkpoint is whole
    ├── StoreError          a store of what is observed cannot be used     (newer, another's, its ledger broken)
    │   └── StaleError      its ledger has gone on since the caller read it
    └── StorageError        the disk refused to take what was written; nothing was lost
"""

from __future__ import annotations

from pathlib import Path


class TamisError(Exception):
    """Any error that tamis raises on purpose."""


class InputError(TamisError, ValueError):
    """An argument has a value that cannot be used."""


class DataError(InputError):
    """A data file holds something that cannot be read, at a place the message names.

    >>> print(DataError("expected a string", path="docs.jsonl", line=3, field="text"))
    docs.jsonl, line 3, field 'text': expected a string
    """

    def __init__(
        self, message: str, *, path: str | Path = "", line: int | None = None, field: str | None = None
    ) -> None:
        self.message, self.path, self.line, self.field = message, str(path), line, field
        where = ", ".join(
            part
            for part in (
                self.path,
                f"line {line}" if line is not None else "",
                f"field {field!r}" if field is not None else "",
            )
            if part
        )
        super().__init__(f"{where}: {message}" if where else message)


class NotFoundError(InputError):
    """Nothing has the name that was given; the message lists what there is."""


class MissingExtraError(TamisError, ImportError):
    """An optional package is needed and not installed; the message carries the command that installs it."""


class ModelError(TamisError):
    """A model spec or a model folder cannot be used."""


class RemoteError(TamisError):
    """A server failed, refused, or sent an answer that cannot be used.

    Attributes:
        status: the answer's HTTP status; None where there was no answer.
        said: the server's own message, empty where it sent none.
    """

    def __init__(self, message: str, *, status: int | None = None, said: str = "") -> None:
        self.status, self.said = status, said
        super().__init__(message)


class IndexStoreError(TamisError):
    """An index folder cannot be used."""


class IndexCorruptError(IndexStoreError):
    """An index file's bytes are not those that were written."""


class IndexMismatchError(IndexStoreError):
    """An index was made by another encoder, or by a newer version of tamis."""


class PolicyError(TamisError):
    """A policy or calibration file cannot be used: it was changed, is from a newer tamis, or is none."""


class PolicyMismatch(PolicyError):
    """A policy or calibration was made for another scorer than the one that gave the scores."""


class PolicyExpired(PolicyError):
    """A policy is past the day until which its certificate was stated."""


class NotCertifiedError(TamisError):
    """A threshold was asked of a certificate that was refused; the message says what is missing."""


class UnavailableError(TamisError):
    """A server cannot take, or finish, a request now."""


class BusyError(UnavailableError):
    """Too much is waiting for a model.

    Attributes:
        seconds: after which it is worth coming again.
    """

    def __init__(self, message: str, *, seconds: int = 1) -> None:
        self.seconds = seconds
        super().__init__(message)


class ClosingError(UnavailableError):
    """The server is stopping: what it took in it finishes, and it takes no more."""


class OvertimeError(UnavailableError):
    """A request's time ran out before a model was free for it."""


class StoppedError(TamisError):
    """Work ended before its end because whoever began it asked it to; it has written nothing."""


class TrainingError(TamisError):
    """Training cannot go on; the message says since when, and the last checkpoint is whole."""


class StoreError(TamisError):
    """A store of decisions and feedback cannot be used: a newer tamis made it, or its ledger was changed."""


class StaleError(StoreError):
    """The ledger has gone on since its caller read it; what was asked was not done: read it again, and decide again."""


class StorageError(TamisError):
    """The disk refused what was written (full, read-only); what was there before is unharmed."""
