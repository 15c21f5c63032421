"""Thresholds without a promise: every threshold at once, targets, and what a choice really does."""
