"""The tab that scores whole files."""

from tamis.workbench.tabs.batch.tab import fill

__all__ = ["fill"]
