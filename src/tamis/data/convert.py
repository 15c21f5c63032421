"""Writing examples in any form, and converting files from any form to any other; nothing is lost without a word."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

from tamis.data.examples import Unjudged
from tamis.data.forms import FORMS, Example, Form, form_named
from tamis.data.forms.base import Cells
from tamis.data.forms.traits import NO_NEGATIVE, TRAITS, Trait
from tamis.data.open import Source
from tamis.data.training import Conflicts, read_training
from tamis.data.write import atomic_write_bytes
from tamis.errors import InputError, StorageError

RowWriter: TypeAlias = Callable[[Sequence[Example], Form, IO[str]], int]

_BREAKS = frozenset("\t\n")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        path: the file.
        form: the form's word.
        queries, rows: how many of each.
        lost: how many queries of the source lost something, by what (``"scores"``, ``"grades"``, ...); empty unless
            losses were allowed.
    """

    path: Path
    form: str
    queries: int
    rows: int
    lost: Mapping[str, int]


def convert(
    source: Source | Sequence[Source],
    path: str | Path,
    form: Form,
    *,
    conflicts: Conflicts = "refuse",
    unjudged: Unjudged = "ignore",
    lossy: bool = False,
) -> Written:
    """Read sources in any form, put rows of one query together, and write them in one form; see ``write_examples``.

    Args:
        source: as for ``read_training``; rows without labels are read too.
        path: the file to write; its ending says how: ``.jsonl``, ``.csv`` or ``.tsv``, with ``.gz`` compressed.
        form: the form to write; ``form_named("triplets")``.
        conflicts, unjudged: as for ``read_training``.
        lossy: whether what the form cannot carry may be left out.

    Raises:
        DataError: the source cannot be read; with file, line and field.
        InputError: the form, or a TSV file, cannot carry what the source holds; nothing is written.
        StorageError: the disk refused the file.
    """
    _kind(path)  # a wrong ending is told before a large file is read
    examples = read_training(source, conflicts=conflicts, unjudged=unjudged, labelled=False)
    return write_examples(path, examples, form, lossy=lossy)


def write_examples(
    path: str | Path, examples: Iterable[Example], form: Form | None = None, *, lossy: bool = False
) -> Written:
    """Write examples in a form; the file appears whole or not at all, and ``read_training`` reads the same from it.

    Triplets stand in a row for each positive with each negative, which is one query's documents again once rows are
    merged; forms of positives and negatives put the positives first.

    Args:
        path: the file to write; its ending says how: ``.jsonl``, ``.csv`` or ``.tsv``, with ``.gz`` compressed.
        examples: one a query.
        form: the form; lists (which carries everything) where none is given.
        lossy: whether what the form cannot carry may be left out; ``Written.lost`` says how much was.

    Raises:
        InputError: the form cannot carry an example (the message says which forms can), a TSV cell would hold a tab or
            a line break, or the path's ending is not known.
        StorageError: the disk refused the file.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pairs.csv"
    ...     print(write_examples(path, [Example("q", ("a", "b"), (1.0, 0.0))], form_named("pairs")).rows)
    ...     print(path.read_text().splitlines())
    2
    ['query,document,label', 'q,a,1', 'q,b,0']
    """
    form, write = form or form_named("lists"), _kind(path)
    kept, lost = fitted(list(examples), form, lossy=lossy)
    with _opened(path) as out:
        rows = write(kept, form, out)
    return Written(Path(path), form.word, len(kept), rows, lost)


