"""Queries in other words: what a conversation means, standard terms, synonyms; each change named."""

from tamis.rewrite.base import Change, Rewriter, Variant, told, variant
from tamis.rewrite.dictionary import Terms
from tamis.rewrite.given import Given
from tamis.rewrite.model import Cache, Llm
from tamis.rewrite.offline import Offline
from tamis.rewrite.several import rewritten
from tamis.rewrite.turns import rewrite_file

__all__ = [
    "Cache",
    "Change",
    "Given",
    "Llm",
    "Offline",
    "Rewriter",
    "Terms",
    "Variant",
    "rewrite_file",
    "rewritten",
    "told",
    "variant",
]
