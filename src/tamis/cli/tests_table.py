"""Tables of comparisons: difference with its interval, what could be detected, p-values, wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tamis.cli import show

if TYPE_CHECKING:
    from rich.table import Table

    from tamis.evaluate import Tested

COLUMNS = ("difference (95 %)", "seen", "p", "Holm", "win/loss/tie")


def tests_table(title: str, what: str, tests: Iterable[tuple[str, Tested]]) -> Table:
    """A table of comparisons, one a line; ``seen`` is the least true difference that would be seen in 80 % of cases.

    Args:
        title: of the table.
        what: heading of the first column.
        tests: what each line is called, and the comparison.
    """
    shown = show.table(title, what, *COLUMNS)
    shown.columns[0].justify = "left"
    for name, test in tests:
        one = test.paired
        shown.add_row(
            show.printable(name),
            difference(test),
            "-" if test.detectable is None else f"{test.detectable:.3f}",
            f"{one.p_value:.4f}",
            f"{test.adjusted:.4f}{'*' if test.significant else ' '}",
            f"{one.wins}/{one.losses}/{one.ties}",
        )
    return shown


def parts_table(title: str, tests: Sequence[Tested], names: Mapping[str, str]) -> Table:
    """A table of the parts of the queries, a line each: the difference of every comparison that was made on it.

    Args:
        title: of the table.
        tests: those on parts.
        names: a column's heading by the comparison's name.
    """
    shown = show.table(title, "part", "queries", *names.values())
    shown.columns[0].justify = "left"
    for kind, part in dict.fromkeys((test.kind, test.part) for test in tests):
        row = {test.name: test for test in tests if (test.kind, test.part) == (kind, part)}
        cells = [f"{difference(row[name])}{'*' if row[name].significant else ' '}" for name in names]
        shown.add_row(f"{kind}: {part}", str(next(iter(row.values())).paired.queries), *cells)
    return shown


def difference(test: Tested) -> str:
    """A difference with its interval, such as ``+0.103 (+0.071 to +0.138)``."""
    one = test.paired
    return f"{one.difference:+.3f} ({one.low:+.3f} to {one.high:+.3f})"
