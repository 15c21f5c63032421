"""Training: from labels to a better model."""
