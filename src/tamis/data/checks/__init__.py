"""A report on training data: what is there, what is wrong with it, and what leaks into another part."""

from tamis.data.checks.check import check
from tamis.data.checks.report import Finding, Lengths, Level, Place, Report

__all__ = ["Finding", "Lengths", "Level", "Place", "Report", "check"]
