"""Networks of cross-encoders in PyTorch, over packed tokens: no padding, one row a sequence in the last layer."""
