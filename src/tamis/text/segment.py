"""Search tokens: what lexical search matches queries and documents by."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from tamis.text.normalise import normalise
from tamis.text.scripts import HAN, MARKS, UNSPACED, han_run, unspaced_run
from tamis.text.stopwords import CHINESE, ENGLISH

LONGEST = 64  # characters of one token; longer ones are encoded data, of which the beginning is kept

_LETTER = f"(?:[^\\W_{HAN}{UNSPACED}]|[{MARKS}])"
# A word, or a compound such as qwen3-reranker-0.6b, don't, a.b@c.org, 1,000.
_WORD = f"{_LETTER}+(?:[-_./+@,'’]{_LETTER}+)*"
_ascii_run = re.compile(r"[a-z0-9]+(?:[-_./+@,'][a-z0-9]+)*")
_run = re.compile(f"[{HAN}]+|[{UNSPACED}]+|{_WORD}")
_number = re.compile(r"\d+(?:[.,]\d+)+")
_part = re.compile(r"\d+(?:\.\d+)+[^\W_]*|[^-_./+@,]+")


def segment(text: str) -> list[str]:
    """The search tokens of a text in its order; queries and documents are cut the same way.

    English words are stemmed; a compound gives itself and its parts; Chinese is cut into dictionary words and the words
    inside them, with character bigrams where the dictionary knows no word; kana, Hangul, Thai and other scripts without
    spaces become character bigrams. Stop words go, unless there is nothing else. Thread-safe and deterministic.

    >>> segment("The Qwen3-Reranker-0.6B ranks documents")
    ['qwen3-reranker-0.6b', 'qwen3', 'rerank', '0.6b', 'rank', 'document']
    >>> segment("合同何时无效？")
    ['合同', '何时', '无效']
    >>> segment("to be or not to be")
    ['to', 'be', 'or', 'not', 'to', 'be']
    """
    text = normalise(text)
    runs = _ascii_run.findall(text) if text.isascii() else _run.findall(text)
    tokens = [token for run in runs for token in _cut(run)]
    return [t for t in tokens if t not in ENGLISH and t not in CHINESE] or tokens
