"""Tables of comparisons: difference with its interval, what could be detected, p-values, wins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tamis.cli import show

if TYPE_CHECKING:
    from rich.table import Table

    from tamis.evaluate import Difference

COLUMNS = ("difference (95 %)", "p", "Holm", "w/l/t")
SEEN = "seen"


def differences_table(title: str, what: str, tests: Iterable[tuple[str, Difference]], *, seen: bool = True) -> Table:
    """A table of comparisons, one a line; a star marks what is below 0.05 after Holm's correction.

    Args:
        title: of the table.
        what: heading of the first column.
        tests: what each line is called, and the comparison.
        seen: whether the least true difference that would be seen in 80 % of cases stands there, too.
    """
    shown = show.table(title, what, *COLUMNS, *([SEEN] if seen else []))
    shown.columns[0].justify = "left"
    for name, test in tests:
        one = test.paired
        least = "-" if test.detectable is None else _short(test.detectable, 3, "")
        shown.add_row(
            show.printable(name),
            f"{_short(one.difference)} ({_short(one.low)}, {_short(one.high)})",
            _chance(one.p_value),
            f"{_chance(test.adjusted)}{'*' if test.significant else ' '}",
            f"{one.wins}/{one.losses}/{one.ties}",
            *([least] if seen else []),
        )
    return shown


def _chance(p: float) -> str:
    """A p-value.

    >>> _chance(0.0123), _chance(1e-7), _chance(1.0)
    ('.0123', '<.0001', '1')
    """
    return "<.0001" if p < 0.00005 else "1" if p > 0.99995 else _short(p, 4, "")


def _short(value: float, digits: int = 3, sign: str = "+") -> str:
    """A number below 1 without the 0 before its point, so that a table fits 80 columns.

    >>> _short(0.1034), _short(-0.05, 2), _short(1.0, 2, "")
    ('+.103', '-.05', '1.00')
    """
    text = f"{value:{sign}.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 and not text.strip("+-").startswith("1") else text
