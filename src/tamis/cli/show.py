"""What the verbs print: JSON for machines, tables for people, progress on a terminal only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from tamis.core import Candidate, Decision

if TYPE_CHECKING:
    from rich.table import Table

    from tamis.decide import Reading

EXCERPT = 110  # characters of a document that a table shows
LEFT_OUT = 20  # documents that a policy left out, of which a table says why


class Bar(Protocol):
    """A progress bar: what is done, of how many if that is known, and perhaps another word for what is being done."""

    def __call__(self, done: int, total: int | None, now: str = ..., /) -> None: ...


def as_json(value: object) -> None:
    """Print one JSON document on stdout."""
    # ensure_ascii stays on where stdout cannot carry the characters, so that a pipe never breaks the output.
    plain = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not plain) + "\n")


def table(title: str, *columns: str) -> Table:
    """An empty table whose numbers stand right and whose text column folds."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    made = Table(title=escape(title), box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        folds = column in ("document", "value", "why")
        left = folds or column in ("system", "check")
        made.add_column(column, justify="left" if left else "right", overflow="fold", no_wrap=not folds)
    return made


def out(shown: object) -> None:
    """Print something rich can render on stdout."""
    from rich.console import Console

    Console().print(shown)


def say(message: str) -> None:
    """Print one line for the person on stderr."""
    sys.stderr.write(message + "\n")


def decided(found: Decision, model: str, positions: dict[str, int], reading: Reading, *, machine: bool) -> None:
    """Print a decision: one JSON document, or the table of what is shown and, after a policy, that of the rest.

    What the scores say stands beside it.
    """
    from rich.text import Text

    if machine:
        as_json({**found.as_json(model=model, positions=positions), "reading": reading.as_json()})
        return
    out(ranking_table(found, model, positions))
    if found.policy:
        out(left_out_table(found, positions))
    out(Text(reading.said()))


def ranking_table(decided: Decision, model: str, positions: dict[str, int]) -> Table:
    """A ranking as a table: place now, place before, score, probability where there is one, document."""
    known = any(item.probability is not None for item in decided.ranking)
    columns = ("score", "probability") if known else ("score",)
    shown = table(f"{decided.ranking.query.text}  [{model}]", "rank", "was", *columns, "document")
    for rank, item in enumerate(decided.ranking, 1):
        shown.add_row(str(rank), str(positions[item.doc.id] + 1), *_numbers(item, known), excerpt(item))
    if decided.none_relevant is not None:
        shown.caption = f"probability that none of the candidates answers: {decided.none_relevant:.3f}"
    return shown


def left_out_table(decided: Decision, positions: dict[str, int]) -> Table:
    """What a policy left out, with the reasons and how many each stage dropped; the first rows of a long list."""
    known = any(item.probability is not None for item, _ in decided.rejected)
    columns = ("score", "probability") if known else ("score",)
    counts = ", ".join(f"{stage} {count}" for stage, count in decided.dropped.items())
    title = f"{len(decided.ranking)} shown, {len(decided.rejected)} left out{': ' if counts else ''}{counts}"
    shown = table(title, "was", *columns, "why", "document")
    for item, reason in decided.rejected[:LEFT_OUT]:
        shown.add_row(str(positions[item.doc.id] + 1), *_numbers(item, known), printable(reason), excerpt(item))
    if (more := len(decided.rejected) - LEFT_OUT) > 0:
        shown.caption = f"and {more} more: --json lists all"
    return shown


def _numbers(item: Candidate, known: bool) -> tuple[str, ...]:
    """The score, and the probability where the table has a column for it."""
    probability = "" if item.probability is None else f"{item.probability:.3f}"
    return (f"{item.score:.3f}", probability) if known else (f"{item.score:.3f}",)


def excerpt(item: Candidate) -> str:
    """The beginning of a document on one line, safe for a terminal."""
    text = " ".join(item.doc.full_text.split())
    return printable(text[:EXCERPT] + ("…" if len(text) > EXCERPT else ""))


def printable(text: str) -> str:
    """A text without control characters and markup, safe for a terminal."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))


def safe(text: str) -> str:
    """A text of several lines without control characters, which could steer a terminal.

    >>> safe("one\\ntwo\\x1b[2J")
    'one\\ntwo\ufffd[2J'
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


@contextmanager
def progress(what: str) -> Iterator[Bar | None]:
    """A progress bar on stderr while the block runs, called with (done, in all) and perhaps another word for what is
    done; None when stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: int, total: int | None, now: str = what) -> None:
            bar.update(task, completed=done, total=total, description=now)

        yield tell
