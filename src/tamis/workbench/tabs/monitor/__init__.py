"""The tab that watches what decides."""

from tamis.workbench.tabs.monitor.tab import fill

__all__ = ["fill"]
