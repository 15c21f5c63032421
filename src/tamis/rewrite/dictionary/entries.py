"""The entries of a dictionary of terms, and how its TSV file is read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from tamis.data.open import Source, name_of, read_lines
from tamis.errors import DataError
from tamis.text import clean
from tamis.text.words import aligned

EntryKind: TypeAlias = Literal["entity", "abbreviation", "term", "synonym", "protect"]

KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
ONE_WAY = ("entity", "abbreviation", "term")  # from -> to, and never back
COLUMNS = ("kind", "from", "to", "context")
COMMENT = "#"
CONTEXT_MARK = "|"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a dictionary.

    Attributes:
        kind: what it says: see ``tamis.rewrite.dictionary.terms``.
        source: what may stand in a query.
        target: what may stand in its place; empty for ``"protect"``.
        context: words of which one must stand in the query, too; none where the entry always holds.
        line: the line of the file it was read from; no part of its value.
    """

    kind: EntryKind
    source: str
    target: str = ""
    context: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def one_way(self) -> bool:
        """Whether what is replaced is never put back."""
        return self.kind in ONE_WAY

    @property
    def key(self) -> str:
        """What may stand in a query, as matching sees it."""
        return aligned(self.source)

    @property
    def goal(self) -> str:
        """What may stand in its place, as matching sees it."""
        return aligned(self.target)

    def as_row(self) -> list[str]:
        """The entry's cells, as in a file."""
        return [self.kind, self.source, self.target, CONTEXT_MARK.join(self.context)]


def read_entries(source: Source) -> tuple[Entry, ...]:
    r"""The entries of a TSV file, in its order; blank lines, lines that begin with ``#`` and a header are skipped.

    Raises:
        DataError: a row has another number of cells, an unknown kind or an empty cell, says what another row denies,
            or entries lead in a circle; with file, line and field.

    >>> import io
    >>> read_entries(io.StringIO("abbreviation\tk8s\tKubernetes\n"))[0].as_row()
    ['abbreviation', 'k8s', 'Kubernetes', '']
    """
    path = name_of(source)
    entries = [_entry(cells, path, line) for line, cells in _rows(source)]
    _check_doubles(entries, path)
    if circle := circle_in(entries):
        last = max(circle, key=lambda entry: entry.line)
        way = " -> ".join([*(entry.source for entry in circle), circle[0].source])
        raise DataError(f"entries lead in a circle: {way}; leave one out", path=path, line=last.line, field="to")
    return tuple(entries)


def circle_in(entries: Iterable[Entry]) -> list[Entry]:
    """One-way entries each of which leads to the next, and the last to the first; empty where there are none."""
    ways = [entry for entry in entries if entry.one_way]
    while len(onward := _leading_on(ways)) < len(ways):
        ways = onward
    if not ways:
        return []
    following = {entry.key: entry for entry in reversed(ways)}
    path = {ways[0].key: ways[0]}
    while (entry := following[next(reversed(path.values())).goal]).key not in path:
        path[entry.key] = entry
    keys = list(path)
    return [path[key] for key in keys[keys.index(entry.key) :]]


def _leading_on(ways: Sequence[Entry]) -> list[Entry]:
    """The entries whose target is itself replaced."""
    keys = {entry.key for entry in ways}
    return [entry for entry in ways if entry.goal in keys]


def clash(one: Entry, other: Entry) -> bool:
    """Whether two entries say different things of the same words in the same context, or the same thing twice."""
    if one.kind == other.kind == "synonym":
        return {one.key, one.goal} == {other.key, other.goal}
    if one.key != other.key or "synonym" in (one.kind, other.kind):
        return False
    if "protect" in (one.kind, other.kind):
        return True
    if not one.context or not other.context:
        return one.context == other.context
    return not {aligned(word) for word in one.context}.isdisjoint(aligned(word) for word in other.context)


def _rows(source: Source) -> Iterator[tuple[int, list[str]]]:
    first = True
    for line, text in enumerate(read_lines(source), start=1):
        cells = [clean(cell).strip() for cell in text.rstrip("\r\n").split("\t")]
        if not any(cells) or cells[0].startswith(COMMENT):
            continue
        if not first or tuple(cell.lower() for cell in cells) not in (COLUMNS[:3], COLUMNS):
            yield line, cells
        first = False


def _entry(cells: list[str], path: str, line: int) -> Entry:
    while len(cells) > 1 and not cells[-1]:
        cells = cells[:-1]
    if len(cells) == 1:
        raise DataError("expected cells with tabs between them, got one cell: are these spaces?", path=path, line=line)
    kind = _kind(cells[0], path, line)
    least, most = (2, 2) if kind == "protect" else (3, 4)
    if len(cells) > most:
        what = "kind and from" if kind == "protect" else "kind, from, to and perhaps context"
        raise DataError(f"expected the cells {what}, got {len(cells)} cells", path=path, line=line)
    cells += [""] * (4 - len(cells))
    for name, cell in zip(COLUMNS[1:least], cells[1:least], strict=True):
        if not cell:
            raise DataError("expected a word or more, got an empty cell", path=path, line=line, field=name)
    entry = Entry(kind, cells[1], cells[2], _context(cells[3], path, line), line)
    if entry.key == entry.goal:
        raise DataError(f"{entry.source!r} stands for itself: leave the row out", path=path, line=line, field="to")
    return entry


def _kind(cell: str, path: str, line: int) -> EntryKind:
    for kind in KINDS:
        if cell.lower() == kind:
            return kind
    near = difflib.get_close_matches(cell.lower(), KINDS, 1)
    advice = f". Did you mean {near[0]!r}?" if near else ""
    raise DataError(f"expected {', '.join(KINDS)}, got {cell!r:.60}{advice}", path=path, line=line, field="kind")


def _context(cell: str, path: str, line: int) -> tuple[str, ...]:
    words = tuple(word.strip() for word in cell.split(CONTEXT_MARK)) if cell else ()
    if not all(words):
        what = f"expected words with {CONTEXT_MARK!r} between them, got {cell!r:.60}"
        raise DataError(what, path=path, line=line, field="context")
    return words


def _check_doubles(entries: Sequence[Entry], path: str) -> None:
    seen: dict[str, list[Entry]] = {}
    for entry in entries:
        keys = {entry.key, entry.goal} if entry.kind == "synonym" else {entry.key}
        for other in (other for key in keys for other in seen.get(key, ())):
            if clash(entry, other):
                said = f"{other.target!r}" if other.target else "protected"
                raise DataError(
                    f"{entry.source!r} is {said} on line {other.line} already: leave one out, or give each words of "
                    "context of its own",
                    path=path,
                    line=entry.line,
                    field="from",
                )
        for key in keys:
            seen.setdefault(key, []).append(entry)
