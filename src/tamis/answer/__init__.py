"""From a decision to an answer with checked citations, or an honest "I don't know".

What asks a language model is loaded when first used: an answer in the passages' own sentences does not wait for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tamis.answer.answer import Answer, Citation, Generator
from tamis.answer.extract import Extractive, ScoredSpan, relevant_spans

if TYPE_CHECKING:
    from tamis.answer.chat import Chat
    from tamis.answer.written import Written

_HOME = {"Chat": "tamis.answer.chat", "Written": "tamis.answer.written"}

__all__ = ["Answer", "Chat", "Citation", "Extractive", "Generator", "ScoredSpan", "Written", "relevant_spans"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tamis.answer' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value
