"""The policy: what is shown, why the rest is not, and the file that carries it."""
