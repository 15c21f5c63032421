"""The tabs, in their order: a name and what fills it, a row each."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tamis.workbench.desk import Desk
from tamis.workbench.tabs import batch, compare, labels, monitor, rewriting, sandbox, thresholds, training, work

__all__ = ["TABS"]

TABS: Mapping[str, Callable[[Desk], None]] = MappingProxyType(
    {
        "compare": compare.fill,
        "sandbox": sandbox.fill,
        "batch": batch.fill,
        "thresholds": thresholds.fill,
        "rewriting": rewriting.fill,
        "labels": labels.fill,
        "training": training.fill,
        "monitor": monitor.fill,
        "work": work.fill,
    }
)
