"""From a file with labels to everything that a threshold is decided by: what it holds, what is wanted, the study."""

from tamis.thresholds.contents import EXAMPLE, Contents, contents
from tamis.thresholds.goals import GOALS, Goal, goal
from tamis.thresholds.study import Study, studied, threshold_work

__all__ = ["EXAMPLE", "GOALS", "Contents", "Goal", "Study", "contents", "goal", "studied", "threshold_work"]
