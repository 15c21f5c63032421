"""Rules for English conversations."""

from tamis.rewrite.context.english.resolve import resolved

__all__ = ["resolved"]
