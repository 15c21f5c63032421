"""Work that takes longer than anybody waits: begun, watched, stopped, and known for what it is after a restart."""

from tamis.jobs.job import Job, State
from tamis.jobs.jobs import Jobs
from tamis.jobs.program import Program
from tamis.jobs.task import Task, Work

__all__ = ["Job", "Jobs", "Program", "State", "Task", "Work"]
