"""What can be asked: one file a group of paths, each with a function ``router`` over the service."""
