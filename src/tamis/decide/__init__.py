"""Decisions: thresholds with guarantees, the rules around them, and the policy that carries both."""
