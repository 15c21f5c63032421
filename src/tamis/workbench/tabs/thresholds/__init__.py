"""The tab that chooses a threshold from labelled scores."""

from tamis.workbench.tabs.thresholds.tab import fill

__all__ = ["fill"]
