"""Maps from scores to probabilities: one class a map."""
