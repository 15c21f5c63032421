"""Dictionaries of terms that users extend."""

from tamis.rewrite.dictionary.terms import Terms

__all__ = ["Terms"]
