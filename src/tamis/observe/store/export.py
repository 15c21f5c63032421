"""Exports: a store's decisions, events and ledger as files, and its sessions as a click log."""

from __future__ import annotations

import gzip
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias, get_args

from tamis.data.artefacts import canonical
from tamis.data.write import atomic_path
from tamis.errors import InputError
from tamis.extras import require
from tamis.observe.events import Session
from tamis.observe.store.reading import ALL, Which
from tamis.observe.store.store import Store

What: TypeAlias = Literal["decisions", "events", "ledger", "impressions"]
WHATS: tuple[What, ...] = get_args(What)
TOGETHER = 2_000  # rows written at once: a group of a Parquet file
Row: TypeAlias = dict[str, Any]

# Columns of Parquet files, which say their types before the first row; ``items`` is a list of such rows.
ITEM = {
    "document": "string", "score": "double", "probability": "double", "position": "int32", "propensity": "double",
    "reason": "string", "text": "string",
}  # fmt: skip
COLUMNS: Mapping[What, Mapping[str, str]] = {
    "decisions": {
        "request": "string", "at": "double", "model": "string", "scorer": "string", "policy": "string",
        "arm": "string", "query": "string", "user": "string", "none_relevant": "double", "segment": "string",
        "items": "items",
    },
    "events": {
        "kind": "string", "event": "string", "request": "string", "document": "string", "query": "string",
        "position": "int32", "value": "double", "user": "string", "at": "double",
    },
    "ledger": {
        "id": "int64", "at": "double", "actor": "string", "act": "string", "subject": "string", "policy": "string",
        "details": "string", "digest": "string",
    },
    "impressions": {
        "query": "string", "document": "string", "position": "int32", "clicked": "int32", "dwell": "double",
        "session": "string", "score": "double", "probability": "double", "chance": "double", "policy": "string",
        "arm": "string", "segment": "string", "at": "double",
    },
}  # fmt: skip


def export(store: Store, path: str | Path, what: What, which: Which = ALL) -> int:
    """Write a part of a store to a file, which appears whole or not at all; returns the number of rows.

    ``impressions`` is the click log that ``tamis derive`` and ``tamis.data.impressions.Log`` read: a row for each
    candidate that was shown, with its ``position``, whether it was ``clicked``, the longest ``dwell`` and the request
    as ``session``. Whether a candidate was shown at all was left to chance where a policy explores: that is ``chance``,
    and not called propensity, which is a click log's word for how likely a place is looked at.

    Args:
        store: what is read, some rows at a time; what is added meanwhile may be in the file or not.
        path: ``.jsonl``, ``.jsonl.gz`` or ``.parquet``.
        what: decisions, events, ledger or impressions.
        which: of the decisions; of events and the ledger its times only.

    Raises:
        InputError: another ending, or no such part.
        MissingExtraError: a Parquet file without pyarrow.
        StorageError: the disk refused it.

    >>> import tempfile
    >>> from tamis.observe.events import Decided, Event, Placed
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Store.open(folder.name + "/kept.db") as store:
    ...     decided = Decided("r1", at=1.0, items=(Placed("a", 2.0, position=1), Placed("b", 1.0)))
    ...     added = store.add([decided], [Event("click", "e1", request="r1", document="a", at=2.0)])
    ...     export(store, folder.name + "/clicks.jsonl", "impressions")
    1
    >>> from tamis.data.impressions import Log
    >>> [(shown.document, shown.clicked) for shown in Log(folder.name + "/clicks.jsonl").read()]
    [('a', True)]
    >>> folder.cleanup()
    """
    if what not in ROWS:
        raise InputError(f"expected one of {', '.join(WHATS)} to export, got {what!r:.40}")
    name = Path(path).name.lower()
    ending = next((each for each in WRITERS if name.endswith(each)), None)
    if ending is None:
        raise InputError(f"{path}: expected a name that ends in {', '.join(WRITERS)}")
    rows, count = ROWS[what](store, which), 0
    with atomic_path(path) as beside, WRITERS[ending](beside, what) as write:
        while some := [*islice(rows, TOGETHER)]:
            write(some)
            count += len(some)
    return count


def _decisions(store: Store, which: Which) -> Iterator[Row]:
    for decided in store.decisions(which):
        row = {name: getattr(decided, name) for name in COLUMNS["decisions"]}
        yield {**row, "items": [dict(zip(ITEM, item.as_json(), strict=True)) for item in decided.items]}


def _events(store: Store, which: Which) -> Iterator[Row]:
    return (event.as_json() for event in store.events(since=which.since, until=which.until))


def _ledger(store: Store, which: Which) -> Iterator[Row]:
    since, until = -math.inf if which.since is None else which.since, math.inf if which.until is None else which.until
    for entry in store.entries():
        if since <= entry.at < until:
            yield {**asdict(entry), "details": canonical(entry.details)}


def _impressions(store: Store, which: Which) -> Iterator[Row]:
    for session in store.sessions(which):
        yield from _shown(session)


def _shown(session: Session) -> Iterator[Row]:
    decided, clicked, dwell = session.decided, session.clicked, session.dwell
    for item in decided.items:
        if item.shown:
            yield {
                "query": decided.query.strip() or decided.request,
                "document": item.document,
                "position": item.position,
                "clicked": int(item.document in clicked),
                "dwell": dwell.get(item.document),
                "session": decided.request,
                "score": item.score,
                "probability": item.probability,
                "chance": item.propensity,
                "policy": decided.policy,
                "arm": decided.arm,
                "segment": decided.segment,
                "at": decided.at,
            }


ROWS: Mapping[str, Callable[[Store, Which], Iterator[Row]]] = {
    "decisions": _decisions,
    "events": _events,
    "ledger": _ledger,
    "impressions": _impressions,
}
Write: TypeAlias = Callable[[list[Row]], None]


@contextmanager
def _jsonl(path: Path, what: What) -> Iterator[Write]:
    with path.open("wb") as out:
        yield lambda rows: _lines(out, rows)


@contextmanager
def _packed(path: Path, what: What) -> Iterator[Write]:
    # No time and no name in the gzip header: equal rows give equal bytes.
    with path.open("wb") as out, gzip.GzipFile("", "wb", fileobj=out, mtime=0) as packed:
        yield lambda rows: _lines(packed, rows)


def _lines(out: IO[bytes] | gzip.GzipFile, rows: Iterable[Row]) -> None:
    text = io.StringIO()
    for row in rows:
        text.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n")
    out.write(text.getvalue().encode())


@contextmanager
def _parquet(path: Path, what: What) -> Iterator[Write]:
    pa, parquet = require("pyarrow"), require("pyarrow.parquet")
    schema = _schema(pa, what)
    with parquet.ParquetWriter(path, schema) as out:
        yield lambda rows: out.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))


def _schema(arrow: Any, what: What) -> Any:
    kinds = {name: getattr(arrow, name) for name in ("string", "int32", "int64")}
    kinds["double"] = arrow.float64
    kinds["items"] = lambda: arrow.list_(arrow.struct([(name, kinds[kind]()) for name, kind in ITEM.items()]))
    return arrow.schema([(name, kinds[kind]()) for name, kind in COLUMNS[what].items()])


WRITERS = {".jsonl": _jsonl, ".jsonl.gz": _packed, ".parquet": _parquet}
