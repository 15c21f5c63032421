"""The tab that trains."""

from tamis.workbench.tabs.training.tab import fill

__all__ = ["fill"]
