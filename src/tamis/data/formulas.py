"""Cells that a spreadsheet would run as formulas, and how they are kept from that."""

from __future__ import annotations

import re

# "CSV Injection" of OWASP, and NUL from its ASVS 1.2.10. A line break and the wide forms, which spreadsheets may take
# for the narrow ones, are our own caution.
STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "\n", "＝", "＋", "－", "＠")

_number = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][+-]?\d+)?%?")


def guarded(text: str) -> str:
    """A cell's text as a spreadsheet shows and does not run it: an apostrophe before what begins as a formula does.

    Plain numbers stay what they are, negative ones, too.

    >>> guarded("=1+1"), guarded("-0.5"), guarded("- a dash")
    ("'=1+1", '-0.5', "'- a dash")
    """
    return f"'{text}" if text.startswith(STARTS) and not _number.fullmatch(text) else text
