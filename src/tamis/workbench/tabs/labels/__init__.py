"""The tab in which people label."""

from tamis.workbench.tabs.labels.tab import fill

__all__ = ["fill"]
