"""What is learned beside the threshold: difficulty, signals, queries without an answer."""
