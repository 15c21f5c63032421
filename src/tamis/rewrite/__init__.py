"""Queries in other words: what a conversation means, standard terms, synonyms; each change named."""

from tamis.rewrite.base import Change, Rewriter, Variant, variant
from tamis.rewrite.given import Given
from tamis.rewrite.offline import Offline
from tamis.rewrite.terms import Terms

__all__ = ["Change", "Given", "Offline", "Rewriter", "Terms", "Variant", "variant"]
