"""Losses over lists of scores, one module a family; ``forms`` knows them by name and imports without PyTorch."""
