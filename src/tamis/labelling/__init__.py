"""Labelling: the pairs that decide a promise are drawn, shown to people, and what they say becomes labelled scores."""

from tamis.labelling.contents import Contents, contents
from tamis.labelling.folder import Charter
from tamis.labelling.guide import Guide
from tamis.labelling.log import Entry
from tamis.labelling.outlook import Outlook
from tamis.labelling.pool import Item, has_scores, read_pairs
from tamis.labelling.project import Project
from tamis.labelling.results import Exported
from tamis.labelling.rounds import Round
from tamis.labelling.shelf import Shared, Shelf, shelf_of
from tamis.labelling.standing import Standing, Worker
from tamis.labelling.work import Founder, Order, label_work

__all__ = [
    "Charter",
    "Contents",
    "Entry",
    "Exported",
    "Founder",
    "Guide",
    "Item",
    "Order",
    "Outlook",
    "Project",
    "Round",
    "Shared",
    "Shelf",
    "Standing",
    "Worker",
    "contents",
    "has_scores",
    "label_work",
    "read_pairs",
    "shelf_of",
]
