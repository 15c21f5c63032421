"""After training: figures, the page of errors, curves, the model card, calibration and policy, the result."""

from tamis.train.after.card import Card, card_body, shown_base, shown_command, write_card
from tamis.train.after.curves import read_log, write_curves
from tamis.train.after.errors_page import errors_page
from tamis.train.after.figures import COLUMNS, Figures, means, measure
from tamis.train.after.ranked import DevSet, Ranked
from tamis.train.after.refit import Asked, Refit, refit
from tamis.train.after.result import Outcome, versions

__all__ = [
    "COLUMNS",
    "Asked",
    "Card",
    "DevSet",
    "Figures",
    "Outcome",
    "Ranked",
    "Refit",
    "card_body",
    "errors_page",
    "means",
    "measure",
    "read_log",
    "refit",
    "shown_base",
    "shown_command",
    "versions",
    "write_card",
    "write_curves",
]
