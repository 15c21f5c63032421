"""Labelling: the pairs that decide a promise are drawn, shown to people, and what they say becomes labelled scores."""

from tamis.labelling.folder import Charter
from tamis.labelling.guide import Guide
from tamis.labelling.log import Entry
from tamis.labelling.outlook import Outlook
from tamis.labelling.pool import Item, has_scores, read_pairs
from tamis.labelling.project import Project
from tamis.labelling.results import Exported
from tamis.labelling.rounds import Round
from tamis.labelling.standing import Standing, Worker

__all__ = [
    "Charter",
    "Entry",
    "Exported",
    "Guide",
    "Item",
    "Outlook",
    "Project",
    "Round",
    "Standing",
    "Worker",
    "has_scores",
    "read_pairs",
]
