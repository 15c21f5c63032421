"""Repair: every kind in its order, until nothing is left to mend; and how much of a corpus is affected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tamis.core import Document, Progress
from tamis.errors import InputError
from tamis.text.repair.characters import InTexts, apart, characters, spaces
from tamis.text.repair.hyphens import hyphens
from tamis.text.repair.joins import joins
from tamis.text.repair.known import NOTHING, REPORTS, Known
from tamis.text.repair.pages import pages
from tamis.text.repair.repaired import Mends, Repair, Repaired, mended
from tamis.text.repair.titles import CHINESE, ENGLISH, Titles, bare_title, heading, lone_title, titled_record

EXAMPLES = 3  # of a kind, in a report
EXCERPT = 60  # characters around an example

# In the order in which they mend: headers cut sentences, gaps look like tables, so that lines come after both.
KINDS: tuple[Mends, ...] = (
    InTexts("characters", characters),
    InTexts("pages", pages, ("text",)),
    InTexts("apart", apart),
    InTexts("spaces", spaces),
    InTexts("hyphens", hyphens),
    InTexts("lines", joins),
    Titles("records", titled_record, ENGLISH),
    Titles("titles", lone_title, ENGLISH),
)
# Kinds that must be asked for: sentences made of Chinese titles ranked worse (docs/benchmarks.md), and a short text
# without marks may as well be a reply in a chat as a heading.
ASKED: tuple[Mends, ...] = (
    Titles("titles-zh", bare_title, CHINESE),
    Titles("headings", heading, {**ENGLISH, **CHINESE}),
)
SAYS: Mapping[str, str] = {
    "characters": "control characters, ligatures, soft hyphens",
    "pages": "headers, footers, page numbers, page breaks",
    "apart": "Chinese characters that stand apart",
    "spaces": "several spaces between words",
    "hyphens": "words torn apart at line ends",
    "lines": "broken lines",
    "records": "titles beside a mere record (names, dates, numbers)",
    "titles": "titles without a text",
    "titles-zh": "Chinese titles without a text or beside a mere record",
    "headings": "texts that are only a heading",
}


def kinds_named(names: Sequence[str]) -> tuple[Mends, ...]:
    """The kinds of repair of these names, in the order in which they mend.

    Raises:
        InputError: there is no such kind.

    >>> [kind.name for kind in kinds_named(["lines", "hyphens"])]
    ['hyphens', 'lines']
    """
    if wrong := next((name for name in names if name not in SAYS), None):
        raise InputError(f"expected kinds of repair among {', '.join(SAYS)}, got {wrong!r}")
    return tuple(kind for kind in (*KINDS, *ASKED) if kind.name in names)


def repaired(document: Document, *, kinds: Sequence[Mends] = KINDS, known: Known = NOTHING) -> Repaired:
    r"""The document repaired, and its repairs, which ``undo`` takes back; repairing it again changes nothing.

    Args:
        document: what to repair.
        kinds: which kinds of repair, in order.
        known: what the document's corpus says of words and lines: ``Known.of(documents)``.

    >>> done = repaired(Document("d", "The sieve sepa-\nrates lumps from the\n\x0cPage 2\nflour."))
    >>> done.document.text
    'The sieve separates lumps from the flour.'
    >>> done.undo().text == "The sieve sepa-\nrates lumps from the\n\x0cPage 2\nflour."
    True
    """
    done: list[Repair] = []
    now = document
    changed = True
    while (
        changed
    ):  # ends: every repair leaves fewer faulty characters, line ends or spaces, or makes a title a sentence
        changed = False
        for kind in kinds:
            if faults := kind.faults(now, known):
                found = mended(now, kind.name, faults)
                now, changed = found.document, True
                done += found.repairs
    return Repaired(now, tuple(done))


@dataclass(frozen=True, slots=True)
class Example:
    """One repair that would be made: the document, the place, what stands around it, and what would."""

    id: str
    field: str
    start: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Affected:
    """How much of a corpus is affected.

    Attributes:
        documents: how many there are.
        affected: how many have at least one fault.
        kinds: how many have faults of each kind.
        repairs: how many repairs of each kind would be made.
        examples: the first few of each kind.
    """

    documents: int
    affected: int
    kinds: Mapping[str, int]
    repairs: Mapping[str, int]
    examples: Mapping[str, Sequence[Example]]

    def share(self, kind: str) -> float:
        """The share of the documents that have faults of a kind, 0 to 1."""
        return self.kinds[kind] / self.documents if self.documents else 0.0

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {**asdict(self), "shares": {kind: self.share(kind) for kind in self.kinds}}


class Tally:
    """Counts repairs, document by document, in bounded memory.

    >>> tally = Tally(KINDS)
    >>> tally.add(repaired(Document("d", "a\\x00b")))
    >>> tally.affected().kinds["characters"]
    1
    """

    def __init__(self, kinds: Sequence[Mends]) -> None:
        self._documents = self._affected = 0
        self._kinds = {kind.name: 0 for kind in kinds}
        self._repairs = dict(self._kinds)
        self._examples: dict[str, list[Example]] = {kind.name: [] for kind in kinds}

    def add(self, done: Repaired) -> None:
        """Count one document's repairs."""
        self._documents += 1
        if not done.repairs:
            return
        self._affected += 1
        for repair in done.repairs:
            self._repairs[repair.kind] += 1
        for kind in dict.fromkeys(repair.kind for repair in done.repairs):
            self._kinds[kind] += 1
            if len(self._examples[kind]) < EXAMPLES:
                self._examples[kind].append(_example(done, kind))

    def affected(self) -> Affected:
        """What was counted."""
        examples = {kind: tuple(found) for kind, found in self._examples.items()}
        return Affected(self._documents, self._affected, dict(self._kinds), dict(self._repairs), examples)


def affected(
    documents: Iterable[Document],
    *,
    kinds: Sequence[Mends] = KINDS,
    known: Known = NOTHING,
    progress: Progress | None = None,
) -> Affected:
    r"""How much of a corpus has faults of each kind; nothing is changed, and one document is held at a time.

    Args:
        documents: read once, in one pass.
        kinds: which kinds of repair.
        known: what a pass before this one found out about the corpus: ``Known.of(documents)``; without it, headers are
            found by the documents themselves.
        progress: is told how many documents are done.

    >>> affected([Document("a", "fine"), Document("b", "a \x07sieve")]).share("characters")
    0.5
    """
    tally = Tally(kinds)
    for done, document in enumerate(documents, 1):
        tally.add(repaired(document, kinds=kinds, known=known))
        if progress and not done % REPORTS:
            progress(done, None)
    return tally.affected()


def _example(done: Repaired, kind: str) -> Example:
    """The first repair of a kind with what stands around it when it was made."""
    at = next(i for i, repair in enumerate(done.repairs) if repair.kind == kind)
    after = Repaired(done.document, done.repairs[at + 1 :]).undo()
    before = Repaired(after, (done.repairs[at],)).undo()
    one = done.repairs[at]
    return Example(
        done.document.id, one.field, one.start, _around(before, one, one.before), _around(after, one, one.after)
    )


def _around(document: Document, repair: Repair, change: str) -> str:
    text = getattr(document, repair.field)
    start, end = max(0, repair.start - EXCERPT // 2), repair.start + len(change) + EXCERPT // 2
    return str(text[start:end])
