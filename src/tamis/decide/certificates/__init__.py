"""Thresholds with a promise: certificates, refusals, and which pairs to label next."""
