"""Rules for Chinese conversations."""

from tamis.rewrite.context.chinese.resolve import resolved

__all__ = ["resolved"]
