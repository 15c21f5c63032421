"""The report: a week of decisions, feedback and what was done, as one page."""

from tamis.observe.report.days import Day, Figure, by_day, window
from tamis.observe.report.page import page

__all__ = ["Day", "Figure", "by_day", "page", "window"]
