"""Bulk scoring: millions of pairs, each exactly once, whatever stops on the way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tamis.core import Progress
from tamis.errors import InputError
from tamis.scale.blocks import ROWS, Size
from tamis.scale.folder import Folder
from tamis.scale.inline import Engine, Inline
from tamis.scale.inputs import files_of
from tamis.scale.joined import check_name, join
from tamis.scale.model import Loading, Model
from tamis.scale.part import FORMS, Form
from tamis.scale.processes import Processes
from tamis.scale.ray import OnRay
from tamis.scale.run import Run, Wanted


def bulk(
    source: str | Path,
    output: str | Path,
    *,
    model: str | Path | Loading = "tamis-mini",
    columns: Mapping[str, str] | None = None,
    instruction: str = "",
    form: Form = "jsonl",
    block: int = ROWS,
    workers: int | None = None,
    ray: str | None = None,
    restart: bool = False,
    joined: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score all rows of one file or many into a folder of parts; called again, it goes on where it was stopped.

    A row with ``query`` and ``document`` gains ``score`` (a raw logit); one with ``query`` and a list ``documents``
    gains ``scores`` and ``ranking`` (positions, best first). Other columns are kept. Rows that cannot be used stand in
    ``errors/``, with file, line, field and reason. The parts have the same bytes whichever engine scored them, on how
    many workers, in which order, and however often the run was stopped, on machines of one kind.

    Args:
        source: a .jsonl, .csv, .tsv (plain or .gz) or .parquet file, a folder of these, or a pattern such as
            ``data/*.jsonl``.
        output: the folder; ``part-00000.jsonl`` and so on, ``errors/``, ``manifest.json``.
        model: a spec, or a ``Model`` with its options, or anything else that loads a scorer.
        columns: what the files call ``query``, ``document``, ``documents``, ``id``, ``title``; without it, the usual
            names, then guesses (see ``tamis.scoring.guessed_columns``).
        instruction: a task description, for scorers that read one.
        form: of the parts, ``"jsonl"`` or ``"parquet"``.
        block: rows that are scored and written together: what a worker that dies has to do again.
        workers: processes, or Ray's actors; 1 is this process. None is one a CUDA device where the model runs on one,
            else one a core.
        ray: score on Ray: ``"local"`` starts it here, ``"auto"`` or an address is a cluster that is there.
        restart: begin anew where the folder was made from something else.
        joined: write all parts, in order, into this file, too.
        progress: called with (rows done, rows in all); while the input is first read, with (rows found, None).

    Returns:
        ``rows`` and ``pairs`` that are scored, rows ``refused``, ``blocks``, of them ``resumed`` and ``set_aside``, the
        ``digest`` of all parts in order, ``columns``, ``model``, ``workers``, ``seconds`` of this run, of these
        ``start_seconds`` before the first block, and ``pairs_per_second`` of the rest.

    Raises:
        DataError: there is no input, it cannot be read, or lacks a column.
        InputError: the folder was made from something else (the message says what differs), or is another's.
        TamisError: the model cannot be loaded, or fails on one block after the other; a disk is full. What is done
            stays done.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "pairs.csv"
    >>> _ = path.write_text("query,document\\nwhat sieves soup?,A tamis.\\nwhat sieves soup?,\\n", "utf-8")
    >>> found = bulk(path, path.with_name("scored"), workers=1)
    >>> found["pairs"], found["refused"]
    (1, 1)
    >>> bulk(path, path.with_name("scored"), workers=1)["resumed"]
    1
    >>> folder.cleanup()
    """
    if form not in FORMS:
        raise InputError(f"expected the form {' or '.join(FORMS)}, got {form!r}")
    if workers is not None and workers < 1:
        raise InputError(f"expected at least 1 worker, got {workers}")
    if joined is not None:
        check_name(joined, form)
    began = time.monotonic()
    loading = Model(str(model)) if isinstance(model, str | Path) else model
    wanted = Wanted(files_of(source, output), dict(columns or {}), instruction, form, Size(block))
    folder = Folder(output)
    with folder.held():
        run = Run.prepared(folder, wanted, restart=restart, told=progress)
        with closing(_engine(run, loading, workers, ray)) as engine:
            run.begin(engine.loaded(), loading.as_json())
            ready = time.monotonic()
            run.score(engine, progress)
        ended = time.monotonic()
        counts = run.end()
        if joined is not None:
            join(run.written(), joined, form)
    return {
        **counts,
        "workers": engine.workers,
        "seconds": round(ended - began, 3),
        "start_seconds": round(ready - began, 3),
        "pairs_per_second": round(run.scored / (ended - ready), 3),
    }


def _engine(run: Run, model: Loading, workers: int | None, ray: str | None) -> Engine:
    """The engine for what is left to do."""
    left = len(run.left)
    if ray is not None and left:
        return OnRay(run.task, model, left, ray, workers)
    return Inline(run.task, model) if workers == 1 or left < 2 else Processes(run.task, model, left, workers)