def write_split(folder: str | Path, train: Sequence[Example], dev: Sequence[Example]) -> list[Written]:
    """Write ``train.jsonl`` and ``dev.jsonl`` (lists) in a new folder, which appears whole or not at all.

    Raises:
        InputError: the folder is there already.
        StorageError: the disk refused it.
    """
    target = Path(folder)
    if target.exists():
        raise InputError(f"{target} is there already: name a folder that is not, or remove it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=target.parent, prefix=".tamis-split-"))
        try:
            written = [write_examples(made / f"{name}.jsonl", side) for name, side in (("train", train), ("dev", dev))]
            made.chmod(0o755)  # mkdtemp makes folders that nobody else may read
            made.rename(target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"{target}: could not be written: {error}") from error
    return [Written(target / one.path.name, one.form, one.queries, one.rows, one.lost) for one in written]


def fitted(examples: Sequence[Example], form: Form, *, lossy: bool = False) -> tuple[list[Example], dict[str, int]]:
    """The examples as a form can carry them, and how many lost what.

    Raises:
        InputError: the form cannot carry something and ``lossy`` is False.

    >>> fitted([Example("q", ("a",), (3.0,))], form_named("triplets"), lossy=True)[1]
    {'grades': 1}
    """
    kept, lost = list(examples), {}
    for trait in TRAITS:
        if trait.name not in form.carries:
            kept, lost[trait.name] = _without(kept, trait, form, lossy)
    if form.same_columns and not all(map(NO_NEGATIVE.holds, kept)):
        kept, lost[NO_NEGATIVE.name] = _without(kept, NO_NEGATIVE, form, lossy)
    return kept, {name: many for name, many in lost.items() if many}


def _without(examples: list[Example], trait: Trait, form: Form, lossy: bool) -> tuple[list[Example], int]:
    having = [example for example in examples if trait.holds(example)]
    if not having:
        return examples, 0
    if not lossy:
        able = [other.word for other in FORMS if trait.name in other.carries or not _refuses(other, trait)]
        raise InputError(
            f"{form.word} cannot carry it: {len(having)} of {len(examples)} queries {trait.says}, the first is "
            f"{having[0].query!r:.60}. Forms that can: {', '.join(able)}; or accept the loss (lossy): such queries are "
            f"{trait.loss}"
        )
    left = (trait.without(example) if trait.holds(example) else example for example in examples)
    return [example for example in left if example is not None], len(having)


def _refuses(form: Form, trait: Trait) -> bool:
    return form.same_columns if trait is NO_NEGATIVE else trait.name not in form.carries


def write_jsonl(examples: Sequence[Example], form: Form, out: IO[str]) -> int:
    """Write rows as JSON objects, one a line; gives their number."""
    rows = 0
    for cells in _rows(examples, form):
        out.write(json.dumps(cells, ensure_ascii=False, allow_nan=False) + "\n")
        rows += 1
    return rows


def write_csv(examples: Sequence[Example], form: Form, out: IO[str]) -> int:
    """Write rows as a table with commas, a header first and lists as JSON; gives their number."""
    return _write_table(examples, form, csv.writer(out, lineterminator="\n"))


def write_tsv(examples: Sequence[Example], form: Form, out: IO[str]) -> int:
    """As ``write_csv`` with tabs.

    Raises:
        InputError: a text holds a tab or line break, which readers of TSV understand differently.
    """
    return _write_table(examples, form, csv.writer(out, delimiter="\t", lineterminator="\n"), one_line=True)


def _rows(examples: Sequence[Example], form: Form) -> Iterator[Cells]:
    return (cells for example in examples for cells in form.rows(example))


def _write_table(examples: Sequence[Example], form: Form, table: Any, *, one_line: bool = False) -> int:
    # A table's rows all have the columns that any of them has, in the order in which they first occur.
    columns = dict.fromkeys(form.columns)
    for cells in _rows(examples, form):
        columns.update(dict.fromkeys(cells))
    table.writerow(columns)
    rows = 0
    for cells in _rows(examples, form):
        line = [_cell(cells.get(column, "")) for column in columns]
        if one_line and (broken := next((cell for cell in line if not _BREAKS.isdisjoint(str(cell))), None)):
            raise InputError(f"TSV cannot carry a text with a tab or line break, such as {broken!r:.60}: write .csv")
        table.writerow(line)
        rows += 1
    return rows


def _cell(value: Any) -> Any:
    """A value as a table's cell holds it: lists as JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False) if isinstance(value, list) else value


WRITERS: dict[str, RowWriter] = {".jsonl": write_jsonl, ".csv": write_csv, ".tsv": write_tsv}


def _kind(path: str | Path) -> RowWriter:
    name = Path(path).name.lower()
    ending = Path(name.removesuffix(".gz")).suffix
    if ending not in WRITERS:
        raise InputError(
            f"{path}: expected a name that ends in {', '.join(WRITERS)} (or that with .gz), got {ending or 'none'!r}"
        )
    return WRITERS[ending]


@contextmanager
def _opened(path: str | Path) -> Iterator[IO[str]]:
    with atomic_write_bytes(path) as file:
        # No time and no name in the gzip header: equal examples give equal bytes.
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if Path(path).name.lower().endswith(".gz") else file
        out = io.TextIOWrapper(packed, encoding="utf-8", newline="")
        yield out
        out.flush()
        out.detach()
        if packed is not file:
            packed.close()
