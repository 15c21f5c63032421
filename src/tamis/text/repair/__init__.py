"""Repair: what extraction and catalogues do to texts, mended; every repair is listed and can be undone."""

from tamis.text.repair.known import Known
from tamis.text.repair.repair import KINDS, SAYS, Affected, Example, Tally, affected, kinds_named, repaired
from tamis.text.repair.repaired import Fault, Mends, Repair, Repaired
from tamis.text.repair.titles import Titles

__all__ = [
    "KINDS",
    "SAYS",
    "Affected",
    "Example",
    "Fault",
    "Known",
    "Mends",
    "Repair",
    "Repaired",
    "Tally",
    "Titles",
    "affected",
    "kinds_named",
    "repaired",
]
