"""Repair of a corpus file: the repaired corpus in the same form, and a listing of all repairs that undoes it."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tamis.core import Progress
from tamis.data.open import read_lines
from tamis.data.originals import Original, as_line, corpus_file, is_plain, read_originals
from tamis.data.rows import parse
from tamis.data.write import atomic_write_bytes
from tamis.errors import DataError, InputError
from tamis.text.repair import KINDS, Affected, Known, Mends, Repair, Repaired, Tally, repaired

LISTING, VERSION = "tamis-repairs", 1
CORPUS_WIDE = frozenset({"pages", "hyphens"})  # kinds that need to know the whole corpus first
REPORTS = 500  # documents between two words of progress


@dataclass(frozen=True, slots=True)
class RepairedCorpus:
    """What was written: the corpus, the listing of its repairs, and how much was affected."""

    path: Path
    listing: Path
    affected: Affected


def affected_corpus(path: str | Path, *, kinds: Sequence[Mends] = KINDS, progress: Progress | None = None) -> Affected:
    """How much of a corpus file (or a folder's corpus) is affected, one document at a time; nothing is written.

    Raises:
        DataError: the file cannot be read; with file, line and field.
    """
    tally = Tally(kinds)
    for _, done in _repaired(corpus_file(path), kinds, progress):
        if done:
            tally.add(done)
    return tally.affected()


def repair_corpus(
    path: str | Path,
    output: str | Path,
    *,
    listing: str | Path | None = None,
    kinds: Sequence[Mends] = KINDS,
    progress: Progress | None = None,
) -> RepairedCorpus:
    """Write a corpus file repaired, in the form it has; rows without a fault stay as they are, character for character.

    A document stays as it is where the form could not carry its repair: in a file of one document a line, where it
    would take several or none; in a table, where it has no column.

    Args:
        path: the corpus file, or a folder with one.
        output: where the repaired corpus goes; ``.gz`` compresses it.
        listing: where the repairs are listed, JSONL; beside ``output``, with ``.repairs.jsonl`` at the end of its name.
        kinds: which kinds of repair.
        progress: is told how many documents are done, in each of the two passes.

    Raises:
        DataError: the file cannot be read; with file, line and field.
        InputError: one of the files to write is the corpus itself, both are one, the name says another form than the
            corpus has, or the folder does not exist.
        StorageError: the disk refused a file.
    """
    source, output = corpus_file(path), Path(output)
    listed = Path(listing) if listing else beside(output)
    _check_apart(source, output, listed)
    if output.resolve() == listed.resolve():
        raise InputError(f"{output} cannot hold the corpus and the listing of its repairs: give two names")
    _check_form(source, output)
    tally = Tally(kinds)
    before, after = hashlib.sha256(), hashlib.sha256()
    with written(listed) as lines, written(output) as out:
        _say(lines, {"kind": LISTING, "version": VERSION, "kinds": [kind.name for kind in kinds]})
        for at, (original, done) in enumerate(_repaired(source, kinds, progress)):
            now = original.changed(done.document) if done else original
            if done:
                tally.add(done)
            if done and done.repairs:
                _say(lines, _row(at, original, done, now))
            out.write(now.raw)
            before.update(_bytes(original.raw))
            after.update(_bytes(now.raw))
        _say(lines, {"end": True, "before": before.hexdigest(), "after": after.hexdigest()})
    return RepairedCorpus(output, listed, tally.affected())


def undo_corpus(
    path: str | Path, output: str | Path, *, listing: str | Path | None = None, progress: Progress | None = None
) -> int:
    """Write the corpus as it was before its repair, character for character; returns how many documents were changed.

    Args:
        path: the repaired corpus file, or a folder with one.
        output: where the original goes.
        listing: the repairs; the file that ``repair_corpus`` wrote beside the corpus.
        progress: is told how many documents are done.

    Raises:
        DataError: the listing is missing, damaged or of another corpus, or the corpus was changed since.
        InputError: the file to write is one of those read, or its folder does not exist.
        StorageError: the disk refused the file.
    """
    path, output = corpus_file(path), Path(output)
    listed = Path(listing) if listing else beside(path)
    _check_apart(path, output)
    _check_apart(listed, output)
    rows = _Listing(listed)
    before, after = hashlib.sha256(), hashlib.sha256()
    with written(output) as out:
        for at, original in enumerate(read_originals(path)):
            text = rows.original(at, original)
            out.write(text)
            before.update(_bytes(text))
            after.update(_bytes(original.raw))
            if progress and not at % REPORTS:
                progress(at, None)
        rows.check_end(before.hexdigest(), after.hexdigest(), path)
    return rows.count


def beside(path: str | Path) -> Path:
    """Where the repairs of a corpus are listed unless said otherwise.

    >>> beside("fixed.jsonl.gz").name
    'fixed.jsonl.gz.repairs.jsonl'
    """
    return Path(path).with_name(Path(path).name + ".repairs.jsonl")


@contextmanager
def written(path: Path) -> Iterator[IO[str]]:
    """A text stream that becomes the file at the end, whole or not at all; compressed where its name ends in .gz."""
    with atomic_write_bytes(path) as file:
        packed = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.name.lower().endswith(".gz") else file
        out = io.TextIOWrapper(packed, encoding="utf-8", errors="surrogatepass", newline="")
        yield out
        out.flush()
        out.detach()
        if packed is not file:
            packed.close()


def _repaired(
    source: Path, kinds: Sequence[Mends], progress: Progress | None
) -> Iterator[tuple[Original, Repaired | None]]:
    """Each stretch of the file with its document's repairs; the file is read twice where a kind needs that."""
    if str(source) == "-":
        raise InputError("a corpus is read twice, which standard input cannot be: give a file")
    known = Known()
    if CORPUS_WIDE.intersection(kind.name for kind in kinds):
        documents = (original.document for original in read_originals(source) if original.document)
        known = Known.of(documents, progress=progress)
    for at, original in enumerate(read_originals(source)):
        done = repaired(original.document, kinds=kinds, known=known) if original.document else None
        if done and done.repairs and not original.can_hold(done.document):
            done = Repaired(original.document or done.document)
        yield original, done
        if progress and not at % REPORTS:
            progress(at, None)


def _row(at: int, original: Original, done: Repaired, now: Original) -> dict[str, Any]:
    """A document's repairs; the row's own text too, where its values written anew would not give it."""
    row: dict[str, Any] = {"at": at, "id": done.document.id, "repairs": [repair.as_json() for repair in done.repairs]}
    again = now.changed(original.document) if original.document else original
    return row if again.raw == original.raw else {**row, "raw": original.raw}


class _Listing:
    """The listing of a corpus' repairs, read row by row beside the corpus.

    Attributes:
        count: rows that were undone.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.count, self._line = path, 0, 0
        self._lines = read_lines(path)
        head = self._next()
        if head.get("kind") != LISTING or head.get("version") != VERSION:
            raise self._error(f"expected a listing of repairs ({LISTING}, version {VERSION}), got {head!r:.80}")
        self._row = self._next()

    def original(self, at: int, now: Original) -> str:
        """The text of a stretch as it was before the repair."""
        row = self._row
        if row.get("at") != at:
            return now.raw
        if now.document is None or now.document.id != row.get("id"):
            raise self._error(f"is not about this corpus: expected document {row.get('id')!r} at row {at}")
        try:
            repairs = tuple(Repair.from_json(one) for one in row.get("repairs", ()))
            document = Repaired(now.document, repairs).undo()
        except InputError as error:
            raise self._error(str(error)) from error
        self.count += 1
        self._row = self._next()
        raw = row.get("raw")
        return raw if isinstance(raw, str) else now.changed(document).raw

    def check_end(self, before: str, after: str, path: Path) -> None:
        """Hold what was read and written against the listing's digests."""
        if not self._row.get("end"):
            raise self._error(f"lists repairs of rows that {path} does not have")
        if self._row.get("after") != after:
            raise DataError("was changed since it was repaired, so that it cannot be taken back", path=path)
        if self._row.get("before") != before:
            raise self._error("was changed: its repairs do not give the corpus it was made from")

    def _next(self) -> dict[str, Any]:
        line = next(self._lines, "")
        self._line += 1
        if not line.endswith("\n"):
            raise self._error("ends too early: it was cut off")
        row = parse(line, str(self.path), self._line)
        if not isinstance(row, dict):
            raise self._error(f"expected a JSON object, got {row!r:.60}")
        return row

    def _error(self, message: str) -> DataError:
        return DataError(message, path=self.path, line=self._line)


def _say(out: IO[str], row: dict[str, Any]) -> None:
    out.write(as_line(row) + "\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _check_apart(source: Path, *outputs: Path) -> None:
    for output in outputs:
        if output.resolve() == source.resolve():
            raise InputError(f"{output} is read: write to another file")


def _check_form(source: Path, output: Path) -> None:
    """A name that ends in .txt would have rows read as texts, and not taken back."""
    first = next(read_originals(source), None)
    if first and not first.lines_only and is_plain(output.name):
        raise InputError(f"{output} would hold rows, not one document a line: give it the ending of {source.name}")
