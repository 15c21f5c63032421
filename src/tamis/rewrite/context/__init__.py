"""What a query means in its conversation: pronouns and omissions filled from earlier turns."""

from tamis.rewrite.context.resolve import resolved

__all__ = ["resolved"]
