"""tamis where other libraries stood: one file a library, each with that library's own names and shapes."""
