"""Repair: what extraction and catalogues do to texts, mended; every repair is listed and can be undone."""

from tamis.text.repair.known import Known
from tamis.text.repair.repair import ASKED, KINDS, SAYS, Affected, Example, Tally, affected, kinds_named, repaired
from tamis.text.repair.repaired import Fault, Mends, Repair, Repaired
from tamis.text.repair.titles import CHINESE, ENGLISH, Templates, Titles, bare_title, heading, lone_title, titled_record

__all__ = [
    "ASKED",
    "CHINESE",
    "ENGLISH",
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
    "Templates",
    "Titles",
    "affected",
    "bare_title",
    "heading",
    "kinds_named",
    "lone_title",
    "repaired",
    "titled_record",
]
