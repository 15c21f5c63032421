"""Rewriting by a language model: what it is asked, what is taken from it, what is remembered."""

from tamis.rewrite.model.cache import Cache
from tamis.rewrite.model.llm import Llm

__all__ = ["Cache", "Llm"]
